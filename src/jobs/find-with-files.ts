import type { Repository } from 'typeorm';
import type { Run } from './run.entity.js';

/** A run and its files, which other queries leave out. */
export async function findWithFiles(runs: Repository<Run>, id: string): Promise<Run | null> {
  return runs.createQueryBuilder('run').addSelect('run.files').where('run.id = :id', { id }).getOne();
}

import type { Repository } from 'typeorm';
import type { StreamFiles } from './run-report.js';
import type { Run } from './run.entity.js';

/** A run and its files, which other queries leave out. */
export async function findWithFiles(runs: Repository<Run>, id: string): Promise<Run | null> {
  return runs.createQueryBuilder('run').addSelect('run.files').where('run.id = :id', { id }).getOne();
}

/** Files of each stream that the answer about a run lists. */
export const SHOWN_FILES = 1_000;

/** Cut by the database: ten thousand files are megabytes, and whoever follows a run asks many times a second. */
const FIRST = `(
  SELECT jsonb_agg(jsonb_build_object(
           'files', jsonb_path_query_array(part, '$.files[0 to $last]', :vars),
           'skipped', jsonb_path_query_array(part, '$.skipped[0 to $last]', :vars)) ORDER BY n)
    FROM jsonb_array_elements(run.files) WITH ORDINALITY AS s(part, n))`;

/** A run and the first `SHOWN_FILES` files of each stream. */
export async function findWithFirstFiles(runs: Repository<Run>, id: string): Promise<Run | null> {
  const { raw, entities } = await runs
    .createQueryBuilder('run')
    .addSelect(FIRST, 'first')
    .where('run.id = :id', { id, vars: JSON.stringify({ last: SHOWN_FILES - 1 }) })
    .getRawAndEntities<{ first: StreamFiles[] | null }>();
  const run = entities[0];
  return run ? Object.assign(run, { files: raw[0]!.first ?? [] }) : null;
}

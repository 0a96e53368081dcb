import { Injectable } from '@nestjs/common';
import { InjectRepository } from '@nestjs/typeorm';
import { InjectPinoLogger, PinoLogger } from 'nestjs-pino';
import { type Repository } from 'typeorm';
import { RunJournal } from './run-journal.js';
import type { Claim } from './run-queue.js';
import { Run } from './run.entity.js';

/** Opens the journals of runs that the queue handed out. */
@Injectable()
export class RunJournals {
  constructor(
    @InjectRepository(Run) private readonly runs: Repository<Run>,
    @InjectPinoLogger('Run') private readonly logger: PinoLogger,
  ) {}

  /**
   * Begins the next attempt of a run. A run that is still marked as running was held by a worker that died.
   * @returns null when the run is over already, and only the queue had not heard of it
   */
  async open({ runId, number }: Claim, worker: number): Promise<RunJournal | null> {
    const { affected } = await this.runs
      .createQueryBuilder()
      .update()
      .set({
        worker,
        claim: number,
        attempt: () => 'attempt + 1',
        deaths: () => `deaths + CASE WHEN state = 'running' THEN 1 ELSE 0 END`,
        startedAt: () => 'coalesce(started_at, now())',
        state: 'running',
      })
      .where('id = :runId AND state IN (:...open)', { runId, open: ['queued', 'running'] })
      .execute();
    const run = affected ? await this.runs.findOneBy({ id: runId }) : null;
    if (!run) return null;
    const fields = { runId, pipeline: run.pipeline, attempt: run.attempt };
    return new RunJournal(this.runs, run, this.logger.logger.child({ context: 'Run', ...fields }));
  }

  /** Of these ids, those of runs that are over, or that are not there at all. */
  async finished(ids: string[]): Promise<string[]> {
    const open = await this.runs
      .createQueryBuilder('run')
      .select('run.id', 'id')
      .where(`run.state IN ('queued', 'running')`)
      .getRawMany<{ id: string }>();
    const isOpen = new Set(open.map(({ id }) => id));
    return ids.filter((id) => !isOpen.has(id));
  }
}

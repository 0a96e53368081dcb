import { Injectable } from '@nestjs/common';
import { InjectRepository } from '@nestjs/typeorm';
import { In, type Repository } from 'typeorm';
import { RunJournal } from './run-journal.js';
import { RunLogs } from './run-logs.js';
import { RunMeter } from './run-meter.js';
import { RunMetrics } from './run-metrics.js';
import { RunNews } from './run-news.js';
import type { Claim } from './run-queue.js';
import type { RunState } from './run-report.js';
import { Run } from './run.entity.js';
import { findWithFiles } from './find-with-files.js';
import { updateRun } from './update-run.js';

const ENDS: RunState[] = ['succeeded', 'failed', 'cancelled'];

/** Opens the journals of runs that the queue handed out. */
@Injectable()
export class RunJournals {
  constructor(
    @InjectRepository(Run) private readonly runs: Repository<Run>,
    private readonly logs: RunLogs,
    private readonly metrics: RunMetrics,
    private readonly news: RunNews,
  ) {}

  /**
   * Begins the next attempt of a run. A run that is still marked as running was held by a worker that died.
   * @returns null when the run is over already, and only the queue had not heard of it
   */
  async open({ runId, number }: Claim, worker: number): Promise<RunJournal | null> {
    const begun = await updateRun(this.runs.manager, {
      where: { id: runId, state: In(['queued', 'running']) },
      changes: {
        worker,
        claim: number,
        attempt: () => 'attempt + 1',
        ...countDeath(worker),
        suspect: null,
        startedAt: () => 'coalesce(started_at, now())',
        state: 'running',
      },
      events: [{ type: 'state', data: { state: 'running' } }],
    });
    const run = begun && (await findWithFiles(this.runs, runId));
    if (!run) return null;
    const tell = () => this.news.tell(run.id);
    tell();
    return new RunJournal(this.runs, run, await this.logs.open(run), new RunMeter(this.metrics), tell);
  }

  /** The worker is done with the run, whatever became of it: closes its log, and counts it when this attempt ended it. */
  async close({ run, log, meter }: RunJournal): Promise<void> {
    const { id, attempt } = run;
    try {
      const ended = await this.runs.findOneBy({ id, attempt, state: In(ENDS) });
      if (ended) meter.end(ended);
    } catch (error) {
      log.warn({ err: error }, 'could not count the run in the metrics');
    }
    await this.logs.close(log);
  }

  /** Whether a run is still at work under this claim of this worker. */
  async isHeld({ runId, number }: Claim, worker: number): Promise<boolean> {
    return this.runs.existsBy({ id: runId, state: 'running', worker, claim: number });
  }
}

/**
 * A run that is marked as running was held by a worker that died, perhaps of the file that it was at; unless that worker
 * is this one, which could only not write down that it gave the run back.
 */
function countDeath(worker: number) {
  const died = `state = 'running' AND worker <> ${Math.trunc(worker)}`;
  return {
    deaths: () => `deaths + CASE WHEN ${died} THEN 1 ELSE 0 END`,
    suspects: () => `CASE WHEN ${died} AND suspect IS NOT NULL THEN suspects || jsonb_build_object(
      suspect->>'fingerprint', coalesce((suspects->>(suspect->>'fingerprint'))::int, 0) + 1) ELSE suspects END`,
  };
}

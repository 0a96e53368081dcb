import { randomUUID } from 'node:crypto';
import { Injectable, type OnApplicationBootstrap, type OnModuleDestroy } from '@nestjs/common';
import { TerminalError, TransientError } from '../errors.js';
import { Settings } from '../settings/settings.js';
import { retryTransient } from './retry.js';
import { RunFolder } from './run-folder.js';
import { type RunJournal, RunTakenOver } from './run-journal.js';
import { RunJournals } from './run-journals.js';
import { RunPipeline } from './run-pipeline.js';
import { type Claim, RunQueue } from './run-queue.js';
import type { RunError } from './run-report.js';
import { sweepLeftovers } from './sweep-leftovers.js';
import { lostServiceDatabase } from './service-database-lost.js';
import { shortOfResources } from './short-of-resources.js';
import { WorkerPresence } from './worker-presence.js';

/** A run that so many workers died of is not tried again: it may be what kills them. */
const MAX_DEATHS = 5;

/** Takes runs from the queue and brings each to an end. What is retried, and how a run fails, is decided here only. */
@Injectable()
export class RunWorker implements OnApplicationBootstrap, OnModuleDestroy {
  private readonly stopping = new AbortController();

  constructor(
    private readonly queue: RunQueue,
    private readonly presence: WorkerPresence,
    private readonly journals: RunJournals,
    private readonly pipeline: RunPipeline,
    private readonly settings: Settings,
  ) {}

  async onApplicationBootstrap(): Promise<void> {
    await sweepLeftovers(this.settings.home, (ids) => this.journals.finished(ids));
    await this.queue.work((claim) => this.take(claim));
  }

  /** Aborts the runs under way and waits for them; they stay in the queue and go on from their last finished step. */
  async onModuleDestroy(): Promise<void> {
    this.stopping.abort(new Error('the service is stopping'));
    await this.queue.stopWork();
  }

  private async take(claim: Claim): Promise<void> {
    this.stopping.signal.throwIfAborted();
    const journal = await this.journals.open(claim, await this.presence.key());
    if (!journal) return;
    const signal = AbortSignal.any([claim.signal, this.stopping.signal]);
    try {
      await this.run(journal, signal);
    } catch (error) {
      await this.settle(journal, claim, error);
    }
  }

  private async run(journal: RunJournal, signal: AbortSignal): Promise<void> {
    const { run, log } = journal;
    log.info({ trigger: run.trigger, configVersion: run.configVersion, deaths: run.deaths }, 'run begins');
    if (run.deaths >= MAX_DEATHS) throw new WorkersLost(run.deaths);
    const work = async (attempt: number) => {
      if (attempt > 1) await journal.nextAttempt();
      await this.pipeline.walk(journal, signal).catch((error: unknown) => {
        throw lostServiceDatabase(error) ?? shortOfResources(error) ?? error;
      });
      await journal.succeed();
    };
    await retryTransient(work, {
      signal,
      onRetry: (error, attempt, waitMs) => log.warn({ err: error, attempt, waitMs }, 'will try again'),
    });
    log.info('run succeeded');
    await this.clean(journal);
  }

  private async settle(journal: RunJournal, claim: Claim, error: unknown): Promise<void> {
    const { log } = journal;
    if (error instanceof RunTakenOver || claim.signal.aborted) {
      log.warn('another worker took the run over');
      return;
    }
    if (this.stopping.signal.aborted) {
      await journal.handBack();
      log.info('run handed back to the queue');
      throw error;
    }
    await journal.fail(this.describe(error, journal), error instanceof TransientError);
    await this.clean(journal);
  }

  /** What the run's users may know of the error; one that nobody foresaw is for the log only. */
  private describe(error: unknown, { log }: RunJournal): RunError {
    if (error instanceof TerminalError || error instanceof TransientError) {
      const { code, message, details } = error;
      log.error({ err: error }, 'run failed');
      return { code, message, details };
    }
    const correlationId = randomUUID();
    log.error({ err: error, correlationId }, 'run failed for a reason that nobody foresaw');
    return {
      code: 'INTERNAL',
      message: `internal error; the log tells more under ${correlationId}`,
      details: [],
    };
  }

  private async clean({ run, log }: RunJournal): Promise<void> {
    await new RunFolder(this.settings.home, run.id).remove().catch((error: unknown) => {
      log.warn({ err: error }, 'could not remove the folder of the run; the next start will');
    });
  }
}

/** Every worker that took the run died of it, or so it looks. */
class WorkersLost extends TerminalError {
  constructor(deaths: number) {
    super('WORKERS_LOST', `the run was given up: ${deaths} workers died while they were at it`);
  }
}

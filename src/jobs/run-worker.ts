import { setTimeout as delay } from 'node:timers/promises';
import { Injectable, type OnApplicationBootstrap, type OnModuleDestroy } from '@nestjs/common';
import { TransientError } from '../errors.js';
import { CancelWatch } from './cancel-watch.js';
import { describeFailure } from './describe-failure.js';
import { RunAttempts } from './run-attempts.js';
import { type RunJournal, RunTakenOver } from './run-journal.js';
import { RunJournals } from './run-journals.js';
import { type Claim, RunQueue } from './run-queue.js';
import { RunCancelled, toRunSignals } from './run-signals.js';
import { WorkerPresence } from './worker-presence.js';

/** How long a load under way may go on when the service stops; then it is rolled back. */
const GRACE_MS = 20_000;

/** Takes runs from the queue and brings each to an end. How a run ends is decided here only. */
@Injectable()
export class RunWorker implements OnApplicationBootstrap, OnModuleDestroy {
  private readonly stopping = new AbortController();
  private readonly graceOver = new AbortController();

  constructor(
    private readonly queue: RunQueue,
    private readonly presence: WorkerPresence,
    private readonly journals: RunJournals,
    private readonly cancels: CancelWatch,
    private readonly attempts: RunAttempts,
  ) {}

  async onApplicationBootstrap(): Promise<void> {
    await this.queue.work((claim) => this.take(claim));
  }

  /**
   * Ends the runs under way and waits for them: a load may still end by itself for a while, everything else is left at
   * once. Runs that are not over stay in the queue and go on from their last finished step.
   */
  async onModuleDestroy(): Promise<void> {
    const reason = new Error('the service is stopping');
    this.stopping.abort(reason);
    const ended = new AbortController();
    const grace = delay(GRACE_MS, undefined, { signal: ended.signal }).then(
      () => this.graceOver.abort(reason),
      () => {},
    );
    await this.queue.stopWork();
    ended.abort();
    await grace;
  }

  private async take(claim: Claim): Promise<void> {
    this.stopping.signal.throwIfAborted();
    const journal = await this.journals.open(claim, await this.presence.key());
    if (!journal) return;
    const { run, log } = journal;
    const { trigger, configVersion, deaths } = run;
    const waitedMs = Date.now() - run.queuedAt.getTime();
    log.info({ stage: 'queue', trigger, configVersion, deaths, waitedMs }, 'run begins');
    const work = (cancel: AbortSignal) =>
      this.bringToEnd(journal, claim, cancel).catch((error: unknown) => this.settle(journal, claim, error));
    await this.cancels.during(run, work).finally(() => this.journals.close(journal));
  }

  private async bringToEnd(journal: RunJournal, claim: Claim, cancel: AbortSignal): Promise<void> {
    const stops = { stopping: this.stopping.signal, graceOver: this.graceOver.signal };
    await this.attempts.perform(journal, toRunSignals({ takenOver: claim.signal, ...stops, cancel }));
    journal.log.info(ended(journal), 'run succeeded');
    await this.attempts.clean(journal);
  }

  private async settle(journal: RunJournal, claim: Claim, error: unknown): Promise<void> {
    const { log } = journal;
    if (error instanceof RunTakenOver || claim.signal.aborted) {
      // A write whose answer was lost looks the same: then the run is still this worker's, and is to be handed out again.
      if (await this.journals.isHeld(claim, await this.presence.key())) throw error;
      log.warn({ stage: 'finish' }, 'another worker took the run over');
      return;
    }
    if (error instanceof RunCancelled) {
      await journal.cancel();
      log.info(ended(journal), 'run cancelled');
    } else if (this.stopping.signal.aborted) {
      await journal.handBack();
      log.info({ stage: 'queue' }, 'run handed back to the queue');
      throw error;
    } else {
      const known = describeFailure(error, 'run', { log, fields: ended(journal) });
      const { code, message, details } = known;
      await this.attempts.fail(journal, { code, message, details }, known instanceof TransientError);
    }
    await this.attempts.clean(journal);
  }
}

/** What the line about a run's end tells besides. */
function ended({ run }: RunJournal): object {
  return { stage: 'finish', durationMs: Date.now() - (run.startedAt ?? run.queuedAt).getTime() };
}

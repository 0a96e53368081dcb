import { setTimeout as delay } from 'node:timers/promises';
import { Injectable } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import { TerminalError } from '../errors.js';
import { Settings } from '../settings/settings.js';
import { foresee } from './describe-failure.js';
import { ReplayRejects } from './replay-rejects.js';
import { retryTransient } from '../retry.js';
import { RunFolder } from './run-folder.js';
import type { RunJournal } from './run-journal.js';
import { RunPipeline } from './run-pipeline.js';
import type { RunError } from './run-report.js';
import type { RunSignals } from './run-signals.js';
import { RunsService } from './runs.service.js';
import { unexplainedDeaths } from './set-aside-files.js';

/** A run that so many workers died of is not tried again: it may be what kills them. */
const MAX_DEATHS = 5;

/** Does a run's work, again where it failed for a passing reason, and writes down that it succeeded. */
@Injectable()
export class RunAttempts {
  constructor(
    private readonly pipeline: RunPipeline,
    private readonly replays: ReplayRejects,
    private readonly runs: RunsService,
    private readonly settings: Settings,
  ) {}

  /** Brings the run to success, or throws: of a cancelled run the signal's reason. */
  async perform(journal: RunJournal, signals: RunSignals): Promise<void> {
    const deaths = unexplainedDeaths(journal.run);
    if (deaths >= MAX_DEATHS) throw new WorkersLost(deaths);
    const work = async (attempt: number) => {
      if (attempt > 1) await journal.nextAttempt();
      await this.attempt(journal, signals).catch((error: unknown) => {
        throw foresee(error);
      });
    };
    const { log } = journal;
    await retryTransient(work, {
      signal: signals.uncancelled,
      onRetry: (error, attempt, waitMs) => log.warn({ err: error, attempt, waitMs }, 'will try again'),
      wait: (ms, signal) => waitUnlessCancelled(ms, signals.cancel, signal),
    });
  }

  /** What a run leaves on disk while it is at work. */
  async clean({ run, log }: RunJournal): Promise<void> {
    await new RunFolder(this.settings.home, run.id).remove().catch((error: unknown) => {
      log.warn({ err: error }, 'could not remove the folder of the run; the next sweep will');
    });
  }

  private async attempt(journal: RunJournal, signals: RunSignals): Promise<void> {
    const { replay } = journal.run;
    if (replay) await this.replays.walk(journal, replay, signals);
    else await this.pipeline.walk(journal, signals);
    while (!(await this.succeedUnlessAsked(journal, signals))) {
      if (await this.takeIn(journal, signals)) return;
    }
  }

  /** false when somebody asked for the run after it had looked: they may mean files that came since. */
  private async succeedUnlessAsked(journal: RunJournal, { cancel }: RunSignals): Promise<boolean> {
    const { id } = journal.run;
    return this.exclusively(journal, async (manager) => {
      if (!cancel.aborted && (await this.runs.wasAskedSince(id, manager))) return false;
      await journal.succeed(manager);
      return true;
    });
  }

  /**
   * Looks again for those who asked meanwhile; where there is something new, another run takes it in.
   * @returns whether the run is over with that
   */
  private async takeIn(journal: RunJournal, signals: RunSignals): Promise<boolean> {
    const lookedAt = await this.runs.now();
    if (await this.isAsBefore(journal, signals)) {
      await journal.lookedAgain(lookedAt);
      return false;
    }
    await this.exclusively(journal, async (manager) => {
      await journal.succeed(manager);
      await this.addNext(journal, manager);
    });
    return true;
  }

  private async isAsBefore(journal: RunJournal, { work, cancel, uncancelled }: RunSignals): Promise<boolean> {
    try {
      return await this.pipeline.isAsBefore(journal, work);
    } catch (error) {
      uncancelled.throwIfAborted();
      // What this run was about is loaded: whatever is wrong with the sources now is for the next one to say.
      journal.log.warn({ err: error }, 'could not look again for those who asked meanwhile');
      return cancel.aborted;
    }
  }

  /**
   * Writes down that the run failed, or that it was cancelled, where somebody had asked for that before; who asked for it after
   * it had looked gets another run.
   */
  async fail(journal: RunJournal, error: RunError, isPassing: boolean): Promise<void> {
    const { id } = journal.run;
    await this.exclusively(journal, async (manager) => {
      if (await this.runs.isToBeCancelled(id, manager)) return journal.cancel(manager);
      const wasAsked = await this.runs.wasAskedSince(id, manager);
      await journal.fail(error, isPassing, manager);
      if (wasAsked) await this.addNext(journal, manager);
    });
  }

  /** A transaction in which nobody else asks for the run, and which those hear of who follow it. */
  private async exclusively<T>(
    journal: RunJournal,
    work: (manager: EntityManager) => Promise<T>,
  ): Promise<T> {
    const result = await this.runs.exclusively(journal.run.pipeline, work);
    journal.tell();
    return result;
  }

  private async addNext({ run, log }: RunJournal, manager: EntityManager): Promise<void> {
    const { pipeline, configVersion } = run;
    const next = await this.runs.add({ pipeline, configVersion, trigger: 'manual' }, manager);
    log.info({ nextRunId: next.id }, 'somebody asked for a run after this one had looked; added another');
  }
}

/** A cancel ends the wait: the next attempt settles at once what became of the run. */
async function waitUnlessCancelled(ms: number, cancel: AbortSignal, signal?: AbortSignal): Promise<void> {
  const either = AbortSignal.any(signal ? [cancel, signal] : [cancel]);
  await delay(ms, undefined, { signal: either }).catch(() => signal?.throwIfAborted());
}

/** Every worker that took the run died of it, or so it looks. */
class WorkersLost extends TerminalError {
  constructor(deaths: number) {
    super('WORKERS_LOST', `the run was given up: ${deaths} workers died while they were at it`);
  }
}

import { Injectable, type OnApplicationBootstrap, type OnModuleDestroy } from '@nestjs/common';
import { SchedulerRegistry } from '@nestjs/schedule';
import { InjectPinoLogger, PinoLogger } from 'nestjs-pino';
import { TerminalError } from '../errors.js';
import { repeat, type Repetition } from './repeat.js';
import { RetentionSweep } from './retention-sweep.js';
import { SweepLock } from './sweep-lock.js';
import type { SweepFailure, SweepReport } from './sweep-report.js';

const MINUTE_MS = 60_000;
/** Also the time from the start to the first sweep. */
const ASK_MS = 5 * MINUTE_MS;
const AFTER_FAILURE_MS = 60 * MINUTE_MS;
const AFTER_SUCCESS_MS = 24 * 60 * MINUTE_MS;

/** Sweeps once a day, so that history, logs and rejects never fill a disk. Each process sweeps its own folders. */
@Injectable()
export class RetentionService implements OnApplicationBootstrap, OnModuleDestroy {
  private repetition: Repetition | null = null;
  private dueAt = 0;

  constructor(
    private readonly lock: SweepLock,
    private readonly retention: RetentionSweep,
    private readonly registry: SchedulerRegistry,
    @InjectPinoLogger(RetentionService.name) private readonly logger: PinoLogger,
  ) {}

  onApplicationBootstrap(): void {
    this.repetition = repeat(this.registry, 'retention', {
      everyMs: ASK_MS,
      work: (signal) => this.sweepWhenDue(signal),
      onError: (error) => this.logger.error({ err: error }, 'could not sweep what is old; will try again'),
    });
  }

  async onModuleDestroy(): Promise<void> {
    await this.repetition?.stop();
  }

  /**
   * Removes what is older or more than the settings keep.
   * @returns null while another process is at it
   */
  async sweep(signal = new AbortController().signal): Promise<SweepReport | null> {
    return this.lock.whileAlone(async () => {
      const started = performance.now();
      const report = await this.retention.sweep(signal);
      const { failures, ...removed } = report;
      for (const { what, error } of failures) this.logger.warn({ err: error, what }, 'could not sweep');
      const durationMs = Math.round(performance.now() - started);
      this.logger.info({ ...removed, failures: failures.length, durationMs }, 'swept what is old');
      return report;
    });
  }

  private async sweepWhenDue(signal: AbortSignal): Promise<void> {
    if (Date.now() < this.dueAt) return;
    this.dueAt = Date.now() + AFTER_FAILURE_MS;
    const report = await this.sweep(signal);
    // What another process sweeps are its own folders: this one's turn comes after it.
    if (!report) this.dueAt = 0;
    else if (report.failures.every(isFinal)) this.dueAt = Date.now() + AFTER_SUCCESS_MS;
  }
}

/** Trying again soon cannot help. */
function isFinal({ error }: SweepFailure): boolean {
  return error instanceof TerminalError;
}

import { Injectable, type OnApplicationBootstrap, type OnModuleDestroy } from '@nestjs/common';
import { SchedulerRegistry } from '@nestjs/schedule';
import { InjectPinoLogger, PinoLogger } from 'nestjs-pino';
import { repeat, type Repetition } from './repeat.js';
import { RunQueue } from './run-queue.js';
import { WorkerPresence } from './worker-presence.js';

const EVERY_MS = 1_000;

/**
 * Gives the runs of workers that died back to the queue, once they were missing in four looks, a second apart. The queue's own
 * heartbeats find a dead worker too, but later; they are what is left when a whole machine is gone and PostgreSQL has
 * not noticed that the connection is.
 */
@Injectable()
export class OrphanedRuns implements OnApplicationBootstrap, OnModuleDestroy {
  private repetition: Repetition | null = null;

  constructor(
    private readonly queue: RunQueue,
    private readonly presence: WorkerPresence,
    private readonly registry: SchedulerRegistry,
    @InjectPinoLogger(OrphanedRuns.name) private readonly logger: PinoLogger,
  ) {}

  async onApplicationBootstrap(): Promise<void> {
    await this.release();
    this.repetition = repeat(this.registry, 'orphaned runs', {
      everyMs: EVERY_MS,
      work: () => this.release(),
      onError: (error) => this.logger.error({ err: error }, 'could not look for the runs of dead workers'),
    });
  }

  async onModuleDestroy(): Promise<void> {
    await this.repetition?.stop();
  }

  private async release(): Promise<void> {
    for (const { id, claim } of await this.presence.orphans()) {
      this.logger.warn({ runId: id }, 'the worker of this run died; giving it back to the queue');
      await this.queue.release(id, claim);
    }
  }
}

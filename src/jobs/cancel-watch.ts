import { Injectable, type OnApplicationBootstrap, type OnModuleDestroy } from '@nestjs/common';
import { SchedulerRegistry } from '@nestjs/schedule';
import { InjectRepository } from '@nestjs/typeorm';
import { InjectPinoLogger, PinoLogger } from 'nestjs-pino';
import { In, IsNull, Not, type Repository } from 'typeorm';
import { repeat, type Repetition } from './repeat.js';
import { RunCancelled } from './run-signals.js';
import { Run } from './run.entity.js';

/** A cancel reaches a worker within this time, in whichever process somebody asked for it. */
const EVERY_MS = 500;

/** Tells the workers of this process which of their runs somebody has cancelled. */
@Injectable()
export class CancelWatch implements OnApplicationBootstrap, OnModuleDestroy {
  private readonly watched = new Map<string, AbortController>();
  private repetition: Repetition | null = null;

  constructor(
    @InjectRepository(Run) private readonly runs: Repository<Run>,
    private readonly registry: SchedulerRegistry,
    @InjectPinoLogger(CancelWatch.name) private readonly logger: PinoLogger,
  ) {}

  onApplicationBootstrap(): void {
    this.repetition = repeat(this.registry, 'cancelled runs', {
      everyMs: EVERY_MS,
      work: () => this.look(),
      onError: (error) => this.logger.error({ err: error }, 'could not look for cancelled runs'),
    });
  }

  async onModuleDestroy(): Promise<void> {
    await this.repetition?.stop();
  }

  /** Calls `work` with a signal that aborts when the run is cancelled, or was before. */
  async during<T>({ id, cancelAskedAt }: Run, work: (cancelled: AbortSignal) => Promise<T>): Promise<T> {
    const abort = new AbortController();
    if (cancelAskedAt) abort.abort(new RunCancelled(id));
    this.watched.set(id, abort);
    try {
      return await work(abort.signal);
    } finally {
      if (this.watched.get(id) === abort) this.watched.delete(id);
    }
  }

  private async look(): Promise<void> {
    const ids = [...this.watched].filter(([, { signal }]) => !signal.aborted).map(([id]) => id);
    if (ids.length === 0) return;
    const where = { id: In(ids), cancelAskedAt: Not(IsNull()) };
    const cancelled = await this.runs.find({ select: { id: true }, where });
    for (const { id } of cancelled) this.watched.get(id)?.abort(new RunCancelled(id));
  }
}

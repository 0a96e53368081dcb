import { Injectable, type OnApplicationBootstrap, type OnModuleDestroy } from '@nestjs/common';
import { SchedulerRegistry } from '@nestjs/schedule';
import { InjectRepository } from '@nestjs/typeorm';
import { InjectPinoLogger, PinoLogger } from 'nestjs-pino';
import { type EntityManager, type Repository } from 'typeorm';
import { TerminalError } from '../errors.js';
import { LookOut, type LookResult } from './look-out.js';
import { Monitor } from './monitor.entity.js';
import { repeat, type Repetition } from './repeat.js';

const TICK_MS = 1_000;

/** Looks side by side, so that a slow folder does not hold up the others. */
const LANES = 4;

/** Keeps the monitors, and has each looked at when its time has come, by one process however many there are. */
@Injectable()
export class MonitorsService implements OnApplicationBootstrap, OnModuleDestroy {
  private lanes: Repetition[] = [];
  private readonly underWay = new Set<string>();

  constructor(
    @InjectRepository(Monitor) private readonly monitors: Repository<Monitor>,
    private readonly lookOut: LookOut,
    private readonly registry: SchedulerRegistry,
    @InjectPinoLogger(MonitorsService.name) private readonly logger: PinoLogger,
  ) {}

  onApplicationBootstrap(): void {
    const options = {
      everyMs: TICK_MS,
      work: (signal: AbortSignal) => this.lookAtDue(signal),
      onError: (error: unknown) =>
        this.logger.error({ err: error }, 'could not look at the monitored pipelines'),
    };
    this.lanes = Array.from({ length: LANES }, (_, lane) =>
      repeat(this.registry, `monitors ${lane + 1}`, options),
    );
  }

  async onModuleDestroy(): Promise<void> {
    await Promise.all(this.lanes.map((lane) => lane.stop()));
  }

  async list(): Promise<Monitor[]> {
    return this.monitors.find({ order: { pipeline: 'ASC' } });
  }

  /** @throws TerminalError `MONITOR_NOT_FOUND` */
  async get(pipeline: string): Promise<Monitor> {
    return (await this.monitors.findOneBy({ pipeline })) ?? this.notFound(pipeline);
  }

  /** @throws TerminalError `MONITOR_NOT_FOUND` */
  async remove(pipeline: string): Promise<void> {
    const { affected } = await this.monitors.delete({ pipeline });
    if (!affected) this.notFound(pipeline);
  }

  /** Begins to monitor a pipeline, or sets its first look anew, inside the caller's transaction. */
  async begin(pipeline: string, everySeconds: number, manager: EntityManager): Promise<void> {
    const nextLookAt = new Date(Date.now() + everySeconds * 1_000);
    await manager.upsert(Monitor, { pipeline, everySeconds, nextLookAt }, ['pipeline']);
  }

  private async lookAtDue(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      const monitor = await this.claim();
      if (!monitor) return;
      this.underWay.add(monitor.pipeline);
      await this.look(monitor, signal).finally(() => this.underWay.delete(monitor.pipeline));
    }
  }

  /** Takes the monitor that has waited longest past its time and is not being looked at; its next look is then due one interval from now. */
  private async claim(): Promise<Monitor | null> {
    const claimed = await this.monitors
      .createQueryBuilder()
      .update()
      .set({ nextLookAt: () => `now() + every_seconds * interval '1 second'` })
      .where(
        `pipeline = (SELECT pipeline FROM millrace.monitors WHERE next_look_at <= now()
           AND NOT pipeline = ANY (:underWay) ORDER BY next_look_at LIMIT 1 FOR UPDATE SKIP LOCKED)`,
        { underWay: [...this.underWay] },
      )
      .returning('pipeline')
      .execute();
    const [row] = claimed.raw as { pipeline: string }[];
    return row ? this.monitors.findOneBy({ pipeline: row.pipeline }) : null;
  }

  private async look(monitor: Monitor, signal: AbortSignal): Promise<void> {
    const { pipeline } = monitor;
    const look = await this.lookOut.look(monitor, signal);
    if (look === null) {
      await this.monitors.delete({ pipeline });
      this.logger.info({ pipeline }, 'the newest config switches monitoring off');
      return;
    }
    await this.keep(pipeline, look);
    this.logger.debug({ pipeline, result: look.lastResult }, 'looked at a monitored pipeline');
  }

  private async keep(pipeline: string, { againInSeconds, ...look }: LookResult): Promise<void> {
    const again = `least(next_look_at, now() + :againInSeconds * interval '1 second')`;
    await this.monitors
      .createQueryBuilder()
      .update()
      .set({
        ...look,
        lastLookAt: new Date(),
        ...(againInSeconds === undefined ? {} : { nextLookAt: () => again }),
      })
      .where({ pipeline })
      .setParameters({ againInSeconds })
      .execute();
  }

  private notFound(pipeline: string): never {
    throw new TerminalError('MONITOR_NOT_FOUND', `expected a pipeline that is monitored, got "${pipeline}"`);
  }
}

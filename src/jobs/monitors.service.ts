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

/** A monitor as a look took it up. */
interface Claim {
  monitor: Monitor;
  /** Its next look as the claim set it, in the database's words, which have more digits than a Date. */
  due: string;
}

const IS_AS_CLAIMED = 'pipeline = :pipeline AND next_look_at::text = :due';

/** Nor has a look been kept that began later; whoever set the interval anew is not overruled either. */
const IS_NO_NEWER = `${IS_AS_CLAIMED} OR pipeline = :pipeline
  AND last_look_at IS NOT DISTINCT FROM CAST(:lastLookAt AS timestamptz) AND every_seconds = :claimedSeconds`;

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
      const claim = await this.claim();
      if (!claim) return;
      const { pipeline } = claim.monitor;
      this.underWay.add(pipeline);
      await this.look(claim, signal).finally(() => this.underWay.delete(pipeline));
    }
  }

  /** Takes the monitor that has waited longest past its time and is not being looked at; its next look is then due one interval from now. */
  private async claim(): Promise<Claim | null> {
    const claimed = await this.monitors
      .createQueryBuilder()
      .update()
      .set({ nextLookAt: () => `now() + every_seconds * interval '1 second'` })
      .where(
        `pipeline = (SELECT pipeline FROM millrace.monitors WHERE next_look_at <= now()
           AND NOT pipeline = ANY (:underWay) ORDER BY next_look_at LIMIT 1 FOR UPDATE SKIP LOCKED)`,
        { underWay: [...this.underWay] },
      )
      .returning('pipeline, next_look_at::text AS due')
      .execute();
    const [row] = claimed.raw as { pipeline: string; due: string }[];
    const monitor = row && (await this.monitors.findOneBy({ pipeline: row.pipeline }));
    return monitor ? { monitor, due: row.due } : null;
  }

  private async look(claim: Claim, signal: AbortSignal): Promise<void> {
    const { pipeline } = claim.monitor;
    const look = await this.lookOut.look(claim.monitor, signal);
    if (look === null) return this.switchOff(pipeline, claim.due);
    await this.keep(claim, look);
    this.logger.debug({ pipeline, result: look.lastResult }, 'looked at a monitored pipeline');
  }

  /** Unless somebody has begun it anew meanwhile. */
  private async switchOff(pipeline: string, due: string): Promise<void> {
    const isAsClaimed = this.monitors.createQueryBuilder().delete().where(IS_AS_CLAIMED, { pipeline, due });
    const { affected } = await isAsClaimed.execute();
    if (affected) this.logger.info({ pipeline }, 'the newest config leaves nothing to monitor');
  }

  private async keep({ monitor, due }: Claim, { againInSeconds, ...look }: LookResult): Promise<void> {
    const { pipeline, lastLookAt, everySeconds: claimedSeconds } = monitor;
    const again = `least(next_look_at, now() + :againInSeconds * interval '1 second')`;
    await this.monitors
      .createQueryBuilder()
      .update()
      .set({
        ...look,
        lastLookAt: new Date(),
        ...(againInSeconds === undefined ? {} : { nextLookAt: () => again }),
      })
      .where(IS_NO_NEWER, { pipeline, due, lastLookAt, claimedSeconds })
      .setParameters({ againInSeconds })
      .execute();
  }

  private notFound(pipeline: string): never {
    throw new TerminalError('MONITOR_NOT_FOUND', `expected a pipeline that is monitored, got "${pipeline}"`);
  }
}

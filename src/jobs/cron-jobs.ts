import { Injectable } from '@nestjs/common';
import { SchedulerRegistry } from '@nestjs/schedule';
import { CronJob } from 'cron';
import { InjectPinoLogger, PinoLogger } from 'nestjs-pino';
import { isClockSetBack } from './cron-time.js';
import { repeat, type Repetition } from './repeat.js';
import type { Schedule } from './schedule.entity.js';
import { SlotTime } from './slot-time.js';
import { Timetable } from './timetable.js';

/** How soon a process notices what another one has done to the schedules, and a slot that nobody has dealt with. */
const FOLLOW_MS = 10_000;

type Settle = (pipeline: string) => Promise<void>;

/** A schedule as this process knows it, and the first moment that it has not seen dealt with. */
interface Known {
  schedule: Schedule;
  timetable: Timetable;
  due: number;
}

/**
 * The cron jobs of this process in the SchedulerRegistry, one for each schedule, named `schedule:<pipeline>`. They decide
 * nothing: they only say when a schedule should be settled, rather too often than too seldom.
 */
@Injectable()
export class CronJobs {
  private readonly known = new Map<string, Known>();
  private readonly settling = new Map<string, Promise<void>>();
  private following: Repetition | null = null;
  /** How often a job was set or removed: a list that was loaded before that does not know of it. */
  private changes = 0;
  private settle: Settle = async () => {};

  constructor(
    private readonly registry: SchedulerRegistry,
    @InjectPinoLogger(CronJobs.name) private readonly logger: PinoLogger,
  ) {}

  /** Sets up a job for each schedule that `load` finds, now and again and again, and has those settled that are due. */
  async follow(load: () => Promise<Schedule[]>, settle: Settle): Promise<void> {
    this.settle = settle;
    const look = async () => {
      const before = this.changes;
      const schedules = await load();
      if (before === this.changes) this.adjust(schedules);
    };
    await look();
    this.following = repeat(this.registry, 'schedules', {
      everyMs: FOLLOW_MS,
      work: look,
      onError: (error) => this.logger.error({ err: error }, 'could not read the schedules'),
    });
  }

  /** Ends all jobs and waits for what they have under way. */
  async stop(): Promise<void> {
    await this.following?.stop();
    for (const pipeline of this.known.keys()) this.remove(pipeline);
    await Promise.all(this.settling.values());
  }

  /** Replaces the pipeline's job. */
  set(schedule: Schedule): void {
    const { pipeline, cron, timezone, lastSlot } = schedule;
    const timetable = new Timetable(cron, timezone);
    const job = CronJob.from({
      cronTime: cron,
      timeZone: timezone,
      onTick: () => this.fire(pipeline),
      waitForCompletion: true,
    });
    job.setTime(new SlotTime(cron, timezone));
    this.remove(pipeline);
    this.known.set(pipeline, { schedule, timetable, due: timetable.next(lastSlot.getTime()) });
    this.registry.addCronJob(jobName(pipeline), job);
    job.start();
  }

  remove(pipeline: string): void {
    this.changes += 1;
    if (this.known.delete(pipeline)) this.registry.deleteCronJob(jobName(pipeline));
  }

  private adjust(schedules: Schedule[]): void {
    const wanted = new Set(schedules.map(({ pipeline }) => pipeline));
    for (const pipeline of this.known.keys()) if (!wanted.has(pipeline)) this.remove(pipeline);
    for (const schedule of schedules) {
      const { pipeline } = schedule;
      try {
        if (this.isDue(schedule)) void this.fire(pipeline);
      } catch (error) {
        this.logger.error({ err: error, pipeline }, 'could not set up a schedule');
      }
    }
  }

  private isDue(schedule: Schedule): boolean {
    const { pipeline, cron, timezone, lastSlot } = schedule;
    const before = this.known.get(pipeline);
    if (before?.schedule.cron !== cron || before.schedule.timezone !== timezone) this.set(schedule);
    const known = this.known.get(pipeline)!;
    if (known.schedule.lastSlot.getTime() !== lastSlot.getTime()) {
      known.due = known.timetable.next(lastSlot.getTime());
    }
    known.schedule = schedule;
    return known.due <= Date.now() || isClockSetBack(lastSlot, new Date());
  }

  /** Joins the settling under way: one that waits long must not pile up others that wait as well. */
  private fire(pipeline: string): Promise<void> {
    const settling =
      this.settling.get(pipeline) ??
      this.settle(pipeline)
        .catch((error: unknown) => {
          this.logger.error({ err: error, pipeline }, 'could not settle a schedule; will try again');
        })
        .finally(() => this.settling.delete(pipeline));
    this.settling.set(pipeline, settling);
    return settling;
  }
}

function jobName(pipeline: string): string {
  return `schedule:${pipeline}`;
}

import { Injectable } from '@nestjs/common';
import { SchedulerRegistry } from '@nestjs/schedule';
import { CronJob } from 'cron';
import { InjectPinoLogger, PinoLogger } from 'nestjs-pino';
import { nextRun } from './cron-time.js';
import { repeat, type Repetition } from './repeat.js';
import type { Schedule } from './schedule.entity.js';

/** How soon a process notices what another one has done to the schedules. */
const FOLLOW_MS = 10_000;

type Tick = (schedule: Schedule, slot: Date) => Promise<void>;

/** The cron jobs of this process in the SchedulerRegistry, one for each schedule, named `schedule:<pipeline>`. */
@Injectable()
export class CronJobs {
  private readonly current = new Map<string, { schedule: Schedule; due: Date }>();
  private following: Repetition | null = null;
  private tick: Tick = async () => {};

  constructor(
    private readonly registry: SchedulerRegistry,
    @InjectPinoLogger(CronJobs.name) private readonly logger: PinoLogger,
  ) {}

  /** Sets up a job for each schedule that `load` finds, now and again and again. */
  async follow(load: () => Promise<Schedule[]>, tick: Tick): Promise<void> {
    this.tick = tick;
    const adjust = async () => this.adjust(await load());
    await adjust();
    this.following = repeat(this.registry, 'schedules', {
      everyMs: FOLLOW_MS,
      work: adjust,
      onError: (error) => this.logger.error({ err: error }, 'could not read the schedules'),
    });
  }

  async stop(): Promise<void> {
    await this.following?.stop();
    for (const pipeline of this.current.keys()) this.remove(pipeline);
  }

  /** Replaces the pipeline's job. */
  set(schedule: Schedule): void {
    const { pipeline, cron, timezone } = schedule;
    this.remove(pipeline);
    this.current.set(pipeline, { schedule, due: nextRun(cron, timezone, new Date()) });
    const onTick = () => this.fire(pipeline);
    const job = CronJob.from({
      cronTime: cron,
      timeZone: timezone,
      onTick,
      start: true,
      waitForCompletion: true,
    });
    this.registry.addCronJob(jobName(pipeline), job);
  }

  remove(pipeline: string): void {
    if (this.current.delete(pipeline)) this.registry.deleteCronJob(jobName(pipeline));
  }

  private adjust(schedules: Schedule[]): void {
    const wanted = new Set(schedules.map(({ pipeline }) => pipeline));
    for (const pipeline of this.current.keys()) if (!wanted.has(pipeline)) this.remove(pipeline);
    for (const schedule of schedules) {
      const { cron, timezone } = this.current.get(schedule.pipeline)?.schedule ?? {};
      if (cron !== schedule.cron || timezone !== schedule.timezone) this.set(schedule);
    }
  }

  /** The slot is what the schedule says, not what this process's clock says, so it is the same in all processes. */
  private async fire(pipeline: string): Promise<void> {
    const job = this.current.get(pipeline);
    if (!job) return;
    const slot = latestSlot(job.schedule, job.due, Date.now());
    job.due = nextRun(job.schedule.cron, job.schedule.timezone, slot);
    await this.tick(job.schedule, slot).catch((error: unknown) => {
      this.logger.error({ err: error, pipeline, slot }, 'could not add the run of a schedule');
    });
  }
}

/** A timer may come a little early, or, after the process was suspended, very late. */
function latestSlot({ cron, timezone }: Schedule, due: Date, now: number): Date {
  for (let slot = due; ;) {
    const next = nextRun(cron, timezone, slot);
    if (next.getTime() > now + 500) return slot;
    slot = next;
  }
}

function jobName(pipeline: string): string {
  return `schedule:${pipeline}`;
}

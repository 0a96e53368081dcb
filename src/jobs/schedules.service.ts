import { Injectable, type OnApplicationBootstrap, type OnModuleDestroy } from '@nestjs/common';
import { InjectRepository } from '@nestjs/typeorm';
import { type Repository } from 'typeorm';
import { TerminalError } from '../errors.js';
import { CronJobs } from './cron-jobs.js';
import { checkSchedule, nextRun } from './cron-time.js';
import { PipelinesService } from './pipelines.service.js';
import { retryTransient } from './retry.js';
import { Run } from './run.entity.js';
import { RunsService } from './runs.service.js';
import { Schedule } from './schedule.entity.js';
import { lostServiceDatabase } from './service-database-lost.js';

export interface ScheduleRequest {
  pipeline?: string;
  cron: string;
  timezone: string;
}

/** A schedule and when it comes next. */
export interface Scheduled {
  pipeline: string;
  cron: string;
  timezone: string;
  createdAt: Date;
  nextRunAt: Date;
}

/** Keeps the schedules: the table says what they are, the cron jobs of every process follow it. */
@Injectable()
export class SchedulesService implements OnApplicationBootstrap, OnModuleDestroy {
  private readonly stopping = new AbortController();

  constructor(
    @InjectRepository(Schedule) private readonly schedules: Repository<Schedule>,
    private readonly pipelines: PipelinesService,
    private readonly runs: RunsService,
    private readonly cronJobs: CronJobs,
  ) {}

  async onApplicationBootstrap(): Promise<void> {
    const load = () => this.schedules.find();
    await this.cronJobs.follow(load, (schedule, slot) => this.tick(schedule, slot));
  }

  async onModuleDestroy(): Promise<void> {
    this.stopping.abort();
    await this.cronJobs.stop();
  }

  /** Gives the pipeline this schedule instead of the one it had. */
  async replace(request: ScheduleRequest): Promise<Scheduled & { replaced: boolean }> {
    const { cron, timezone } = request;
    checkSchedule(cron, timezone);
    const { pipeline } = await this.pipelines.open(await this.pipelines.nameOr(request.pipeline));
    const now = new Date();
    const schedule = {
      pipeline,
      cron,
      timezone,
      createdAt: now,
      lastSlot: now,
      lastRunId: null,
      lastResult: null,
    };
    const replaced = await this.schedules.manager.transaction(async (manager) => {
      const earlier = await manager.findOneBy(Schedule, { pipeline });
      await manager.upsert(Schedule, schedule, ['pipeline']);
      return earlier !== null;
    });
    this.cronJobs.set(schedule);
    return { ...withNext(schedule), replaced };
  }

  async list(): Promise<Scheduled[]> {
    return (await this.schedules.find({ order: { pipeline: 'ASC' } })).map(withNext);
  }

  /** @throws TerminalError `SCHEDULE_NOT_FOUND` */
  async remove(pipeline: string): Promise<void> {
    const { affected } = await this.schedules.delete({ pipeline });
    this.cronJobs.remove(pipeline);
    if (!affected) {
      throw new TerminalError(
        'SCHEDULE_NOT_FOUND',
        `expected a pipeline that is scheduled, got "${pipeline}"`,
      );
    }
  }

  /** The slot makes sure that trying again adds no second run. */
  private async tick(schedule: Schedule, slot: Date): Promise<void> {
    const add = () =>
      this.add(schedule, slot).catch((error: unknown) => {
        throw lostServiceDatabase(error) ?? error;
      });
    await retryTransient(add, { signal: this.stopping.signal });
  }

  /** Adds the run of a slot, unless another process has, or the schedule is not the pipeline's any more. */
  private async add({ pipeline, cron, timezone }: Schedule, slot: Date): Promise<void> {
    const { version: configVersion } = await this.pipelines.open(pipeline);
    await this.runs.exclusively(pipeline, async (manager) => {
      const isCurrent = await manager.existsBy(Schedule, { pipeline, cron, timezone });
      const isDone = await manager.existsBy(Run, { pipeline, slot });
      if (isCurrent && !isDone)
        await this.runs.add({ pipeline, configVersion, trigger: 'schedule', slot }, manager);
    });
  }
}

function withNext({ pipeline, cron, timezone, createdAt }: Schedule): Scheduled {
  return { pipeline, cron, timezone, createdAt, nextRunAt: nextRun(cron, timezone, new Date()) };
}

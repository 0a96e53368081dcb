import { Injectable, type OnApplicationBootstrap, type OnModuleDestroy } from '@nestjs/common';
import { InjectRepository } from '@nestjs/typeorm';
import { type Repository } from 'typeorm';
import { TerminalError } from '../errors.js';
import { CronJobs } from './cron-jobs.js';
import { parseSchedule } from './cron-time.js';
import { PipelinesService } from './pipelines.service.js';
import { RunsService } from './runs.service.js';
import { ScheduleSlots } from './schedule-slots.js';
import { Schedule } from './schedule.entity.js';

export interface ScheduleRequest {
  pipeline?: string;
  cron: string;
  timezone: string;
}

/** Keeps the schedules: the table says what they are, the cron jobs of every process follow it. */
@Injectable()
export class SchedulesService implements OnApplicationBootstrap, OnModuleDestroy {
  constructor(
    @InjectRepository(Schedule) private readonly schedules: Repository<Schedule>,
    private readonly pipelines: PipelinesService,
    private readonly runs: RunsService,
    private readonly slots: ScheduleSlots,
    private readonly cronJobs: CronJobs,
  ) {}

  async onApplicationBootstrap(): Promise<void> {
    const load = () => this.schedules.find();
    await this.cronJobs.follow(load, (pipeline) => this.slots.settle(pipeline));
  }

  async onModuleDestroy(): Promise<void> {
    await this.cronJobs.stop();
  }

  /**
   * Gives the pipeline this schedule instead of the one it had, from one moment on: the slots up to it are the earlier
   * one's, even one that nobody has dealt with yet.
   * @throws InvalidSchedule
   */
  async replace(request: ScheduleRequest): Promise<{ schedule: Schedule; replaced: boolean }> {
    const parsed = parseSchedule(request.cron, request.timezone);
    const opened = await this.pipelines.open(await this.pipelines.nameOr(request.pipeline));
    const { pipeline, version: configVersion } = opened;
    const { schedule, settled } = await this.runs.exclusively(pipeline, async (manager) => {
      const now = new Date();
      const settled = await this.slots.settleIn(manager, { pipeline, runnable: { configVersion }, now });
      const unused = { lastRunId: null, lastResult: null };
      const schedule = { pipeline, ...parsed, createdAt: now, lastSlot: now, ...unused };
      await manager.upsert(Schedule, schedule, ['pipeline']);
      return { schedule, settled };
    });
    this.cronJobs.set(schedule);
    await this.slots.tell(settled);
    return { schedule, replaced: settled !== null };
  }

  async list(): Promise<Schedule[]> {
    return this.schedules.find({ order: { pipeline: 'ASC' } });
  }

  /** @throws TerminalError `SCHEDULE_NOT_FOUND` */
  async get(pipeline: string): Promise<Schedule> {
    return (await this.schedules.findOneBy({ pipeline })) ?? this.notFound(pipeline);
  }

  /** @throws TerminalError `SCHEDULE_NOT_FOUND` */
  async remove(pipeline: string): Promise<void> {
    const { affected } = await this.schedules.delete({ pipeline });
    this.cronJobs.remove(pipeline);
    if (!affected) this.notFound(pipeline);
  }

  private notFound(pipeline: string): never {
    throw new TerminalError('SCHEDULE_NOT_FOUND', `expected a pipeline that is scheduled, got "${pipeline}"`);
  }
}

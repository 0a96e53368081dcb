import { Injectable } from '@nestjs/common';
import { InjectRepository } from '@nestjs/typeorm';
import { InjectPinoLogger, PinoLogger } from 'nestjs-pino';
import type { EntityManager, Repository } from 'typeorm';
import { TerminalError } from '../errors.js';
import { isClockSetBack, latestSlot } from './cron-time.js';
import { PipelinesService } from './pipelines.service.js';
import { RunLogs } from './run-logs.js';
import { Run } from './run.entity.js';
import { RunsService } from './runs.service.js';
import { Schedule } from './schedule.entity.js';

/** The config version that a run would have, or why there can be no run. */
export type Runnable = { configVersion: number } | { failure: string };

/** A schedule, and what became of the slot that had come, if one had. */
export interface Settled {
  schedule: Schedule;
  slot: Date | null;
  result: 'added' | 'skipped' | 'failed' | 'none';
  /** The run that was added, or the open one that the slot was skipped for. */
  run: Run | null;
}

/**
 * Deals with the slots (moments) of the schedules. The schedule's row says up to which slot that is done, so it does not
 * matter who asks, how often, or how late: each slot is one run at most, and of those that passed unseen the last counts.
 */
@Injectable()
export class ScheduleSlots {
  constructor(
    @InjectRepository(Schedule) private readonly schedules: Repository<Schedule>,
    private readonly pipelines: PipelinesService,
    private readonly runs: RunsService,
    private readonly runLogs: RunLogs,
    @InjectPinoLogger(ScheduleSlots.name) private readonly logger: PinoLogger,
  ) {}

  /** Adds the run of the slot that has come, or skips it; does nothing when none has come. */
  async settle(pipeline: string): Promise<void> {
    const seen = await this.schedules.findOneBy({ pipeline });
    if (!seen || !needsSettling(seen, new Date())) return;
    const runnable = await this.findRunnable(pipeline);
    const settled = await this.runs.exclusively(pipeline, (manager) =>
      this.settleIn(manager, { pipeline, runnable, now: new Date() }),
    );
    await this.tell(settled);
  }

  /**
   * The same inside `exclusively`, for the slots up to `now`.
   * @returns the schedule as it was, locked until the transaction ends; null when the pipeline has none
   */
  async settleIn(
    manager: EntityManager,
    { pipeline, runnable, now }: { pipeline: string; runnable: Runnable; now: Date },
  ): Promise<Settled | null> {
    const lock = { mode: 'pessimistic_write' } as const;
    const schedule = await manager.findOne(Schedule, { where: { pipeline }, lock });
    if (!schedule) return null;
    if (isClockSetBack(schedule.lastSlot, now)) await this.followClockBack(manager, schedule, now);
    const slot = latestSlot(schedule, schedule.lastSlot, now);
    if (slot === null) return { schedule, slot, result: 'none', run: null };
    const outcome = await this.dealWith(manager, { pipeline, slot, runnable });
    const lastResult = describe(outcome, runnable);
    await manager.update(
      Schedule,
      { pipeline },
      { lastSlot: slot, lastRunId: outcome.run?.id ?? null, lastResult },
    );
    return { schedule, slot, ...outcome };
  }

  /** Logs what became of a slot, once that is certain. A run says in its own log what was skipped for it. */
  async tell(settled: Settled | null): Promise<void> {
    if (!settled?.run) return;
    const { slot, run, result } = settled;
    const { id: runId, pipeline } = run;
    if (result === 'added') this.logger.info({ pipeline, slot, runId }, 'added a scheduled run');
    if (result !== 'skipped') return;
    const log = await this.runLogs.open(run);
    log.warn({ slot }, 'skipped a slot of the schedule: this run was still open');
    await this.runLogs.close(log);
  }

  private async dealWith(
    manager: EntityManager,
    { pipeline, slot, runnable }: { pipeline: string; slot: Date; runnable: Runnable },
  ): Promise<Pick<Settled, 'result' | 'run'>> {
    // The clock may have been ahead, or another process may not know yet of `lastSlot`.
    const earlier = await manager.findOneBy(Run, { pipeline, slot });
    if (earlier) return { result: 'added', run: earlier };
    const open = await this.runs.findOpen(pipeline, manager);
    if (open) return { result: 'skipped', run: open };
    if ('failure' in runnable) return { result: 'failed', run: null };
    const { configVersion } = runnable;
    const run = await this.runs.add({ pipeline, configVersion, trigger: 'schedule', slot }, manager);
    return { result: 'added', run };
  }

  /** Else a clock that was years ahead for a minute would silence the schedule for years. */
  private async followClockBack(manager: EntityManager, schedule: Schedule, now: Date): Promise<void> {
    const { pipeline, lastSlot } = schedule;
    const lastResult = `waiting: the clock was set back, from ${lastSlot.toISOString()} or later`;
    await manager.update(Schedule, { pipeline }, { lastSlot: now, lastRunId: null, lastResult });
    this.logger.warn({ pipeline, lastSlot }, 'the clock was set back; the schedule follows it');
    schedule.lastSlot = now;
  }

  /** Done beforehand: inside `exclusively` there is one connection only. */
  private async findRunnable(pipeline: string): Promise<Runnable> {
    try {
      return { configVersion: (await this.pipelines.open(pipeline)).version };
    } catch (error) {
      // A slot does not wait for a better config. For all else it does, the database above all: who asks next settles it.
      if (!(error instanceof TerminalError)) throw error;
      this.logger.error({ err: error, pipeline }, 'cannot open the config of a scheduled pipeline');
      return { failure: error.message };
    }
  }
}

/** To be asked without a lock: whether it is worth one. */
function needsSettling(schedule: Schedule, now: Date): boolean {
  return isClockSetBack(schedule.lastSlot, now) || latestSlot(schedule, schedule.lastSlot, now) !== null;
}

function describe({ result, run }: Pick<Settled, 'result' | 'run'>, runnable: Runnable): string {
  if (result === 'skipped') return `skipped: run ${run?.id} was still ${run?.state}`;
  if (result === 'failed' && 'failure' in runnable) return `failed: ${runnable.failure}`;
  return result;
}

import { describe, expect, it, jest } from '@jest/globals';
import type { PinoLogger } from 'nestjs-pino';
import type { EntityManager, Repository } from 'typeorm';
import { TerminalError, TransientError } from '../errors.js';
import type { PipelinesService } from './pipelines.service.js';
import type { RunLogs } from './run-logs.js';
import type { RunsService } from './runs.service.js';
import { ScheduleSlots } from './schedule-slots.js';
import type { Schedule } from './schedule.entity.js';

const HOUR = 3_600_000;

/** The slots of an hourly schedule of which one is due, while opening its config fails. */
function failing(error: unknown) {
  const lastSlot = new Date(Date.now() - 2 * HOUR);
  const schedule = { pipeline: 'shop', cron: '0 * * * *', timezone: 'UTC', lastSlot } as Schedule;
  const update = jest.fn();
  const manager = { findOne: async () => schedule, findOneBy: async () => null, update };
  const slots = new ScheduleSlots(
    { findOneBy: async () => schedule } as unknown as Repository<Schedule>,
    { open: jest.fn<() => Promise<never>>().mockRejectedValue(error) } as unknown as PipelinesService,
    {
      exclusively: (_pipeline: string, work: (manager: EntityManager) => Promise<unknown>) =>
        work(manager as unknown as EntityManager),
      findOpen: async () => null,
    } as unknown as RunsService,
    {} as RunLogs,
    { error: () => {} } as unknown as PinoLogger,
  );
  return { slots, update };
}

describe('a slot whose config cannot be opened', () => {
  it.each([
    { error: new TransientError('SERVICE_DATABASE', 'x') },
    { error: Object.assign(new Error('x'), { code: '55P03' }) },
    { error: new Error('Query read timeout') },
    { error: new TypeError('x is not a function') },
  ])('is left for later: $error', async ({ error }) => {
    const { slots, update } = failing(error);
    await expect(slots.settle('shop')).rejects.toBe(error);
    expect(update).not.toHaveBeenCalled();
  });

  it('is used up when the config itself is at fault', async () => {
    const { slots, update } = failing(new TerminalError('NOT_FOUND', 'expected a config'));
    await slots.settle('shop');
    const changes = { lastResult: 'failed: expected a config', lastRunId: null, lastSlot: expect.any(Date) };
    expect(update).toHaveBeenCalledWith(expect.anything(), { pipeline: 'shop' }, changes);
  });
});

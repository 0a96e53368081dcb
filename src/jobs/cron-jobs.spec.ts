import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { SchedulerRegistry } from '@nestjs/schedule';
import type { PinoLogger } from 'nestjs-pino';
import { CronJobs } from './cron-jobs.js';
import type { Schedule } from './schedule.entity.js';

const logger = { error: jest.fn() };
const schedule = (pipeline: string, cron: string): Schedule => {
  const never = { lastSlot: new Date(0), lastRunId: null, lastResult: null };
  return { pipeline, cron, timezone: 'UTC', createdAt: new Date(0), ...never };
};

let registry: SchedulerRegistry;
let jobs: CronJobs;
let stored: Schedule[];
let ticks: string[];

beforeEach(async () => {
  jest.useFakeTimers({ now: new Date('2025-01-01T10:20:00Z') });
  registry = new SchedulerRegistry();
  jobs = new CronJobs(registry, logger as unknown as PinoLogger);
  stored = [schedule('shop', '0 * * * *')];
  ticks = [];
  await jobs.follow(
    async () => stored,
    async ({ pipeline }, slot) => void ticks.push(`${pipeline} ${slot.toISOString()}`),
  );
});

afterEach(async () => {
  await jobs.stop();
  jest.useRealTimers();
});

describe('CronJobs', () => {
  it('ticks at the moments of the schedule, each with its slot', async () => {
    await jest.advanceTimersByTimeAsync(2 * 3_600_000);
    expect(ticks).toEqual(['shop 2025-01-01T11:00:00.000Z', 'shop 2025-01-01T12:00:00.000Z']);
  });

  it('ticks by the new schedule only, once it is replaced', async () => {
    const replacement = schedule('shop', '30 * * * *');
    stored = [replacement];
    jobs.set(replacement);
    await jest.advanceTimersByTimeAsync(3_600_000);
    expect(ticks).toEqual(['shop 2025-01-01T10:30:00.000Z']);
  });

  it('follows what other processes store', async () => {
    stored = [schedule('stock', '45 * * * *')];
    await jest.advanceTimersByTimeAsync(10_000);
    expect([...registry.getCronJobs().keys()]).toEqual(['schedule:stock']);
    await jest.advanceTimersByTimeAsync(3_600_000);
    expect(ticks).toEqual(['stock 2025-01-01T10:45:00.000Z']);
  });

  it('takes the latest slot after the process was suspended', async () => {
    const job = registry.getCronJob('schedule:shop');
    jest.setSystemTime(new Date('2025-01-01T15:10:00Z'));
    await job.fireOnTick();
    expect(ticks).toEqual(['shop 2025-01-01T15:00:00.000Z']);
  });

  it('leaves nothing in the registry when it stops', async () => {
    await jobs.stop();
    expect(registry.getCronJobs().size).toBe(0);
    expect(registry.getIntervals()).toEqual([]);
    await jobs.follow(
      async () => stored,
      async () => {},
    );
  });
});

import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { SchedulerRegistry } from '@nestjs/schedule';
import type { PinoLogger } from 'nestjs-pino';
import { CronJobs } from './cron-jobs.js';
import type { Schedule } from './schedule.entity.js';

const logger = { error: jest.fn() };
const schedule = (pipeline: string, cron: string, timezone = 'UTC'): Schedule => {
  const now = new Date();
  return { pipeline, cron, timezone, createdAt: now, lastSlot: now, lastRunId: null, lastResult: null };
};

let registry: SchedulerRegistry;
let jobs: CronJobs;
let stored: Schedule[];
let ticks: string[];

/** Deals with the slot as another process would: the table says so afterwards. */
const settle = async (pipeline: string): Promise<void> => {
  const now = new Date();
  ticks.push(`${pipeline} ${now.toISOString().slice(5, 19)}`);
  stored = stored.map((one) => (one.pipeline === pipeline ? { ...one, lastSlot: now } : one));
};

async function begin(at: string, schedules: () => Schedule[]): Promise<void> {
  jest.useFakeTimers({ now: new Date(at) });
  stored = schedules();
  ticks = [];
  logger.error.mockClear();
  registry = new SchedulerRegistry();
  jobs = new CronJobs(registry, logger as unknown as PinoLogger);
  await jobs.follow(async () => stored, settle);
}

beforeEach(() => begin('2025-01-01T10:20:00Z', () => [schedule('shop', '0 * * * *')]));

afterEach(async () => {
  await jobs.stop();
  jest.useRealTimers();
});

describe('CronJobs', () => {
  it('has the schedule settled at its moments, and at no other time', async () => {
    await jest.advanceTimersByTimeAsync(2 * 3_600_000);
    expect(ticks).toEqual(['shop 01-01T11:00:00', 'shop 01-01T12:00:00']);
  });

  it('goes by the new schedule only, once it is replaced', async () => {
    const replacement = schedule('shop', '30 * * * *');
    stored = [replacement];
    jobs.set(replacement);
    await jest.advanceTimersByTimeAsync(3_600_000);
    expect(ticks).toEqual(['shop 01-01T10:30:00']);
  });

  it('follows what other processes store', async () => {
    stored = [schedule('stock', '45 * * * *')];
    await jest.advanceTimersByTimeAsync(10_000);
    expect([...registry.getCronJobs().keys()]).toEqual(['schedule:stock']);
    await jest.advanceTimersByTimeAsync(3_600_000);
    expect(ticks).toEqual(['stock 01-01T10:45:00']);
  });

  it('does not bring back what was removed while the list was loaded', async () => {
    await jobs.stop();
    const gate = Promise.withResolvers<void>();
    let loading: Promise<void> | null = null;
    const load = async () => {
      const list = stored;
      await loading;
      return list;
    };
    await jobs.follow(load, settle);
    loading = gate.promise;
    await jest.advanceTimersByTimeAsync(10_000);
    stored = [];
    jobs.remove('shop');
    gate.resolve();
    await jest.advanceTimersByTimeAsync(0);
    expect(registry.getCronJobs().size).toBe(0);
  });

  it('F4 has a slot settled at the start that nobody has dealt with', async () => {
    await jobs.stop();
    await begin('2025-01-01T10:20:00Z', () => [
      { ...schedule('shop', '0 * * * *'), lastSlot: new Date('2025-01-01T05:00:00Z') },
      schedule('stock', '0 * * * *'),
    ]);
    expect(ticks).toEqual(['shop 01-01T10:20:00']);
  });

  it('F4 asks again within 10 s when a slot could not be settled', async () => {
    stored = stored.map((one) => ({ ...one, lastSlot: new Date('2025-01-01T09:00:00Z') }));
    const broken = jest.fn(async () => {
      throw new Error('away');
    });
    await jobs.stop();
    await jobs.follow(async () => stored, broken);
    await jest.advanceTimersByTimeAsync(30_000);
    expect(broken).toHaveBeenCalledTimes(4);
    expect(logger.error).toHaveBeenCalledTimes(4);
  });

  it('has a schedule settled by one at a time, and the others meanwhile', async () => {
    await jobs.stop();
    stored = [schedule('shop', '* * * * *'), schedule('stock', '* * * * *')];
    const gate = Promise.withResolvers<void>();
    const begun: string[] = [];
    await jobs.follow(
      async () => stored,
      async (pipeline) => {
        begun.push(pipeline);
        if (pipeline === 'shop') await gate.promise;
      },
    );
    await jest.advanceTimersByTimeAsync(3 * 60_000);
    expect(begun.filter((pipeline) => pipeline === 'shop')).toHaveLength(1);
    expect(begun.filter((pipeline) => pipeline === 'stock').length).toBeGreaterThanOrEqual(3);
    gate.resolve();
  });

  it('D19 has a slot settled that a leap of the clock passed over', async () => {
    jest.setSystemTime(new Date('2025-01-01T15:10:00Z'));
    await jest.advanceTimersByTimeAsync(10_000);
    expect(ticks).toEqual(['shop 01-01T15:10:10']);
  });

  it('D19 has a schedule settled whose last slot lies far ahead', async () => {
    stored = [{ ...stored[0]!, lastSlot: new Date('2040-01-01T00:00:00Z') }];
    await jest.advanceTimersByTimeAsync(10_000);
    expect(ticks).toEqual(['shop 01-01T10:20:10']);
  });

  it('leaves out a schedule that it cannot read, and none of the others', async () => {
    stored = [schedule('broken', '0 * * * *', 'Mars/Olympus'), schedule('stock', '45 * * * *')];
    await jest.advanceTimersByTimeAsync(10_000);
    expect([...registry.getCronJobs().keys()]).toEqual(['schedule:stock']);
    expect(logger.error).toHaveBeenCalledTimes(1);
  });

  it.each([
    ['0 * * * *', 'Europe/Berlin', '2026-03-28T23:30:00Z', ['00', '01', '02', '03']],
    ['0 * * * *', 'Europe/Berlin', '2026-10-24T23:30:00Z', ['00', '01', '02', '03']],
    ['0 * * * *', 'Australia/Lord_Howe', '2026-10-03T13:45:00Z', ['14:30', '16', '17']],
    ['15 2 * * *', 'Australia/Lord_Howe', '2026-10-03T13:45:00Z', ['15:30']],
    ['30 2 * * *', 'Europe/Berlin', '2026-03-28T23:30:00Z', ['01']],
    ['30 2 * * *', 'Europe/Berlin', '2026-10-24T23:30:00Z', ['00:30']],
  ])('F5 ticks over a change of the clock: %s in %s from %s', async (cron, zone, from, hours) => {
    await jobs.stop();
    await begin(from, () => [schedule('shop', cron, zone)]);
    await jest.advanceTimersByTimeAsync(4 * 3_600_000);
    expect(ticks.map((tick) => tick.slice(11, 16).replace(':00', ''))).toEqual(hours);
  });

  it('leaves nothing in the registry when it stops', async () => {
    await jobs.stop();
    expect(registry.getCronJobs().size).toBe(0);
    expect(registry.getIntervals()).toEqual([]);
    await jobs.follow(async () => stored, settle);
  });
});

import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { SchedulerRegistry } from '@nestjs/schedule';
import type { PinoLogger } from 'nestjs-pino';
import { TerminalError } from '../errors.js';
import type { RetentionSweep } from './retention-sweep.js';
import { RetentionService } from './retention.service.js';
import type { SweepLock } from './sweep-lock.js';
import { emptyReport, type SweepFailure } from './sweep-report.js';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;

/** What a sweep comes to. */
type Outcome = 'done' | 'locked' | 'throws' | 'target away' | 'wrong password';

const FAILURES: Partial<Record<Outcome, SweepFailure[]>> = {
  'target away': [{ what: 'target of shop', error: new Error('away') }],
  'wrong password': [{ what: 'target of shop', error: new TerminalError('TARGET_LOGIN', 'wrong') }],
};

describe('RetentionService', () => {
  let outcome: Outcome;
  let sweeps: number;
  let service: RetentionService;

  beforeEach(() => {
    jest.useFakeTimers();
    [outcome, sweeps] = ['done', 0];
    const retention = {
      sweep: async () => {
        if (outcome === 'throws') throw new Error('no database');
        return { ...emptyReport(), failures: FAILURES[outcome] ?? [] };
      },
    };
    const lock = {
      whileAlone: async (work: () => Promise<unknown>) => {
        sweeps += 1;
        return outcome === 'locked' ? null : work();
      },
    };
    const logger = { info: jest.fn(), warn: jest.fn(), error: jest.fn() };
    service = new RetentionService(
      lock as unknown as SweepLock,
      retention as unknown as RetentionSweep,
      new SchedulerRegistry(),
      logger as unknown as PinoLogger,
    );
    service.onApplicationBootstrap();
  });

  afterEach(async () => {
    await service.onModuleDestroy();
    jest.useRealTimers();
  });

  async function sweepsAfter(milliseconds: number): Promise<number> {
    const before = sweeps;
    await jest.advanceTimersByTimeAsync(milliseconds);
    return sweeps - before;
  }

  it('sweeps first some minutes after the start, then once a day', async () => {
    expect(await sweepsAfter(4 * MINUTE)).toBe(0);
    expect(await sweepsAfter(2 * MINUTE)).toBe(1);
    expect(await sweepsAfter(23 * HOUR)).toBe(0);
    expect(await sweepsAfter(2 * HOUR)).toBe(1);
    expect(await sweepsAfter(240 * HOUR)).toBe(10);
  });

  it.each<[Outcome, number, number]>([
    ['locked', 11, 2],
    ['throws', 0, 1],
    ['target away', 0, 1],
    ['wrong password', 0, 0],
  ])(
    'after it was "%s" it tries %i times in the first 55 minutes and %i in the next 10',
    async (first, ...tries) => {
      outcome = first;
      expect(await sweepsAfter(6 * MINUTE)).toBe(1);
      expect([await sweepsAfter(55 * MINUTE), await sweepsAfter(10 * MINUTE)]).toEqual(tries);
    },
  );

  it('tries no more once it ends', async () => {
    await service.onModuleDestroy();
    expect(await sweepsAfter(48 * HOUR)).toBe(0);
    service.onApplicationBootstrap();
  });
});

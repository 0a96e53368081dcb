import { describe, expect, it } from '@jest/globals';
import { checkSchedule, InvalidSchedule, nextRun } from './cron-time.js';

describe('checkSchedule', () => {
  it.each([
    ['0 * * * *', 'UTC'],
    ['*/15 6-18 * * 1-5', 'Europe/Berlin'],
    ['30 0 29 2 *', 'Asia/Kathmandu'],
  ])('takes %s in %s', (cron, timezone) => {
    expect(() => checkSchedule(cron, timezone)).not.toThrow();
  });

  it.each([
    ['61 * * * *', 'UTC', 'cron: expected five fields such as "0 * * * *", got "61 * * * *"'],
    ['* * *', 'UTC', 'cron: expected five fields'],
    ['*/1 * * * * *', 'UTC', 'cron: expected five fields such as "0 * * * *", got "*/1 * * * * *"'],
    ['', 'UTC', 'cron: expected five fields'],
    ['hourly', 'UTC', 'cron: expected five fields'],
    ['@hourly', 'UTC', 'cron: expected five fields'],
    ['0 0 30 2 *', 'UTC', 'within 8 years'],
    [
      '0 * * * *',
      'Mars/Olympus',
      'timezone: expected an IANA name such as "Europe/Berlin", got "Mars/Olympus"',
    ],
    ['0 * * * *', '+02:00', 'timezone: expected an IANA name such as "Europe/Berlin", got "+02:00"'],
    ['0 * * * *', '', 'timezone: expected an IANA name'],
  ])('refuses %p in %p', (cron, timezone, says) => {
    expect(() => checkSchedule(cron, timezone)).toThrow(InvalidSchedule);
    expect(() => checkSchedule(cron, timezone)).toThrow(says);
  });
});

describe('nextRun', () => {
  it.each([
    {
      name: 'the next hour',
      cron: '0 * * * *',
      zone: 'UTC',
      from: '2025-01-01T10:00:01Z',
      next: '2025-01-01T11:00:00Z',
    },
    {
      name: 'not the moment itself',
      cron: '0 * * * *',
      zone: 'UTC',
      from: '2025-01-01T10:00:00Z',
      next: '2025-01-01T11:00:00Z',
    },
    {
      name: 'in a zone',
      cron: '0 6 * * *',
      zone: 'Europe/Berlin',
      from: '2025-07-01T00:00:00Z',
      next: '2025-07-01T04:00:00Z',
    },
    {
      name: 'over a spring gap',
      cron: '0 * * * *',
      zone: 'Europe/Berlin',
      from: '2025-03-30T00:30:00Z',
      next: '2025-03-30T01:00:00Z',
    },
    {
      name: 'a leap day',
      cron: '0 0 29 2 *',
      zone: 'UTC',
      from: '2025-01-01T00:00:00Z',
      next: '2028-02-29T00:00:00Z',
    },
  ])('$name', ({ cron, zone, from, next }) => {
    expect(nextRun(cron, zone, new Date(from))).toEqual(new Date(next));
  });
});

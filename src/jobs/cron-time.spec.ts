import { describe, expect, it } from '@jest/globals';
import { InvalidSchedule, isClockSetBack, nextRun, parseSchedule } from './cron-time.js';

describe('parseSchedule', () => {
  it.each([
    ['0 * * * *', 'UTC', '0 * * * *'],
    ['*/15 6-18 * * 1-5', 'Europe/Berlin', '*/15 6-18 * * 1-5'],
    ['30 0 29 2 *', 'Asia/Kathmandu', '30 0 29 2 *'],
    ['  0   6\t* * MON-fri ', 'UTC', '0 6 * * MON-fri'],
    ['*/60 */24 * jan,dec sun', 'UTC', '*/60 */24 * jan,dec sun'],
    ['@hourly', 'UTC', '0 * * * *'],
    ['@Daily', 'UTC', '0 0 * * *'],
    ['@midnight', 'UTC', '0 0 * * *'],
    ['@weekly', 'UTC', '0 0 * * 0'],
    ['@monthly', 'UTC', '0 0 1 * *'],
    ['@yearly', 'UTC', '0 0 1 1 *'],
    ['@annually', 'UTC', '0 0 1 1 *'],
  ])('takes %p in %s', (cron, timezone, means) => {
    expect(parseSchedule(cron, timezone)).toEqual({ cron: means, timezone });
  });

  it.each([
    [
      '61 * * * *',
      'UTC',
      'cron: expected five fields such as "0 * * * *", got "61 * * * *": Field value (61)',
    ],
    ['* * *', 'UTC', 'cron: expected five fields'],
    ['*/1 * * * * *', 'UTC', 'got "*/1 * * * * *": that is six; seconds are not known'],
    ['', 'UTC', 'cron: expected five fields'],
    ['hourly', 'UTC', 'cron: expected five fields'],
    [
      '@reboot',
      'UTC',
      'or one of @hourly, @daily, @midnight, @weekly, @monthly, @yearly, @annually, got "@reboot"',
    ],
    ['@secondly', 'UTC', 'or one of @hourly'],
    ['constructor', 'UTC', 'cron: expected five fields'],
    ['0 0 l * *', 'UTC', 'got "0 0 l * *": Unknown alias: l'],
    [
      '0 0 * janfeb *',
      'UTC',
      'three letters for a month or a day of the week, got "0 0 * janfeb *": "janfeb"',
    ],
    ['*/90 * * * *', 'UTC', 'expected a step of at most 60 in the minute, got "*/90 * * * *": "*/90"'],
    ['0 1,*/36 * * *', 'UTC', 'expected a step of at most 24 in the hour'],
    ['0 0 30 2 *', 'UTC', 'within 8 years'],
    [
      '0 * * * *',
      'Mars/Olympus',
      'timezone: expected an IANA name such as "Europe/Berlin", got "Mars/Olympus"',
    ],
    ['0 * * * *', '+02:00', 'timezone: expected an IANA name such as "Europe/Berlin", got "+02:00"'],
    ['0 * * * *', '', 'timezone: expected an IANA name'],
  ])('refuses %p in %p', (cron, timezone, says) => {
    expect(() => parseSchedule(cron, timezone)).toThrow(InvalidSchedule);
    expect(() => parseSchedule(cron, timezone)).toThrow(says);
  });
});

describe('nextRun', () => {
  it.each([
    ['the next hour', '0 * * * *', 'UTC', '2025-01-01T10:00:01Z', '2025-01-01T11:00:00Z'],
    ['not the moment itself', '0 * * * *', 'UTC', '2025-01-01T10:00:00Z', '2025-01-01T11:00:00Z'],
    ['a millisecond before', '0 * * * *', 'UTC', '2025-01-01T10:59:59.999Z', '2025-01-01T11:00:00Z'],
    ['in a zone', '0 6 * * *', 'Europe/Berlin', '2025-07-01T00:00:00Z', '2025-07-01T04:00:00Z'],
    ['over a spring gap', '0 * * * *', 'Europe/Berlin', '2025-03-30T00:30:00Z', '2025-03-30T01:00:00Z'],
    ['a leap day', '0 0 29 2 *', 'UTC', '2025-01-01T00:00:00Z', '2028-02-29T00:00:00Z'],
  ])('%s', (_, cron, timezone, from, next) => {
    expect(nextRun({ cron, timezone }, new Date(from))).toEqual(new Date(next));
  });
});

describe('isClockSetBack', () => {
  it.each([
    ['a slot in the past', '2025-01-01T11:00Z', false],
    ['a slot that a clock a little ahead has seen', '2025-01-01T12:30Z', false],
    ['D19 a slot that a clock a day ahead has seen', '2025-01-02T12:00Z', true],
  ])('%s', (_, lastSlot, expected) => {
    expect(isClockSetBack(new Date(lastSlot), new Date('2025-01-01T12:00Z'))).toBe(expected);
  });
});

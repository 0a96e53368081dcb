import { describe, expect, it, jest } from '@jest/globals';
import { Timetable } from './timetable.js';

/** All moments after `from` up to `to`, as the clock on the wall showed them, with the offset from UTC. */
function moments(timetable: Timetable, from: string, to: string, zone: string): string[] {
  const found: string[] = [];
  const end = Date.parse(to);
  for (let at = timetable.next(Date.parse(from)); at <= end; at = timetable.next(at))
    found.push(show(at, zone));
  return found;
}

/** `03-29 01:30 +1` */
function show(at: number, timeZone: string): string {
  const format = new Intl.DateTimeFormat('sv-SE', {
    timeZone,
    month: '2-digit',
    day: '2-digit',
    hour: '2-digit',
    minute: '2-digit',
    timeZoneName: 'shortOffset',
  });
  const read = new Map(format.formatToParts(at).map(({ type, value }) => [type, value]));
  const offset = read.get('timeZoneName')!.replace('GMT', '').replace('\u2212', '-') || '+0';
  return `${read.get('month')}-${read.get('day')} ${read.get('hour')}:${read.get('minute')} ${offset}`;
}

const BERLIN = 'Europe/Berlin';
const NEW_YORK = 'America/New_York';
const LORD_HOWE = 'Australia/Lord_Howe';
const CAIRO = 'Africa/Cairo';

/**
 * Name; cron, zone, after, up to; moments. Clocks change at 01:00Z in Berlin, 07:00Z and 06:00Z in New York, 15:30Z and
 * 15:00Z on Lord Howe, 22:00Z and 21:00Z in Cairo.
 */
const CASES = `
a daily job in the gap comes once, right after it
  30 2 * * * | Europe/Berlin | 2026-03-27T12:00Z | 2026-03-30T12:00Z
    03-28 02:30 +1, 03-29 03:00 +2, 03-30 02:30 +2
a daily job in the gap, half a world away
  30 2 * * * | America/New_York | 2026-03-07T00:00Z | 2026-03-09T12:00Z
    03-07 02:30 -5, 03-08 03:00 -4, 03-09 02:30 -4
a daily job in a gap of half an hour
  15 2 * * * | Australia/Lord_Howe | 2026-10-03T00:00Z | 2026-10-04T20:00Z
    10-04 02:30 +11, 10-05 02:15 +11
a daily job at the first minute of the gap
  0 2 * * * | Europe/Berlin | 2026-03-28T12:00Z | 2026-03-30T12:00Z
    03-29 03:00 +2, 03-30 02:00 +2
a job at midnight where midnight is skipped
  0 0 * * * | Africa/Cairo | 2026-04-22T12:00Z | 2026-04-24T23:00Z
    04-23 00:00 +2, 04-24 01:00 +3, 04-25 00:00 +3
several times in the gap are one moment after it
  */20 2,3 * * * | Europe/Berlin | 2026-03-29T00:00Z | 2026-03-29T02:00Z
    03-29 03:00 +2, 03-29 03:20 +2, 03-29 03:40 +2
a daily job in the repeated hour comes once, the first time
  30 2 * * * | Europe/Berlin | 2026-10-23T22:00Z | 2026-10-26T12:00Z
    10-24 02:30 +2, 10-25 02:30 +2, 10-26 02:30 +1
a daily job in the repeated hour, half a world away
  30 1 * * * | America/New_York | 2026-10-31T00:00Z | 2026-11-02T12:00Z
    10-31 01:30 -4, 11-01 01:30 -4, 11-02 01:30 -5
a daily job in a repeated half hour
  45 1 * * * | Australia/Lord_Howe | 2026-04-03T20:00Z | 2026-04-06T00:00Z
    04-05 01:45 +11, 04-06 01:45 +10:30
a daily job in the hour before midnight that is repeated
  30 23 * * * | Africa/Cairo | 2026-10-28T12:00Z | 2026-10-30T23:00Z
    10-28 23:30 +3, 10-29 23:30 +3, 10-30 23:30 +2
several times in the repeated hour come once each
  */20 2 * * * | Europe/Berlin | 2026-10-24T12:00Z | 2026-10-25T12:00Z
    10-25 02:00 +2, 10-25 02:20 +2, 10-25 02:40 +2
an hourly job over the gap: every real hour
  0 * * * * | Europe/Berlin | 2026-03-28T23:30Z | 2026-03-29T02:30Z
    03-29 01:00 +1, 03-29 03:00 +2, 03-29 04:00 +2
an hourly job at half past, over the gap
  30 * * * * | America/New_York | 2026-03-08T06:00Z | 2026-03-08T08:00Z
    03-08 01:30 -5, 03-08 03:30 -4
an hourly job in the repeated hour: every real hour
  0 * * * * | Europe/Berlin | 2026-10-24T22:30Z | 2026-10-25T02:30Z
    10-25 01:00 +2, 10-25 02:00 +2, 10-25 02:00 +1, 10-25 03:00 +1
an hourly job in the hour before midnight that is repeated, on that one day of the year
  30 0-23 29 10 * | Africa/Cairo | 2026-10-29T19:00Z | 2026-10-29T23:00Z
    10-29 22:30 +3, 10-29 23:30 +3, 10-29 23:30 +2
a job of every half hour in the repeated hour
  */30 * * * * | America/New_York | 2026-11-01T04:40Z | 2026-11-01T07:00Z
    11-01 01:00 -4, 11-01 01:30 -4, 11-01 01:00 -5, 11-01 01:30 -5, 11-01 02:00 -5
an hourly job whose minute is in a gap of half an hour
  0 * * * * | Australia/Lord_Howe | 2026-10-03T14:00Z | 2026-10-03T17:00Z
    10-04 01:00 +10:30, 10-04 03:00 +11, 10-04 04:00 +11
an hourly job whose minute is in a repeated half hour
  45 * * * * | Australia/Lord_Howe | 2026-04-04T13:00Z | 2026-04-04T16:30Z
    04-05 00:45 +11, 04-05 01:45 +11, 04-05 01:45 +10:30, 04-05 02:45 +10:30
an hourly job whose minute is not in the repeated half hour
  0 * * * * | Australia/Lord_Howe | 2026-04-04T13:30Z | 2026-04-04T16:30Z
    04-05 01:00 +11, 04-05 02:00 +10:30, 04-05 03:00 +10:30
29 February
  0 0 29 2 * | UTC | 2026-01-01T00:00Z | 2033-01-01T00:00Z
    02-29 00:00 +0, 02-29 00:00 +0
the 28th and 29th in a leap year
  0 12 28-29 2 * | America/New_York | 2027-01-01T00:00Z | 2028-12-01T00:00Z
    02-28 12:00 -5, 02-28 12:00 -5, 02-29 12:00 -5
the 31st: no run in the shorter months
  0 0 31 * * | Europe/Berlin | 2026-01-01T00:00Z | 2027-01-01T00:00Z
    01-31 00:00 +1, 03-31 00:00 +2, 05-31 00:00 +2, 07-31 00:00 +2, 08-31 00:00 +2, 10-31 00:00 +1, 12-31 00:00 +1
day and weekday: either
  0 0 13 * 5 | UTC | 2026-03-10T00:00Z | 2026-03-20T00:00Z
    03-13 00:00 +0, 03-20 00:00 +0
Sunday is 0 and 7
  0 0 * * 7 | UTC | 2026-03-10T00:00Z | 2026-03-23T00:00Z
    03-15 00:00 +0, 03-22 00:00 +0
`;

const cases = CASES.trim()
  .split(/\n(?! )/)
  .map((text) => {
    const [name, asked, expected] = text.split('\n').map((line) => line.trim());
    const [cron, zone, from, to] = asked!.split(' | ') as [string, string, string, string];
    return { name, cron, zone, from, to, expected };
  });

describe('Timetable', () => {
  it.each(cases)('F5 $name', ({ cron, zone, from, to, expected }) => {
    expect(moments(new Timetable(cron, zone), from, to, zone).join(', ')).toBe(expected);
  });

  it.each([BERLIN, NEW_YORK, LORD_HOWE, CAIRO, 'Asia/Kathmandu'])(
    'F5 comes at every minute of the year that matches, in %s',
    (zone) => {
      const minute = new Intl.DateTimeFormat('en', { timeZone: zone, minute: 'numeric' });
      const [start, end] = [Date.parse('2026-01-01T00:00Z'), Date.parse('2027-01-01T00:00Z')];
      const matching: number[] = [];
      for (let at = start + 900_000; at <= end; at += 900_000)
        if (minute.format(at) === '15') matching.push(at);
      const timetable = new Timetable('15 * * * *', zone);
      const found: number[] = [];
      for (let at = timetable.next(start); at <= end; at = timetable.next(at)) found.push(at);
      expect(found.join(' ')).toBe(matching.join(' '));
    },
  );

  it.each([BERLIN, NEW_YORK, LORD_HOWE, CAIRO])('F5 comes once on every day of the year, in %s', (zone) => {
    for (const cron of ['0 0 * * *', '45 1 * * *', '15 2 * * *', '30 23 * * *']) {
      const days = moments(new Timetable(cron, zone), '2026-01-01T12:00Z', '2027-01-01T12:00Z', zone);
      const dates = days.map((text) => text.slice(0, 5));
      expect([days.length, new Set(dates).size]).toEqual([365, 365]);
    }
  });
});

describe('latest', () => {
  it.each([
    ['nothing yet', '0 * * * *', '2026-01-01T10:00Z', '2026-01-01T10:59:59.999Z', null],
    ['the slot itself', '0 * * * *', '2026-01-01T10:00Z', '2026-01-01T11:00Z', '2026-01-01T11:00Z'],
    ['F4 the last of five hours', '0 * * * *', '2026-01-01T10:00Z', '2026-01-01T15:10Z', '2026-01-01T15:00Z'],
    ['two slots', '* * * * *', '2026-01-01T10:00Z', '2026-01-01T10:02Z', '2026-01-01T10:02Z'],
    [
      'F4 a minute cron after a year',
      '* * * * *',
      '2025-01-01T10:00Z',
      '2026-01-01T10:02:30Z',
      '2026-01-01T10:02Z',
    ],
    [
      'F4 an hour of minutes a day',
      '* 3 * * *',
      '2025-01-01T10:00Z',
      '2026-01-01T02:59Z',
      '2025-12-31T03:59Z',
    ],
    ['a leap day', '0 0 29 2 *', '2019-01-01T00:00Z', '2026-01-01T00:00Z', '2024-02-29T00:00Z'],
    ['D19 a clock that was set back', '0 * * * *', '2026-01-01T10:00Z', '2026-01-01T09:00Z', null],
  ])('%s', (_, cron, after, now, expected) => {
    const timetable = new Timetable(cron, 'UTC');
    const latest = timetable.latest(Date.parse(after), Date.parse(now));
    expect(latest).toEqual(expected && Date.parse(expected));
  });

  it('F4 takes few steps for a year of minutes', () => {
    const timetable = new Timetable('* * * * *', BERLIN);
    const next = jest.spyOn(timetable, 'next');
    timetable.latest(Date.parse('2025-01-01T00:00Z'), Date.parse('2026-01-01T00:00Z'));
    expect(next.mock.calls.length).toBeLessThan(30);
  });
});

import { validateCronExpression } from 'cron';
import { TerminalError } from '../errors.js';
import { Timetable } from './timetable.js';

/** When a pipeline runs: five cron fields, and the IANA name of the time zone that they are read in. */
export interface CronSchedule {
  cron: string;
  timezone: string;
}

/** The cron expression or the time zone cannot be used. */
export class InvalidSchedule extends TerminalError {
  constructor(path: 'cron' | 'timezone', message: string) {
    super('INVALID_REQUEST', message, [{ path, message }]);
  }
}

const HOUR = 3_600_000;

/** Short forms and what they stand for, as in crontab(5). */
const MACROS = new Map([
  ['@hourly', '0 * * * *'],
  ['@daily', '0 0 * * *'],
  ['@midnight', '0 0 * * *'],
  ['@weekly', '0 0 * * 0'],
  ['@monthly', '0 0 1 * *'],
  ['@yearly', '0 0 1 1 *'],
  ['@annually', '0 0 1 1 *'],
]);

/** The fields in their order, each with the step that goes once around it. */
const FIELDS = [
  ['minute', 60],
  ['hour', 24],
  ['day of month', 31],
  ['month', 12],
  ['day of week', 7],
] as const;

/**
 * Checks a cron expression (minute, hour, day of month, month, day of week; or a short form such as @daily) and the name
 * of an IANA time zone.
 * @returns the expression as five fields with single spaces
 * @throws InvalidSchedule saying what was expected
 */
export function parseSchedule(cron: string, timezone: string): CronSchedule {
  const fields = (MACROS.get(cron.trim().toLowerCase()) ?? cron).trim().split(/\s+/);
  const fault = findFault(fields, `got "${cron}"`);
  if (fault !== null) throw new InvalidSchedule('cron', `cron: ${fault}`);
  if (!isTimezone(timezone)) {
    throw new InvalidSchedule(
      'timezone',
      `timezone: expected an IANA name such as "Europe/Berlin", got "${timezone}"`,
    );
  }
  const schedule = { cron: fields.join(' '), timezone };
  nextRun(schedule, new Date());
  return schedule;
}

/**
 * The first moment after `from` that the schedule names.
 * @throws InvalidSchedule when there is none in the next 8 years, such as on 30 February
 */
export function nextRun({ cron, timezone }: CronSchedule, from: Date): Date {
  const next = new Timetable(cron, timezone).next(from.getTime());
  if (next !== Infinity) return new Date(next);
  throw new InvalidSchedule('cron', `cron: expected a moment that comes within 8 years, got "${cron}"`);
}

/** The last moment after `after`, up to and with `now`, that the schedule names; null when there is none. */
export function latestSlot({ cron, timezone }: CronSchedule, after: Date, now: Date): Date | null {
  const latest = new Timetable(cron, timezone).latest(after.getTime(), now.getTime());
  return latest === null ? null : new Date(latest);
}

/** Whether the last slot dealt with lies so far ahead that the clock must have been wrong then, or is wrong now. */
export function isClockSetBack(lastSlot: Date, now: Date): boolean {
  return lastSlot.getTime() > now.getTime() + HOUR;
}

function findFault(fields: string[], got: string): string | null {
  const expected = 'expected five fields such as "0 * * * *"';
  if (fields[0]?.startsWith('@')) return `${expected}, or one of ${[...MACROS.keys()].join(', ')}, ${got}`;
  if (fields.length === 6) return `${expected}, ${got}: that is six; seconds are not known`;
  const { valid, error } = validateCronExpression(fields.join(' '));
  if (fields.length !== 5 || !valid) return `${expected}, ${got}${error ? `: ${error.message}` : ''}`;
  // The package would read "janfeb" as 12, and "*/90" as "0".
  const joined = /[a-z]{4,}/i.exec(fields.join(' '));
  if (joined) return `expected three letters for a month or a day of the week, ${got}: "${joined[0]}"`;
  for (const [index, [name, around]] of FIELDS.entries()) {
    const step = fields[index]!.split(',').find((part) => Number(part.split('/')[1] ?? 1) > around);
    if (step !== undefined) return `expected a step of at most ${around} in the ${name}, ${got}: "${step}"`;
  }
  return null;
}

function isTimezone(name: string): boolean {
  // Intl takes offsets such as +02:00 too, which know no summer time.
  if (/^[+-]/.test(name)) return false;
  try {
    return new Intl.DateTimeFormat('en', { timeZone: name }).resolvedOptions().timeZone !== '';
  } catch {
    return false;
  }
}

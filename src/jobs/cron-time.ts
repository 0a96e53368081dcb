import { CronTime, validateCronExpression } from 'cron';
import { TerminalError } from '../errors.js';

/** The cron expression or the time zone cannot be used. */
export class InvalidSchedule extends TerminalError {
  constructor(path: 'cron' | 'timezone', message: string) {
    super('INVALID_REQUEST', message, [{ path, message }]);
  }
}

/**
 * Checks a cron expression of five fields (minute, hour, day, month, weekday) and the name of an IANA time zone.
 * @throws InvalidSchedule saying what was expected
 */
export function checkSchedule(cron: string, timezone: string): void {
  const fields = cron.trim().split(/\s+/).length;
  const { valid, error } = validateCronExpression(cron);
  if (!valid || fields !== 5) {
    const why = error ? `: ${error.message}` : '';
    throw new InvalidSchedule('cron', `cron: expected five fields such as "0 * * * *", got "${cron}"${why}`);
  }
  if (!isTimezone(timezone)) {
    throw new InvalidSchedule(
      'timezone',
      `timezone: expected an IANA name such as "Europe/Berlin", got "${timezone}"`,
    );
  }
  nextRun(cron, timezone, new Date());
}

/**
 * The first moment after `from` that the schedule names.
 * @throws InvalidSchedule when there is none in the next 8 years, such as on 30 February
 */
export function nextRun(cron: string, timezone: string, from: Date): Date {
  try {
    return new CronTime(cron, timezone).getNextDateFrom(from, timezone).toJSDate();
  } catch {
    throw new InvalidSchedule('cron', `cron: expected a moment that comes within 8 years, got "${cron}"`);
  }
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

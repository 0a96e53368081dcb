import { CronFields } from './cron-fields.js';
import { WallClock } from './wall-clock.js';

const MINUTE = 60_000;
const DAY = 86_400_000;

/**
 * The moments that a cron expression of five fields names in a time zone, in milliseconds since 1970. Where clocks are
 * changed they follow cron(8) of Vixie cron: an expression for certain hours comes once a day, right after a gap that
 * swallowed it and at the first of two times that are repeated; one for every hour comes whenever the clock on the wall
 * matches. (Around a change of half an hour the `cron` package names moments that do not match, or two where there is one.)
 */
export class Timetable {
  private readonly fields: CronFields;
  private readonly clock: WallClock;

  constructor(cron: string, timezone: string) {
    this.fields = new CronFields(cron);
    this.clock = new WallClock(timezone);
  }

  /** The first moment after `after`; Infinity when there is none within 8 years. */
  next(after: number): number {
    return this.fields.isEveryHour ? this.nextMatch(after) : this.nextOfDay(after);
  }

  /** The last moment in (after, now]; null when there is none. Takes about as long for a year as for a day. */
  latest(after: number, now: number): number | null {
    if (after >= now) return null;
    let latest = this.next(after);
    if (latest > now) return null;
    for (let high = now; high - latest >= MINUTE;) {
      const middle = Math.floor((latest + high) / 2);
      const found = this.next(middle);
      if (found <= now) latest = found;
      else high = middle;
    }
    return latest;
  }

  private nextMatch(after: number): number {
    for (let from = after + 1; ;) {
      const offset = this.clock.offsetAt(from);
      const moment = this.fields.next(from + offset - 1) - offset;
      const end = Math.min(moment, from + DAY);
      const change = this.clock.changeIn(from, end);
      if (change === null && (moment === end || moment === Infinity)) return moment;
      // Readings shift by less than a day: whatever lies further from both ends than that cannot match.
      from = change ?? moment - DAY;
    }
  }

  private nextOfDay(after: number): number {
    for (let reading = after + this.clock.offsetAt(after); ;) {
      reading = this.fields.next(reading);
      if (reading === Infinity) return Infinity;
      const moment = this.clock.firstMomentOf(reading);
      if (moment > after) return moment;
    }
  }
}

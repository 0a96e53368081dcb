const MINUTE = 60_000;
const HOUR = 3_600_000;
const DAY = 86_400_000;

/** Days to look ahead: over a century without its leap day there are 8 years from one 29 February to the next. */
const LOOK_AHEAD = 8 * 366;

const MONTHS = ['jan', 'feb', 'mar', 'apr', 'may', 'jun', 'jul', 'aug', 'sep', 'oct', 'nov', 'dec'];
const WEEKDAYS = ['sun', 'mon', 'tue', 'wed', 'thu', 'fri', 'sat'];

/**
 * What a cron expression of five fields names, in calendar arithmetic without a time zone: moments are milliseconds as
 * in UTC. Expects an expression that the `cron` package takes, and agrees with it; that package takes a thousand times as
 * long to find a moment.
 */
export class CronFields {
  private readonly minutes: number[];
  private readonly hours: number[];
  private readonly days: number[];
  private readonly months: number[];
  private readonly weekdays: number[];

  constructor(cron: string) {
    const [minute, hour, day, month, weekday] = cron.toLowerCase().split(' ') as [string, ...string[]];
    this.minutes = valuesOf(minute, { low: 0, high: 59 });
    this.hours = valuesOf(hour!, { low: 0, high: 23 });
    this.days = valuesOf(day!, { low: 1, high: 31 });
    this.months = valuesOf(named(month!, MONTHS, 1), { low: 1, high: 12 });
    const weekdays = valuesOf(named(weekday!, WEEKDAYS, 0), { low: 0, high: 7 });
    this.weekdays = [...new Set(weekdays.map((one) => one % 7))];
  }

  get isEveryHour(): boolean {
    return this.hours.length === 24;
  }

  /** The first moment after `after`; Infinity when there is none within 8 years. */
  next(after: number): number {
    const today = Math.floor(after / DAY) * DAY;
    for (let day = today; day <= today + LOOK_AHEAD * DAY; day += DAY) {
      if (!this.hasDay(new Date(day))) continue;
      for (const hour of this.hours) {
        const minute = this.minutes.find((one) => day + hour * HOUR + one * MINUTE > after);
        if (minute !== undefined) return day + hour * HOUR + minute * MINUTE;
      }
    }
    return Infinity;
  }

  /** As crontab(5): where both the day of the month and that of the week are restricted, either will do. */
  private hasDay(date: Date): boolean {
    if (!this.months.includes(date.getUTCMonth() + 1)) return false;
    const inMonth = this.days.includes(date.getUTCDate());
    const inWeek = this.weekdays.includes(date.getUTCDay());
    const areBothRestricted = this.days.length < 31 && this.weekdays.length < 7;
    return areBothRestricted ? inMonth || inWeek : inMonth && inWeek;
  }
}

/** The values of a field such as `1,5-9`, `*` or `10/15`, in ascending order. */
function valuesOf(field: string, { low, high }: { low: number; high: number }): number[] {
  const values = new Set<number>();
  for (const part of field.split(',')) {
    const [range = '', step] = part.split('/');
    const [first = low, last] = range === '*' ? [low, high] : range.split('-').map(Number);
    const end = last ?? (step === undefined ? first : high);
    for (let value = first; value <= end; value += Number(step ?? 1)) values.add(value);
  }
  return [...values].sort((one, other) => one - other);
}

function named(field: string, names: string[], first: number): string {
  return field.replace(/[a-z]{3}/g, (name) => String(names.indexOf(name) + first));
}

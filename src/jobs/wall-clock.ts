const DAY = 86_400_000;

/**
 * The clock on the wall in a time zone. A reading is held as the milliseconds that the same reading would be in UTC, so
 * that calendar arithmetic on it knows no clock changes. Everything else is milliseconds since 1970.
 */
export class WallClock {
  private readonly format: Intl.DateTimeFormat;

  /** @param timezone an IANA name */
  constructor(timezone: string) {
    const numbers = { year: 'numeric', month: 'numeric', day: 'numeric' } as const;
    const time = { hour: 'numeric', minute: 'numeric', second: 'numeric', hourCycle: 'h23' } as const;
    this.format = new Intl.DateTimeFormat('en-US', { timeZone: timezone, ...numbers, ...time });
  }

  /** What has to be added to the moment to get the reading. */
  offsetAt(moment: number): number {
    const read = new Map(this.format.formatToParts(moment).map(({ type, value }) => [type, Number(value)]));
    const [year, month, day] = [read.get('year')!, read.get('month')!, read.get('day')!];
    const reading = Date.UTC(year, month - 1, day, read.get('hour'), read.get('minute'), read.get('second'));
    return reading - Math.floor(moment / 1_000) * 1_000;
  }

  /** The first moment in (from, to] after a change of the clock; null when it is not changed there. Sees one change only. */
  changeIn(from: number, to: number): number | null {
    const before = this.offsetAt(from);
    if (this.offsetAt(to) === before) return null;
    let [low, high] = [from, to];
    while (high - low > 1) {
      const middle = Math.floor((low + high) / 2);
      if (this.offsetAt(middle) === before) low = middle;
      else high = middle;
    }
    return high;
  }

  /** When the clock first shows the reading; where it leaps over the reading, the moment of the leap. */
  firstMomentOf(reading: number): number {
    const offsets = [this.offsetAt(reading - DAY), this.offsetAt(reading + DAY)] as const;
    for (const offset of offsets) {
      const moment = reading - offset;
      if (this.offsetAt(moment) === offset) return moment;
    }
    const [before, after] = offsets;
    return this.changeIn(reading - after, reading - before) ?? reading - before;
  }
}

import type { CursorKind } from './cursor-kind.js';
import { floorDecimal, parseDecimal } from './exact-decimal.js';
import { floorDivide, nextMidnight, NS_PER_SECOND, parseInstant, writeInstant } from './instant.js';

export type TimeFormat = 'iso' | 'date' | 'unix' | 'unix_ms';

/** Nanoseconds of one unit of the numbers that count from the epoch. */
const UNITS: Partial<Record<TimeFormat, bigint>> = { unix: NS_PER_SECOND, unix_ms: 1_000_000n };
/** Clocks differ, and so do zones. */
const MOST_AHEAD_MS = 24 * 3_600_000;
const PLAIN = { separator: 'T', digits: 3, hasZone: true };

/** Times by the moment that they name, to the nanosecond. Dates and times as ISO 8601 are read in every format. */
export class TimeCursor implements CursorKind<bigint> {
  constructor(private readonly format: TimeFormat) {}

  read(text: string): bigint | null {
    const unit = UNITS[this.format];
    const count = unit === undefined ? null : parseDecimal(text);
    if (unit === undefined || count === null) return parseInstant(text)?.at ?? null;
    return floorDecimal({ ...count, units: count.units * unit });
  }

  compare(a: bigint, b: bigint): number {
    return a < b ? -1 : a > b ? 1 : 0;
  }

  isAhead(at: bigint, now: number): boolean {
    return at > BigInt(now + MOST_AHEAD_MS) * 1_000_000n;
  }

  write(text: string, lookback: number): string {
    const at = this.read(text);
    if (at === null || (lookback === 0 && this.format === 'iso')) return text;
    const back = nanoseconds(lookback);
    if (this.format !== 'date') return this.writeAt(at - back, text);
    // The API may mean the day of the time's own zone, which may lie before that of UTC.
    const ownDay = parseInstant(parseInstant(text)?.day ?? '')?.at ?? at;
    return this.writeAt((ownDay < at ? ownDay : at) - back, text);
  }

  /** A moment as a request has it, rounded towards the past; in the way of `like` where the format leaves a choice. */
  writeAt(at: bigint, like: string): string {
    const unit = UNITS[this.format];
    if (unit !== undefined) return String(floorDivide(at, unit));
    if (this.format === 'date') return writeInstant(at, { ...PLAIN, separator: null });
    return writeInstant(at, parseInstant(like) ?? PLAIN);
  }

  /** Like `writeAt`, rounded towards the future: nothing before the moment lies after it. */
  writeEnd(at: bigint, like: string): string {
    const unit = UNITS[this.format];
    if (unit !== undefined) return String(-floorDivide(-at, unit));
    const isDay = this.format === 'date' || parseInstant(like)?.separator === null;
    if (isDay) return this.writeAt(nextMidnight(at), like);
    const { digits } = parseInstant(like) ?? PLAIN;
    const step = 10n ** BigInt(9 - digits);
    return this.writeAt(-floorDivide(-at, step) * step, like);
  }
}

export function nanoseconds(seconds: number): bigint {
  return BigInt(Math.round(seconds * 1000)) * 1_000_000n;
}

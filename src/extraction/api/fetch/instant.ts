const ISO =
  /^(\d{4})-(\d\d)-(\d\d)(?:([Tt ])(\d\d):(\d\d)(?::(\d\d)(?:[.,](\d+))?)?\s?([Zz]|[+-]\d\d(?::?\d\d)?)?)?$/;

/** A moment and how it was written. */
export interface Instant {
  /** Nanoseconds since the epoch. A time without a zone counts as UTC. */
  at: bigint;
  /** The date as it stands in the text. */
  day: string;
  /** Between date and time; null: a date alone. */
  separator: string | null;
  /** Digits of the fraction of a second. */
  digits: number;
  hasZone: boolean;
}

export const NS_PER_SECOND = 1_000_000_000n;
const NS_PER_MS = 1_000_000n;
const DAY_MS = 86_400_000;

/** Reads a date or a time as ISO 8601 and SQL write them; null: it is none. */
export function parseInstant(text: string): Instant | null {
  const match = ISO.exec(text);
  if (match === null) return null;
  const [, year, month, day, separator, hours = '0', minutes = '0', seconds = '0', fraction = '', zone] =
    match;
  const midnight = Date.parse(`${year}-${month}-${day}T00:00:00Z`);
  // A date that does not exist prints back as another one, or is not read at all.
  if (Number.isNaN(midnight) || new Date(midnight).getUTCDate() !== Number(day)) return null;
  if (Number(hours) > 24 || Number(minutes) > 59 || Number(seconds) > 60) return null;
  const time = ((Number(hours) * 60 + Number(minutes) - zoneMinutes(zone)) * 60 + Number(seconds)) * 1000;
  const nanoseconds = BigInt(fraction.slice(0, 9).padEnd(9, '0'));
  return {
    at: BigInt(midnight + time) * NS_PER_MS + nanoseconds,
    day: `${year}-${month}-${day}`,
    separator: separator ?? null,
    digits: Math.min(fraction.length, 9),
    hasZone: zone !== undefined,
  };
}

/**
 * Writes a moment in the way of another one, in UTC. What that way has no room for is cut off, so that the result is not
 * later than the moment.
 */
export function writeInstant(at: bigint, like: Pick<Instant, 'separator' | 'digits' | 'hasZone'>): string {
  const iso = new Date(Number(floorDivide(at, NS_PER_MS))).toISOString();
  if (like.separator === null) return iso.slice(0, 10);
  const nanoseconds = at - floorDivide(at, NS_PER_SECOND) * NS_PER_SECOND;
  const fraction = String(nanoseconds).padStart(9, '0').slice(0, like.digits);
  const seconds = `${iso.slice(0, 10)}${like.separator}${iso.slice(11, 19)}`;
  return `${seconds}${like.digits > 0 ? `.${fraction}` : ''}${like.hasZone ? 'Z' : ''}`;
}

/** The first midnight in UTC that is not before a moment. */
export function nextMidnight(at: bigint): bigint {
  const day = BigInt(DAY_MS) * NS_PER_MS;
  return -floorDivide(-at, day) * day;
}

/** Rounds towards the past, before the epoch as well. */
export function floorDivide(value: bigint, by: bigint): bigint {
  return value / by - (value % by < 0n ? 1n : 0n);
}

function zoneMinutes(zone: string | undefined): number {
  if (zone === undefined || zone.length === 1) return 0;
  const minutes = Number(zone.slice(1, 3)) * 60 + Number(zone.slice(3).replace(':', '') || '0');
  return zone.startsWith('-') ? -minutes : minutes;
}

import { type Rule, text } from './rules.js';

const SECONDS_BY_UNIT: Record<string, number> = { ms: 0.001, s: 1, m: 60, h: 3600, d: 86_400 };
const BYTES_BY_UNIT: Record<string, number> = { KB: 1e3, MB: 1e6, GB: 1e9 };

/** Seconds of a text such as `500ms`, `60s`, `5m`, `1h` or `30d`; null when it is none. */
export function parsePeriod(value: unknown): number | null {
  const match = typeof value === 'string' ? /^([0-9]{1,6})(ms|[smhd])$/.exec(value) : null;
  if (!match) return null;
  return match[2] === 'ms' ? Number(match[1]) / 1000 : Number(match[1]) * SECONDS_BY_UNIT[match[2]!]!;
}

/** Requests a second of a text such as `10/s`, `600/m`, `0.5/s`; null when it is none. */
export function parseRate(value: unknown): number | null {
  const match = typeof value === 'string' ? RATE_TEXT.exec(value) : null;
  return match ? Number(match[1]) / SECONDS_BY_UNIT[match[2]!]! : null;
}

/** Bytes of a text such as `64MB`, a million of them in a megabyte; null when it is none. */
export function parseSize(value: unknown): number | null {
  const match = typeof value === 'string' ? /^([0-9]{1,6})([KMG]B)$/.exec(value) : null;
  return match ? Number(match[1]) * BYTES_BY_UNIT[match[2]!]! : null;
}

/** A time between two others, in the units given: `period('1s', '24h', 'smh')`. */
export function period(shortest: string, longest: string, units: string): Rule {
  const [least, most] = [parsePeriod(shortest)!, parsePeriod(longest)!];
  const unit = units.startsWith('ms') ? `(?:ms|[${units.slice(2)}])` : `[${units}]`;
  const pattern = new RegExp(`^0*[1-9][0-9]*${unit}$`);
  return {
    expected: `a time from ${shortest} to ${longest}, such as 60s, 5m or 1h`,
    accepts: (value) => {
      const seconds = parsePeriod(value);
      return seconds !== null && pattern.test(value as string) && seconds >= least && seconds <= most;
    },
    schema: { type: 'string', pattern: pattern.source },
  };
}

export const PERCENTAGE = text('a percentage', /^(?:100(?:\.0+)?|\d{1,2}(?:\.\d+)?)%$/);

/** The share, from 0 to 1, of a percentage's text. */
export function parseShare(percentage: string): number {
  return Number(percentage.slice(0, -1)) / 100;
}

const RATE_TEXT = /^(?=[0-9.]*[1-9])([0-9]{1,6}(?:\.[0-9]{1,3})?)\/([smhd])$/;

export const RATE: Rule = {
  expected: 'requests in a time, such as 10/s, 600/m or 1000/h',
  accepts: (value) => parseRate(value) !== null,
  schema: { type: 'string', pattern: RATE_TEXT.source },
};

/** A number of bytes, up to a greatest one. */
export function size(greatest: string): Rule {
  const pattern = /^0*[1-9][0-9]*[KMG]B$/;
  return {
    expected: `a size from 1KB to ${greatest}, such as 64MB`,
    accepts: (value) => {
      const bytes = parseSize(value);
      return bytes !== null && bytes > 0 && bytes <= parseSize(greatest)!;
    },
    schema: { type: 'string', pattern: pattern.source },
  };
}

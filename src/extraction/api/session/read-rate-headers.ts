/** No answer makes anybody wait longer than this. */
export const MAX_PAUSE_MS = 120_000;

/** Below it a number is a time span in seconds, below the next a moment in seconds since the epoch, else in milliseconds. */
const EPOCH_SECONDS = 1e8;
const EPOCH_MS = 1e11;
const NUMBER = /^\d+(\.\d+)?$/;
const DATE = /^(mon|tue|wed|thu|fri|sat|sun)[a-z]*,? /i;

type Headers = Readonly<Record<string, string>>;

/** How much of one quota is left, null where it is not told, and in how many milliseconds it is whole again. */
interface Quota {
  remaining: number | null;
  resetMs: number | null;
}

/**
 * How many milliseconds the host should not be asked, at most two minutes; 0: it may be asked at once. Read from `Retry-After`
 * (RFC 9110, 10.2.3) where it refused or is not ready, else from quotas that are used up: `RateLimit` and `RateLimit-*` (IETF
 * draft-ietf-httpapi-ratelimit-headers, the form with parameters and those before it), `X-RateLimit-*`, `X-Rate-Limit-*`.
 * @param now milliseconds since the epoch; moments are taken by the answer's own `Date` where it has one
 */
export function readPause(status: number, headers: Headers, now: number): number {
  const serverNow = parseDate(headers['date']) ?? now;
  const asked = status >= 300 || status === 202 ? readRetryAfter(headers['retry-after'], serverNow) : null;
  if (asked !== null) return cap(asked);
  const isUsedUp = ({ remaining }: Quota) => remaining === 0 || (remaining === null && status === 429);
  const waits = readQuotas(headers, serverNow).filter(isUsedUp);
  return cap(Math.max(0, ...waits.map(({ resetMs }) => resetMs ?? 0)));
}

function cap(ms: number): number {
  return Math.min(Math.max(Math.ceil(ms), 0), MAX_PAUSE_MS);
}

function readRetryAfter(text: string | undefined, now: number): number | null {
  const value = firstOf(text);
  if (NUMBER.test(value)) return Number(value) * 1000;
  const moment = parseDate(value);
  return moment === null ? null : moment - now;
}

function readQuotas(headers: Headers, now: number): Quota[] {
  const pairs = ['ratelimit', 'x-ratelimit', 'x-rate-limit'].map((prefix) =>
    toQuota(headers[`${prefix}-remaining`], headers[`${prefix}-reset`], now),
  );
  return [...readStructured(headers['ratelimit'] ?? '', now), ...pairs];
}

/** `"name";r=0;t=30, "other";r=9`, and as it was before: `limit=100, remaining=0, reset=30`. */
function readStructured(text: string, now: number): Quota[] {
  const bare = text.replace(/"(\\.|[^"\\])*"/g, '');
  if (/(^|[;,\s])remaining\s*=/i.test(bare)) {
    return [toQuota(member(bare, 'remaining'), member(bare, 'reset'), now)];
  }
  return bare.split(',').map((item) => toQuota(member(item, 'r'), member(item, 't'), now));
}

function member(text: string, name: string): string | undefined {
  return new RegExp(`(?:^|[;,\\s])${name}\\s*=\\s*([\\d.]+)`, 'i').exec(text)?.[1];
}

function toQuota(remaining: string | undefined, reset: string | undefined, now: number): Quota {
  const left = firstOf(remaining);
  return { remaining: NUMBER.test(left) ? Number(left) : null, resetMs: readReset(reset, now) };
}

function readReset(text: string | undefined, now: number): number | null {
  const value = firstOf(text);
  if (!NUMBER.test(value)) {
    const moment = parseDate(value);
    return moment === null ? null : moment - now;
  }
  const number = Number(value);
  if (number < EPOCH_SECONDS) return number * 1000;
  return (number < EPOCH_MS ? number * 1000 : number) - now;
}

/** Where a header came more than once the first one counts; a date has a comma of its own. */
function firstOf(text = ''): string {
  return (DATE.test(text) ? text : (text.split(',')[0] ?? '')).trim();
}

/** The three forms of RFC 9110, 5.6.7; the last of them names no zone and means GMT. */
function parseDate(text: string | undefined): number | null {
  if (text === undefined || !DATE.test(text)) return null;
  const moment = Date.parse(/(GMT|UTC|[+-]\d{4})$/.test(text) ? text : `${text} GMT`);
  return Number.isNaN(moment) ? null : moment;
}

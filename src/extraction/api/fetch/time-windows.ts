import type { ApiCursor } from '../../../config-history/api-source-config.js';
import { TerminalError } from '../../../errors.js';
import { nanoseconds, TimeCursor } from './cursor-time.js';
import { parseDecimal } from './exact-decimal.js';

/** A part of the time that is asked for by itself, as a request has it. */
export interface TimeWindow {
  start: string;
  end: string;
}

const MOST_WINDOWS = 100_000;

/**
 * Windows of `stepSeconds` from a value on until now, each beginning where the one before it ends. A record on a border may
 * come twice, for APIs differ in whether the end belongs to a window. Throws TerminalError where they cannot be made.
 * @param start see `cursorStart`
 * @param now milliseconds since the epoch
 */
export function* timeWindows(cursor: ApiCursor, start: string | null, now: number): Generator<TimeWindow> {
  const kind = timeKind(cursor, start);
  const first = start === null ? null : kind.read(start);
  if (start === null || first === null)
    throw unusable('a stored value or cursor.start that is a time', start);
  const step = nanoseconds(cursor.stepSeconds ?? 0);
  if (step <= 0n) throw unusable('more than 0 seconds', String(cursor.stepSeconds));
  // A start in the future is asked for once: the API's clock may be ahead of ours.
  const present = BigInt(now) * 1_000_000n;
  const end = present > first ? present : first + step;
  const count = (end - first + step - 1n) / step;
  if (count > MOST_WINDOWS) throw unusable(`at most ${MOST_WINDOWS} windows`, `${count} from ${start} on`);
  for (let from = first; from < end; from += step) {
    const until = from + step < end ? from + step : end;
    yield { start: kind.writeAt(from, start), end: kind.writeEnd(until, start) };
  }
}

function timeKind({ format }: ApiCursor, start: string | null): TimeCursor {
  const isNumber = start !== null && parseDecimal(start) !== null;
  if (format === 'text' || format === 'number' || (format === 'auto' && isNumber)) {
    throw unusable('cursor.format to be iso, date, unix or unix_ms', format);
  }
  return new TimeCursor(format === 'auto' ? 'iso' : format);
}

function unusable(expected: string, got: string | null): TerminalError {
  return new TerminalError('CURSOR_UNUSABLE', `cursor.step: expected ${expected}, got ${got ?? 'none'}`);
}

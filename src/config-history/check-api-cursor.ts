import { checkPlaces } from './check-pagination.js';
import { findPlaceholders } from './find-placeholders.js';
import type { Fault } from './fault.js';
import { ApiCursorShape } from './shape/api-series-shape.js';
import type { ApiSourceShape } from './shape/api-source-shape.js';
import { parsePeriod } from './shape/quantities.js';
import { describeValue } from './shape/rules.js';
import { hasVariable } from './variables.js';

type Path = (string | number)[];
type Format = NonNullable<ApiCursorShape['format']>;

const NUMBER = /^[-+]?\d+(?:\.\d+)?$/;
const TIME = /^(\d{4}-\d\d-\d\d)(?:[T ]\d\d:\d\d(?::\d\d(?:[.,]\d+)?)?\s?(?:Z|[+-]\d\d(?::?\d\d)?)?)?$/i;
const COUNTED: readonly Format[] = ['unix', 'unix_ms'];

/** Checks what the keys of an incremental `cursor` mean together, and with the request; the path is the source's. */
export function checkApiCursor(source: ApiSourceShape, path: Path): Fault[] {
  const { cursor } = source;
  if (!(cursor instanceof ApiCursorShape)) return [];
  const place = [...path, 'cursor'];
  return [
    ...checkPlaces(source, { shape: cursor, keys: ['param', 'end_param'] }, place),
    ...checkUse(source, cursor, place),
    ...checkStart(cursor, place),
    ...checkLookback(cursor, place),
  ];
}

/** A value that goes nowhere asks for nothing, and a window without an end has no end. */
function checkUse(source: ApiSourceShape, cursor: ApiCursorShape, place: Path): Fault[] {
  const used = findPlaceholders(source).filter(({ kind }) => kind === 'cursor');
  const isUsed = (word: string) => used.some(({ name }) => name === word);
  const faults: Fault[] = [];
  const need = (key: string, expected: string) =>
    faults.push({ path: [...place, key], message: `expected ${expected}, got nothing`, at: 'missing' });
  if (cursor.param === undefined && !isUsed('start')) {
    need('param', 'param, or {cursor.start} in url, query, headers or body');
  }
  if (cursor.start === undefined && used.some(({ isInPath, name }) => isInPath && name === 'start')) {
    need('start', 'start, for the path of url has {cursor.start}');
  }
  if (cursor.step === undefined) {
    if (cursor.end_param !== undefined) need('step', 'step beside end_param');
    else if (isUsed('end')) need('step', 'step, for {cursor.end} is the end of a window');
    return faults;
  }
  if (cursor.end_param === undefined && !isUsed('end')) {
    need('end_param', 'end_param beside step, or {cursor.end} in url, query, headers or body');
  }
  if (cursor.start === undefined) need('start', 'start beside step, where the first window begins');
  return faults;
}

function checkStart({ start, step, format = 'auto' }: ApiCursorShape, place: Path): Fault[] {
  const faults: Fault[] = [];
  if (step !== undefined && (format === 'text' || format === 'number')) {
    const message = `expected iso, date, unix, unix_ms or auto beside step, got ${format}`;
    faults.push({ path: [...place, 'format'], message });
  }
  const text = typeof start === 'number' ? String(start) : start;
  if (typeof text !== 'string' || hasVariable(text)) return faults;
  const expected = expectedStart(text, format, step !== undefined);
  if (expected === null) return faults;
  return [
    ...faults,
    { path: [...place, 'start'], message: `expected ${expected}, got ${describeValue(start)}` },
  ];
}

/** What a start should have been; null: it fits. */
function expectedStart(text: string, format: Format, hasStep: boolean): string | null {
  if (format === 'number') return NUMBER.test(text) ? null : 'a number, for format is number';
  if (COUNTED.includes(format)) {
    return NUMBER.test(text) || isTime(text)
      ? null
      : `a number or a time as 2024-01-31, for format is ${format}`;
  }
  const isDated = format === 'iso' || format === 'date';
  if (!isDated && !(format === 'auto' && hasStep)) return null;
  const reason = isDated ? `format is ${format}` : 'step asks for windows of time';
  return isTime(text) ? null : `a time as 2024-01-31 or 2024-01-31T10:00:00Z, for ${reason}`;
}

function isTime(text: string): boolean {
  const day = TIME.exec(text)?.[1];
  if (day === undefined) return false;
  const midnight = new Date(`${day}T00:00:00Z`);
  // A date that does not exist is none, or prints back as another one.
  return !Number.isNaN(midnight.getTime()) && midnight.toISOString().startsWith(day);
}

/** Back by a time from times, by a number from numbers, and by nothing from texts. */
function checkLookback({ lookback, format = 'auto' }: ApiCursorShape, place: Path): Fault[] {
  if (lookback === undefined || lookback === 0) return [];
  const isPeriod = parsePeriod(lookback) !== null;
  if (!isPeriod && typeof lookback !== 'number') return [];
  const expected =
    format === 'text'
      ? 'no lookback, for texts have none'
      : format === 'number'
        ? isPeriod && 'a number, for format is number'
        : format !== 'auto' && !isPeriod && `a time such as 1h, for format is ${format}`;
  if (!expected) return [];
  return [{ path: [...place, 'lookback'], message: `expected ${expected}, got ${describeValue(lookback)}` }];
}

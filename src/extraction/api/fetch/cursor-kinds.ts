import type { ApiCursor } from '../../../config-history/api-source-config.js';
import type { CursorKind } from './cursor-kind.js';
import { numberCursor } from './cursor-number.js';
import { textCursor } from './cursor-text.js';
import { TimeCursor } from './cursor-time.js';
import { parseDecimal } from './exact-decimal.js';
import { parseInstant } from './instant.js';

/** How each format compares and writes. A new one is one line here. */
const kinds: Record<Exclude<ApiCursor['format'], 'auto'>, CursorKind<unknown>> = {
  text: textCursor,
  number: numberCursor,
  iso: new TimeCursor('iso'),
  date: new TimeCursor('date'),
  unix: new TimeCursor('unix'),
  unix_ms: new TimeCursor('unix_ms'),
};

/** The kind of a format; that of `auto` by a value of the cursor: numbers, times as ISO 8601, else texts. */
export function cursorKind(format: ApiCursor['format'], value: string): CursorKind<unknown> {
  return kinds[format === 'auto' ? guessFormat(value) : format];
}

/** That of `auto` by the first values there are: what a number or a time does not say, a text beside it does not undo. */
export function cursorKindOf(format: ApiCursor['format'], values: readonly string[]): CursorKind<unknown> {
  return cursorKind(format, values.find((value) => guessFormat(value) !== 'text') ?? values[0] ?? '');
}

function guessFormat(value: string): 'number' | 'iso' | 'text' {
  if (parseDecimal(value) !== null) return 'number';
  return parseInstant(value) === null ? 'text' : 'iso';
}

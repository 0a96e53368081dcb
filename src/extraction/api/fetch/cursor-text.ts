import { TerminalError } from '../../../errors.js';
import type { CursorKind } from './cursor-kind.js';

const SURROGATE = /[\ud800-\udfff]/;

/** Texts by their code points, as PostgreSQL's C collation has them. */
export const textCursor: CursorKind<string> = {
  read: (text) => text,
  compare: compareCodePoints,
  write(text, lookback) {
    if (lookback === 0) return text;
    const got = JSON.stringify(text.slice(0, 100));
    throw new TerminalError('CURSOR_UNREADABLE', `cursor.lookback: expected a time or a number, got ${got}`);
  },
};

/** JavaScript compares by UTF-16 units, which puts half a surrogate pair before U+E000. */
function compareCodePoints(a: string, b: string): number {
  if (SURROGATE.test(a) || SURROGATE.test(b)) return Buffer.compare(Buffer.from(a), Buffer.from(b));
  return a < b ? -1 : a > b ? 1 : 0;
}

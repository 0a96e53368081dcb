import type { CursorKind } from './cursor-kind.js';
import {
  compareDecimals,
  parseDecimal,
  subtractDecimals,
  writeDecimal,
  type ExactDecimal,
} from './exact-decimal.js';

/** Numbers by their value, every digit counts. */
export const numberCursor: CursorKind<ExactDecimal> = {
  read: parseDecimal,
  compare: compareDecimals,
  write(text, lookback) {
    const value = parseDecimal(text);
    const back = parseDecimal(String(lookback));
    if (lookback === 0 || value === null || back === null) return text;
    return writeDecimal(subtractDecimals(value, back));
  },
};

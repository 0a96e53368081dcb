import { PERCENTAGE } from './quantities.js';
import { listOf, type Rule, wholeNumber } from './rules.js';
import { NEW_NAME } from './names.js';

export const WRITE_MODES = ['append', 'insert', 'replace', 'upsert', 'scd2'] as const;
export type WriteModeName = (typeof WRITE_MODES)[number];

/** As many as an index of PostgreSQL can have. */
const MOST_KEY_COLUMNS = 32;

export const KEY_COLUMNS: Rule = listOf(`a list of 1 to ${MOST_KEY_COLUMNS} column names`, NEW_NAME, {
  minItems: 1,
  maxItems: MOST_KEY_COLUMNS,
  uniqueItems: true,
});

export const MIN_ROWS = wholeNumber(0, Number.MAX_SAFE_INTEGER);
export const MAX_SHRINK: Rule = { ...PERCENTAGE, expected: 'a percentage such as 20%' };

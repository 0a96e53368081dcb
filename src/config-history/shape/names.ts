import type { Rule } from './rules.js';

/** What a column may be called: letters of any script, digits and _. */
export const COLUMN_NAME = /^[\p{L}_][\p{L}\p{N}_]{0,62}$/u;
/** A column's name where it is a value. */
export const NEW_NAME: Rule = {
  expected: 'a column name of letters, digits and _ (at most 63 bytes, no digit first)',
  accepts: (value) =>
    typeof value === 'string' &&
    COLUMN_NAME.test(value) &&
    Buffer.byteLength(value) <= 63 &&
    !['__proto__', 'constructor', 'prototype'].includes(value),
  schema: { type: 'string', pattern: COLUMN_NAME.source },
};
/** What a table may be called. */
export const IDENTIFIER = /^[A-Za-z_][A-Za-z0-9_]{0,62}$/;

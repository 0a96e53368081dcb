import type { Rule } from './rules.js';

/** What a column may be called: letters of any script, digits and _. */
export const COLUMN_NAME = /^[\p{L}_][\p{L}\p{N}_]{0,62}$/u;
/** Every table of PostgreSQL has these already; https://www.postgresql.org/docs/current/ddl-system-columns.html */
const SYSTEM_COLUMNS: readonly string[] = ['tableoid', 'xmin', 'cmin', 'xmax', 'cmax', 'ctid'];
/** What is wrong with a name that a column cannot have because each table has it; undefined: nothing. */
export function refuseSystemColumn(name: unknown): string | undefined {
  if (!SYSTEM_COLUMNS.some((system) => system === name)) return undefined;
  return `expected another column name than ${String(name)}, which is a system column of every table of PostgreSQL`;
}

/** A column's name where it is a value. */
export const NEW_NAME: Rule = {
  expected: 'a column name of letters, digits and _ (at most 63 bytes, no digit first)',
  accepts: (value) =>
    typeof value === 'string' &&
    COLUMN_NAME.test(value) &&
    Buffer.byteLength(value) <= 63 &&
    !['__proto__', 'constructor', 'prototype', ...SYSTEM_COLUMNS].includes(value),
  schema: { type: 'string', pattern: COLUMN_NAME.source },
  explain: (value) => {
    const message = refuseSystemColumn(value);
    return message ? [{ at: [], message }] : [];
  },
};
/** What a table may be called. */
export const IDENTIFIER = /^[A-Za-z_][A-Za-z0-9_]{0,62}$/;

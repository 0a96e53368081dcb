import { list, literal } from './engine.js';
import { isText, type SettledColumn } from './settled-column.js';

/** What `trim: true` takes away: all that JavaScript's `trim` does. Without the key it is blanks, no tabs or line ends. */
const BLANKS =
  '\t\n\v\f\r \u00a0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u2028\u2029\u202f\u205f\u3000\ufeff';

/**
 * SQL of a column's text once it is cleaned, in this order: trimmed, texts that mean NULL made so, others mapped. The
 * empty text is NULL for every type but text.
 *
 * @param r SQL of the text as it was read
 */
export function cleanText(column: SettledColumn, r: string): string {
  const { nulls = [], map = {} } = column.cleaning ?? {};
  const kept = mapped(withoutNulls(trimmed(column, r), nulls), map);
  return isText(column) ? kept : `nullif(${kept}, '')`;
}

function trimmed(column: SettledColumn, r: string): string {
  const isTrimmed = column.cleaning?.trim ?? !isText(column);
  if (!isTrimmed) return r;
  return column.cleaning?.trim ? `trim(${r}, ${literal(BLANKS)})` : `trim(${r})`;
}

// Searched in lists: the engine makes a join of IN, which loses the order of the records.
function withoutNulls(text: string, nulls: string[]): string {
  if (nulls.length === 0) return text;
  return `CASE WHEN NOT list_contains(${list(nulls)}, ${text}) THEN ${text} END`;
}

function mapped(text: string, map: Record<string, string>): string {
  const [from, to] = [Object.keys(map), Object.values(map)];
  if (from.length === 0) return text;
  return `coalesce(${list(to)}[list_position(${list(from)}, ${text})], ${text})`;
}

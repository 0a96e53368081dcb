import { list, literal } from './engine.js';
import type { SettledColumn } from './settled-column.js';
import { FALSE_TEXTS, TRUE_TEXTS, TYPE_RULES } from './type-rules.js';

/**
 * SQL of a column's typed value: NULL when the text does not fit, the column's default when there is none.
 *
 * @param v SQL of the cleaned text
 * @param number SQL of the same as a plain number, where the column has a decimal mark of its own
 */
export function readValue(column: SettledColumn, v: string, number = v): string {
  const read = readText(column, number);
  const fallback = readDefault(column);
  return fallback === null ? read : `CASE WHEN ${v} IS NULL THEN ${fallback} ELSE ${read} END`;
}

/** SQL of the column's typed default: NULL when it does not fit; null: it has none. */
export function readDefault({ type, cleaning }: SettledColumn): string | null {
  if (cleaning?.default === undefined) return null;
  return TYPE_RULES[type.name].read(`${literal(cleaning.default)}::VARCHAR`, type);
}

function readText(column: SettledColumn, v: string): string {
  if (column.cleaning?.trueValues ?? column.cleaning?.falseValues) return readBoolean(column, v);
  if (column.formats.length > 0) return readFormats(column, v);
  return TYPE_RULES[column.type.name].read(v, column.type);
}

function readBoolean({ cleaning }: SettledColumn, v: string): string {
  const isOneOf = (texts: string[]) =>
    `list_contains([${texts.map((text) => `lower(${literal(text)})`).join(', ')}], lower(${v}))`;
  const { trueValues = TRUE_TEXTS.split('|'), falseValues = FALSE_TEXTS.split('|') } = cleaning ?? {};
  return `CASE WHEN ${isOneOf(trueValues)} THEN true WHEN ${isOneOf(falseValues)} THEN false END`;
}

function readFormats(column: SettledColumn, v: string): string {
  const rule = TYPE_RULES[column.type.name];
  const read = `try_strptime(${v}, ${list(column.formats)})`;
  // What strptime takes and would lose: digits beyond microseconds, `24` for the year 24, a time of day in a date.
  const doubts = [`regexp_matches(${v}, '\\.[0-9]{6}0*[1-9]')`];
  if (column.formats.some((format) => format.includes('%Y'))) doubts.push(`year(${read}) BETWEEN 0 AND 999`);
  if (column.type.name === 'date') doubts.push(`date_trunc('day', ${read}) <> ${read}`);
  return `CASE WHEN NOT (${doubts.join(' OR ')}) THEN TRY_CAST(${read} AS ${rule.stored(column.type)}) END`;
}

import type { ColumnType, TypeName } from './column-types.js';
import { TYPE_RULES } from './type-rules.js';

/** So many digits a binary number of each kind keeps, whatever they are (FLT_DIG, DBL_DIG). */
const DIGITS: Partial<Record<TypeName, number>> = { real: 6, double: 15 };
/** Below that a binary number has fewer. */
const SMALLEST: Partial<Record<TypeName, string>> = { real: '1e-37', double: '1e-307' };
const NUMBERS = new Set<TypeName>(['smallint', 'integer', 'bigint', 'numeric', 'real', 'double']);

/**
 * SQL: whether a column of the type says all that a text says. The type has to read it; and of numbers the digits stay as
 * they are, so that `007` and `+49301` are none, and binary ones are not rounded. Other spellings of a value (`7.0`, `Y`,
 * a date for its midnight) are that value.
 *
 * @param v SQL of a cleaned text; NULL is never held
 */
export function holdsText(v: string, type: ColumnType): string {
  const reads = `${TYPE_RULES[type.name].read(v, type)} IS NOT NULL`;
  if (!NUMBERS.has(type.name)) return `(${reads})`;
  const isCode = `regexp_matches(${v}, '^(\\+|-?0[0-9])')`;
  const exact = DIGITS[type.name] === undefined ? '' : ` AND ${isExact(v, type)}`;
  return `(NOT ${isCode} AND ${reads}${exact})`;
}

/** The binary number has all digits of the text, because these are few or because it is printed just so. */
function isExact(v: string, type: ColumnType): string {
  const number = `TRY_CAST(${v} AS ${TYPE_RULES[type.name].stored(type)})`;
  const mantissa = `regexp_replace(lower(${v}), 'e.*', '')`;
  const digits = `rtrim(ltrim(replace(ltrim(${mantissa}, '-'), '.', ''), '0'), '0')`;
  const isNormal = `(${digits} = '' OR abs(${number}) >= ${SMALLEST[type.name]})`;
  const isPrinted = `regexp_replace(${number}::VARCHAR, '\\.0$', '') = ${v}`;
  return `(NOT isfinite(${number}) OR ${isPrinted} OR (length(${digits}) <= ${DIGITS[type.name]} AND ${isNormal}))`;
}

import type { ColumnType, TypeName } from './column-types.js';
import { PLAIN_DECIMAL } from './infer-columns.js';
import type { SettledColumn } from './settled-column.js';
import { isDecimal, MAX_DIGITS, stripZeros, TYPE_RULES } from './type-rules.js';

/**
 * A type whose values mostly stand in a text just as the engine prints them. That a text is so proves its form for a
 * fraction of what a pattern costs, and it is the text of the row's identity as well.
 *
 * For column `n` SQL knows `r{n}`, the text as it was read; `u{n}`, the engine's cast of it; `p{n}`, how that is printed;
 * and `y{n}`, whether the two texts are one.
 */
interface PrintedType {
  /** The engine's type. */
  stored: (type: ColumnType) => string;
  /** Whether a value that is printed so is one of the type: the engine knows more years. Absent: all are. */
  holds?: (value: string) => string;
}

const years = (type: string, zone: string) => (value: string) =>
  `${value} >= ${type} '0001-01-01${zone}' AND ${value} < ${type} '10000-01-01${zone}'`;

const plain = ({ name }: ColumnType) => TYPE_RULES[name].stored({ name });

/** `numeric` without a precision, which is staged as the text that it is, stands apart. */
const PRINTED: Partial<Record<TypeName, PrintedType>> = {
  smallint: { stored: plain },
  integer: { stored: plain },
  bigint: { stored: plain },
  numeric: { stored: (type) => TYPE_RULES.numeric.stored(type) },
  real: { stored: plain },
  double: { stored: plain },
  boolean: { stored: plain },
  date: { stored: plain, holds: years('DATE', '') },
  time: { stored: plain, holds: (value) => `${value} < TIME '24:00:00'` },
  timestamp: { stored: plain, holds: years('TIMESTAMP', ' 00:00:00') },
  timestamptz: { stored: plain, holds: years('TIMESTAMPTZ', ' 00:00:00+00') },
  uuid: { stored: plain },
};

/** More digits than inference takes for a whole number. */
const INFERRED_INTEGER = (value: string) => `${value} BETWEEN -999999999999999999 AND 999999999999999999`;

/** How a column's texts are told by how they are printed; null: they are cleaned, or of a type that is not printed. */
function printedRule({ type, isAssumed, cleaning, formats, derived, earlier }: SettledColumn) {
  const printed = PRINTED[type.name];
  const isPlain = !cleaning && !derived && formats.length === 0 && !earlier;
  if (!printed || !(isAssumed || isPlain)) return null;
  const holds = isAssumed && type.name === 'bigint' ? INFERRED_INTEGER : printed.holds;
  return { stored: printed.stored(type), holds };
}

const isBareNumeric = ({ type }: SettledColumn) => type.name === 'numeric' && !isDecimal(type);

/** `u{n}` and `p{n}`, from `r{n}`. */
export function printedParts(column: SettledColumn, n: number): string[] {
  const rule = printedRule(column);
  if (!rule) return [];
  const text = `r${n}`;
  if (isBareNumeric(column)) {
    const fits = `regexp_full_match(${text}, '${PLAIN_DECIMAL}') AND length(${text}) <= ${MAX_DIGITS}`;
    return [`CASE WHEN ${fits} THEN ${text} END AS u${n}`];
  }
  const value = `TRY_CAST(${text} AS ${rule.stored})`;
  return [`${value} AS u${n}`, `${value}::VARCHAR AS p${n}`];
}

/** `y{n}`, from those. */
export function printedProof(column: SettledColumn, n: number): string[] {
  const rule = printedRule(column);
  if (!rule) return [];
  if (isBareNumeric(column)) return [`u${n} IS NOT NULL AS y${n}`];
  const holds = rule.holds ? ` AND ${rule.holds(`u${n}`)}` : '';
  return [`(p${n} = r${n}${holds}) AS y${n}`];
}

/** The names of all that. */
export function printedNames(column: SettledColumn, n: number): string[] {
  if (!printedRule(column)) return [];
  return [`u${n}`, `y${n}`, ...(isBareNumeric(column) ? [] : [`p${n}`])];
}

/** SQL of the cleaned text: as it was read where it is printed so. */
export function cleanPrinted(column: SettledColumn, n: number, otherwise: string): string {
  return printedRule(column) ? `CASE WHEN y${n} THEN r${n} ELSE ${otherwise} END` : otherwise;
}

/** SQL of the typed value. */
export function readPrinted(column: SettledColumn, n: number, otherwise: string): string {
  return printedRule(column) ? `CASE WHEN y${n} THEN u${n} ELSE ${otherwise} END` : otherwise;
}

/** SQL of the text that the value enters the row's identity with, see `TypeRule.canonical`. */
export function canonicalPrinted(column: SettledColumn, n: number, otherwise: string): string {
  if (!printedRule(column)) return otherwise;
  return `CASE WHEN y${n} THEN ${canonicalOf(column, n)} ELSE ${otherwise} END`;
}

function canonicalOf(column: SettledColumn, n: number): string {
  const { type } = column;
  if (isBareNumeric(column)) return withoutZeros(`u${n}`);
  if (type.name === 'numeric') return type.scale ? withoutZeros(`p${n}`) : `p${n}`;
  const isFloat = type.name === 'real' || type.name === 'double';
  return isFloat ? `CASE WHEN t${n} = 0 THEN '0' ELSE p${n} END` : `p${n}`;
}

/** Most have none to lose. */
const withoutZeros = (text: string) =>
  `CASE WHEN ends_with(${text}, '0') AND contains(${text}, '.') THEN ${stripZeros(text)} ELSE ${text} END`;

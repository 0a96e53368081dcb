import type { TypeName } from './column-types.js';
import { fitsForm } from './infer-columns.js';
import type { SettledColumn } from './settled-column.js';
import { TYPE_RULES } from './type-rules.js';

/** A type whose values mostly stand in a text just as the engine prints them, which proves their form for next to nothing. */
interface PrintedType {
  stored: string;
  /** Whether a value that is printed so has the type's form: the engine knows more numbers and years. */
  holds(value: string): string;
}

const within = (first: string, end: string) => (value: string) =>
  `${value} >= ${first} AND ${value} < ${end}`;

const PRINTED: Partial<Record<TypeName, PrintedType>> = {
  bigint: { stored: 'BIGINT', holds: within('-999999999999999999', '1000000000000000000') },
  date: { stored: 'DATE', holds: within(`DATE '0001-01-01'`, `DATE '10000-01-01'`) },
  timestamp: { stored: 'TIMESTAMP', holds: within(`TIMESTAMP '0001-01-01'`, `TIMESTAMP '10000-01-01'`) },
  timestamptz: {
    stored: 'TIMESTAMPTZ',
    holds: within(`TIMESTAMPTZ '0001-01-01 00:00:00+00'`, `TIMESTAMPTZ '10000-01-01 00:00:00+00'`),
  },
};

type Assumed = Pick<SettledColumn, 'type' | 'isAssumed'>;

const printedType = ({ type, isAssumed }: Assumed) => (isAssumed ? PRINTED[type.name] : undefined);

/** What has to stand beside `v{n}` for the two functions below: the value `u{n}`, and as what it is printed, `p{n}`. */
export function printedParts(column: Assumed, n: number): string[] {
  const printed = printedType(column);
  if (!printed) return [];
  const value = `TRY_CAST(v${n} AS ${printed.stored})`;
  return [`${value} AS u${n}`, `${value}::VARCHAR AS p${n}`];
}

/** The names of what `printedParts` makes that `canonicalAssumed` needs. */
export const printedTexts = (column: Assumed, n: number) => (printedType(column) ? [`p${n}`] : []);

/**
 * SQL of the typed value of a column whose type was taken from a sample: NULL where the text `v{n}` has not the form that
 * it was taken for.
 */
export function readAssumed(column: Assumed, n: number): string {
  const { name } = column.type;
  const text = `v${n}`;
  const value = TYPE_RULES[name].assumed?.(text) ?? TYPE_RULES[name].read(text, { name });
  const formed = `WHEN ${fitsForm(name, text)} THEN ${value}`;
  const printed = printedType(column);
  const isPrinted = printed ? `WHEN p${n} = ${text} AND ${printed.holds(`u${n}`)} THEN u${n} ` : '';
  return `CASE ${isPrinted}${formed} END`;
}

/** SQL of the text that such a value enters the row's identity with, see `TypeRule.canonical`. */
export function canonicalAssumed(column: Assumed, n: number): string {
  const { type } = column;
  // Written as it is printed.
  if (type.name === 'boolean') return `v${n}`;
  if (type.name === 'numeric') {
    const text = `v${n}`;
    return `CASE WHEN ends_with(${text}, '0') AND contains(${text}, '.') THEN rtrim(rtrim(${text}, '0'), '.') ELSE ${text} END`;
  }
  const canonical = TYPE_RULES[type.name].canonical(`t${n}`, type);
  return printedType(column) ? `coalesce(p${n}, ${canonical})` : canonical;
}

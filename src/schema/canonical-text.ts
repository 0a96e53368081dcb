import type { ColumnType } from './column-types.js';
import { literal } from './engine.js';
import { holdsText } from './holds-text.js';
import { isText, type SettledColumn } from './settled-column.js';
import { TYPE_RULES } from './type-rules.js';

/**
 * SQL of the text that a column's value enters the row's identity with. In a column that was widened a value that the
 * narrower type holds keeps the text that it had there, so that rows from before stay known.
 */
export function canonicalText(column: SettledColumn, n: number): string {
  const { type, earlier = [] } = column;
  const own = TYPE_RULES[type.name].canonical(`t${n}`, type);
  if (earlier.length === 0) return own;
  const text = givenText(column, n);
  const kept = earlier.map(
    (narrow) => `WHEN ${holdsText(within(text, narrow), narrow)} THEN ${asHeld(text, narrow)}`,
  );
  // The empty text was NULL there, and NULL is no part of an identity.
  const wasNull = earlier.some((narrow) => !isText({ type: narrow }))
    ? [`WHEN trim(${text}) = '' THEN NULL`]
    : [];
  return `CASE WHEN t${n} IS NULL THEN NULL ${[...wasNull, ...kept].join(' ')} ELSE ${own} END`;
}

function givenText({ cleaning }: SettledColumn, n: number): string {
  return cleaning?.default === undefined ? `v${n}` : `coalesce(v${n}, ${literal(cleaning.default)})`;
}

const within = (text: string, narrow: ColumnType) =>
  isText({ type: narrow }) ? text : `nullif(trim(${text}), '')`;

function asHeld(text: string, narrow: ColumnType): string {
  const rule = TYPE_RULES[narrow.name];
  return rule.canonical(rule.read(within(text, narrow), narrow), narrow);
}

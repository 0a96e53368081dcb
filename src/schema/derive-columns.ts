import { identifier } from './engine.js';
import { isText, type Derived, type SettledColumn } from './settled-column.js';

/**
 * SQL that computes the columns with an expression: `v` becomes the expression's result as text, and `f` tells whether
 * it failed on the row. The relation as it is where there is none.
 *
 * @param names of the relation's columns
 */
export function deriveColumns(relation: string, columns: SettledColumn[], names: string[]): string {
  const derived = columns.flatMap((column, n) =>
    column.derived ? [{ column, n, derived: column.derived }] : [],
  );
  if (derived.length === 0) return relation;
  // An expression sees the names of the row and nothing else: no name of a column begins with #.
  const inputs = new Map(
    derived.flatMap((one) => one.derived.inputs.map((input) => [input.name.toLowerCase(), input])),
  );
  const aside = names.map((name) => `${identifier(name)} AS ${identifier(`#${name}`)}`);
  const scope = [...aside, ...[...inputs.values()].map(({ name, sql }) => `${sql} AS ${identifier(name)}`)];
  const back = names.map((name) => `${identifier(`#${name}`)} AS ${identifier(name)}`);
  // TRY makes NULL of an error: inside a struct it differs from a result that is NULL.
  const tried = derived.map(({ n, derived: { sql } }) => `TRY({'v': (\n${sql}\n)}) AS x${n}`);
  const texts = derived.map(
    ({ column, n, derived: how }) => `${resultText(column, how, `x${n}.v`)} AS v${n}`,
  );
  const failed = derived.map(({ n }) => `x${n} IS NULL AS f${n}`);
  const computed = `SELECT ${[...back, ...tried].join(', ')} FROM (SELECT ${scope.join(', ')} FROM (${relation}))`;
  return `SELECT * REPLACE (${texts.join(', ')}), ${failed.join(', ')} FROM (${computed})`;
}

function resultText(column: SettledColumn, { isNested }: Derived, value: string): string {
  const text = isNested ? `to_json(${value})::VARCHAR` : `${value}::VARCHAR`;
  return isText(column) ? text : `nullif(${text}, '')`;
}

/** What a refused record shows of an expression: its result, or what it was computed from where it failed. */
export function derivedText({ inputs }: Derived, n: number): string {
  const fields = inputs.map(({ name, sql }) => `${identifier(name)}: ${sql}::VARCHAR`);
  return `coalesce(v${n}, ${fields.length ? `to_json({${fields.join(', ')}})::VARCHAR` : `'{}'`})`;
}

import type { DuckDBConnection } from '@duckdb/node-api';
import { identifier, run } from './engine.js';
import { parseExpression, WrongExpression } from './parse-expression.js';
import { hiddenColumn, type FileColumns, type PlannedColumn } from './plan-columns.js';
import type { Input, SettledColumn } from './settled-column.js';
import type { StageRequest } from './stage-request.js';
import { TYPE_RULES } from './type-rules.js';

/** For each column with an expression, by name: the names that the expression refers to. */
export type References = Map<string, string[]>;

/** @throws WrongExpression for the first one that is not allowed, before anything is read */
export async function readExpressions(
  connection: DuckDBConnection,
  { columns, table }: StageRequest,
): Promise<References> {
  const references: References = new Map();
  for (const { name, cleaning } of columns) {
    if (cleaning?.expression === undefined) continue;
    references.set(name, await parseExpression(connection, cleaning.expression, `${table}.${name}`));
  }
  return references;
}

/**
 * The columns that expressions refer to and the table does not get: read as texts, never loaded.
 *
 * @throws WrongExpression for a name that neither the schema nor the table nor a file has
 */
export function planHidden(
  request: StageRequest,
  planned: PlannedColumn[],
  { references, files }: { references: References; files: FileColumns[] },
): PlannedColumn[] {
  const hidden = new Map<string, PlannedColumn>();
  for (const [column, names] of references) {
    for (const name of names) {
      if (find(planned, name) || hidden.has(name.toLowerCase())) continue;
      const found = hiddenColumn(name, files);
      // Without a file that can be read nobody knows; names that begin with # are the stage's own.
      const isKnown =
        (files.length === 0 && !name.startsWith('#')) ||
        found.positions.length > 0 ||
        (request.existing && find(request.existing, name));
      if (!isKnown) {
        const known = [
          ...new Set([...planned.map((one) => one.name), ...files.flatMap((file) => file.names)]),
        ];
        throw new WrongExpression(`${request.table}.${column}`, `columns (${list(known)})`, name);
      }
      hidden.set(name.toLowerCase(), found);
    }
  }
  return [...hidden.values()];
}

const list = (names: string[]) => (names.length > 30 ? [...names.slice(0, 30), '…'] : names).join(', ');

function find<T extends { name: string }>(columns: T[], name: string): T | undefined {
  return columns.find((column) => column.name.toLowerCase() === name.toLowerCase());
}

/**
 * Adds to each column that has an expression what it is computed from: another declared column's typed value, or a
 * text as it stands in the source. Its own name means its own text, cleaned.
 *
 * @throws WrongExpression when the engine finds that the expression does not fit the types
 */
export async function settleExpressions(
  connection: DuckDBConnection,
  request: StageRequest,
  {
    columns,
    hidden,
    references,
  }: { columns: SettledColumn[]; hidden: PlannedColumn[]; references: References },
): Promise<void> {
  const declared = new Set(request.columns.map(({ name }) => name));
  const all = [...columns, ...hidden];
  const toInput = (name: string, own: SettledColumn): Input => {
    const index = all.findIndex((one) => one.name.toLowerCase() === name.toLowerCase());
    const column = columns[index];
    if (column === own) return { name, sql: `v${index}`, type: 'VARCHAR' };
    if (!column || !declared.has(column.name)) return { name, sql: `r${index}`, type: 'VARCHAR' };
    if (!references.has(column.name))
      return { name, sql: `t${index}`, type: TYPE_RULES[column.type.name].stored(column.type) };
    const place = `${request.table}.${own.name}`;
    throw new WrongExpression(place, 'columns without an expression of their own', column.name);
  };
  for (const column of columns) {
    const names = references.get(column.name);
    if (!names) continue;
    const inputs = names.map((name) => toInput(name, column));
    const sql = column.cleaning!.expression!;
    column.derived = {
      sql,
      inputs,
      isNested: await isNested(connection, { sql, inputs }, `${request.table}.${column.name}`),
    };
  }
}

/** Looks at the result's type, and by that whether the engine can do it at all. */
async function isNested(
  connection: DuckDBConnection,
  { sql, inputs }: { sql: string; inputs: Input[] },
  column: string,
): Promise<boolean> {
  const row = inputs.map(({ name, type }) => `NULL::${type} AS ${identifier(name)}`);
  const from = row.length ? ` FROM (SELECT ${row.join(', ')})` : '';
  try {
    const [described] = await run(connection, `DESCRIBE SELECT TRY((\n${sql}\n)) AS value${from}`);
    return /^(STRUCT|MAP|UNION)\b|\]$/.test(String(described!['column_type']));
  } catch (error) {
    throw new WrongExpression(column, 'SQL that fits the types', (error as Error).message.split('\n', 1)[0]!);
  }
}

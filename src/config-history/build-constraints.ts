import { parseReference } from './parse-reference.js';
import type { Check, ForeignKey, StreamConfig } from './pipeline-config.js';
import type { ForeignKeyShape } from './shape/constraint-shape.js';
import type { StreamShape } from './shape/stream-shape.js';

/** The tables of all streams, and the schema that they are in where the config names one. */
export interface LoadedTables {
  schema: string | undefined;
  tables: ReadonlySet<string>;
}

type Constraints = Pick<StreamConfig, 'unique' | 'foreignKeys' | 'checks'>;

/**
 * The constraints of a stream, those of its columns first, each once; only the kinds that it has.
 */
export function buildConstraints(stream: StreamShape, loaded: LoadedTables): Constraints {
  const columns = [...(stream.schema?.columns ?? [])];
  const unique = [
    ...columns.flatMap(([name, column]) => (column.unique ? [[name]] : [])),
    ...(stream.unique ?? []),
  ];
  const foreignKeys = [
    ...columns.flatMap(([name, { references }]) =>
      references === undefined ? [] : [buildForeignKey({ columns: [name], references }, loaded)],
    ),
    ...(stream.foreign_keys ?? []).map((key) => buildForeignKey(key, loaded)),
  ];
  const checks = [
    ...columns.flatMap(([name, { check }]): Check[] =>
      check === undefined ? [] : [{ expression: check, column: name }],
    ),
    ...(stream.checks ?? []).map((expression): Check => ({ expression, column: null })),
  ];
  return {
    ...(unique.length > 0 && { unique: eachOnce(unique, (key) => key.toSorted()) }),
    ...(foreignKeys.length > 0 && {
      foreignKeys: eachOnce(foreignKeys, ({ columns: own, references }) => [own, references]),
    }),
    ...(checks.length > 0 && { checks: eachOnce(checks, ({ expression }) => expression) }),
  };
}

function buildForeignKey(
  { columns, references, on_delete: onDelete = 'no action' }: ForeignKeyShape,
  loaded: LoadedTables,
): ForeignKey {
  const reference = parseReference(references);
  if (!reference) throw new Error(`expected a reference that was checked, got ${references}`);
  const isSameSchema = reference.schema === undefined || reference.schema === loaded.schema;
  const isStream = isSameSchema && loaded.tables.has(reference.table);
  return { columns, references: { ...reference, isStream }, onDelete };
}

function eachOnce<T>(items: T[], keyOf: (item: T) => unknown): T[] {
  // The last of equal ones says more: a stream's own key follows the short form of a column.
  return [...new Map(items.map((item) => [JSON.stringify(keyOf(item)), item])).values()];
}

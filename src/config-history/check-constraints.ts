import { checkCondition } from './check-expression.js';
import type { NamedStream } from './check-for-each.js';
import type { Fault } from './fault.js';
import { findImpossible } from './find-impossible.js';
import { parseReference } from './parse-reference.js';
import type { ColumnShape } from './shape/column-shape.js';
import { ForeignKeyShape } from './shape/constraint-shape.js';

type Path = (string | number)[];

/** Checks that constraints name columns that the tables can have, and refer to as many as they have themselves. */
export function checkConstraints(streams: NamedStream[]): Fault[] {
  const byTable = new Map(streams.map((stream) => [stream.table, stream]));
  return streams.flatMap((named) => [
    ...checkUnique(named),
    ...checkChecks(named),
    ...checkForeignKeys(named, byTable),
    ...checkReferences(named, byTable),
  ]);
}

function checkUnique(named: NamedStream): Fault[] {
  return list(named.stream.unique).flatMap((columns, index) =>
    findUnknown(named, list(columns), [...named.path, 'unique', index]),
  );
}

function checkChecks({ stream, path }: NamedStream): Fault[] {
  return list(stream.checks).flatMap((check, index) => {
    const message = typeof check === 'string' ? checkCondition(check) : undefined;
    return message === undefined ? [] : [{ path: [...path, 'checks', index], message }];
  });
}

function checkForeignKeys(named: NamedStream, byTable: Map<string, NamedStream>): Fault[] {
  return list(named.stream.foreign_keys).flatMap((key, index) => {
    if (!(key instanceof ForeignKeyShape)) return [];
    const path = [...named.path, 'foreign_keys', index];
    const columns = list(key.columns);
    return [
      ...findUnknown(named, columns, [...path, 'columns']),
      ...checkReference(key.references, columns.length, { path: [...path, 'references'], byTable }),
    ];
  });
}

/** The short forms, of one column each. */
function checkReferences({ stream, path }: NamedStream, byTable: Map<string, NamedStream>): Fault[] {
  const columns: unknown = stream.schema?.columns;
  if (!(columns instanceof Map)) return [];
  return [...(columns as Map<string, ColumnShape>)].flatMap(([name, { references }]) => {
    const place = { path: [...path, 'schema', 'columns', name, 'references'], byTable };
    return references === undefined ? [] : checkReference(references, 1, place);
  });
}

function checkReference(
  text: unknown,
  width: number,
  { path, byTable }: { path: Path; byTable: Map<string, NamedStream> },
): Fault[] {
  const reference = typeof text === 'string' ? parseReference(text) : null;
  if (!reference || width === 0) return [];
  const { schema, table, columns } = reference;
  if (columns.length !== width) {
    const message = `expected a reference to as many columns as refer to it, ${width}, got ${columns.length}`;
    return [{ path, message }];
  }
  // A table that no stream loads, or of another schema, is known to the run only.
  const parent = schema === undefined ? byTable.get(table) : undefined;
  return parent ? findUnknown(parent, columns, path) : [];
}

function findUnknown(of: NamedStream, columns: unknown[], path: Path): Fault[] {
  return columns.flatMap((column) => {
    const message = typeof column === 'string' ? findImpossible(of, column) : undefined;
    return message === undefined ? [] : [{ path, message }];
  });
}

const list = (value: unknown): unknown[] => (Array.isArray(value) ? value : []);

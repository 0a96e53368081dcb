import { COLUMN_NAME, IDENTIFIER } from './shape/names.js';

/** The rows that a foreign key refers to. */
export interface Reference {
  /** Absent: the schema of the target. */
  schema?: string;
  table: string;
  columns: string[];
}

const REFERENCE = /^\s*(?:([^\s().]+)\.)?([^\s().]+)\s*\(([^()]+)\)\s*$/;

/** Reads `customers(id)`, `sales.customers(id)` or `lines(order_id, number)`; null for anything else. */
export function parseReference(text: string): Reference | null {
  const [, schema, table = '', list = ''] = REFERENCE.exec(text) ?? [];
  const columns = list.split(',').map((name) => name.trim());
  const names = schema === undefined ? [table] : [schema, table];
  const isSound =
    names.every((name) => IDENTIFIER.test(name)) &&
    columns.every((name) => COLUMN_NAME.test(name) && Buffer.byteLength(name) <= 63) &&
    new Set(columns).size === columns.length;
  return isSound ? { ...(schema !== undefined && { schema }), table, columns } : null;
}

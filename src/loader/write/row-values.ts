import type { TableColumn } from '../describe-table.js';
import { quoteName } from '../quote-name.js';

/** The columns' names as a list of SQL, each with the alias of its table in front where one is given. */
export function listColumns(columns: Pick<TableColumn, 'name'>[], alias?: string): string {
  return columns.map(({ name }) => columnOf(name, alias)).join(', ');
}

/** A column's name as SQL. */
export function columnOf(name: string, alias?: string): string {
  return `${alias === undefined ? '' : `${alias}.`}${quoteName('column', name)}`;
}

/**
 * The row's values as a record in which equal values are the same value: texts by their characters, whatever their type
 * and collation take for equal, JSON by what it says. NULL is the same as NULL.
 */
export function rowOf(columns: Pick<TableColumn, 'name' | 'type' | 'sqlType'>[], alias: string): string {
  return `ROW(${columns.map((column) => valueOf(column, alias)).join(', ')})`;
}

function valueOf(
  { name, type, sqlType }: Pick<TableColumn, 'name' | 'type' | 'sqlType'>,
  alias: string,
): string {
  const value = columnOf(name, alias);
  if (type?.name === 'text' || type?.name === 'varchar') return `${value}::text COLLATE "C"`;
  // A domain is compared as what it is made of.
  return type?.name === 'json' ? `${value}::jsonb` : `${value}::${sqlType}`;
}

/** SQL that holds when two rows have one key. */
export function sameKey(key: string[], a: string, b: string): string {
  return key.map((name) => `${columnOf(name, a)} = ${columnOf(name, b)}`).join(' AND ');
}

/** SQL that holds when `a` is older than `b`: a row without a value to order by is older than any that has one. */
export function isOlder(orderBy: string, a: string, b: string): string {
  const [old, young] = [columnOf(orderBy, a), columnOf(orderBy, b)];
  return `(${young} IS NOT NULL AND (${old} IS NULL OR ${old} < ${young}))`;
}

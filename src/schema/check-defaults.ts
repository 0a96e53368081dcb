import type { DuckDBConnection } from '@duckdb/node-api';
import { TerminalError } from '../errors.js';
import { formatColumnType } from './column-types.js';
import { run } from './engine.js';
import { readDefault } from './read-value.js';
import type { SettledColumn } from './settled-column.js';

/** @throws TerminalError `COLUMN_DEFAULT` for a default that is no value of its column's type */
export async function checkDefaults(
  connection: DuckDBConnection,
  columns: SettledColumn[],
  table: string,
): Promise<void> {
  const given = columns.filter((column) => readDefault(column) !== null);
  if (given.length === 0) return;
  const fits = given.map((column, n) => `(${readDefault(column)}) IS NOT NULL AS d${n}`);
  const [row] = await run(connection, `SELECT ${fits.join(', ')}`);
  const wrong = given.find((_, n) => row?.[`d${n}`] === false);
  if (!wrong) return;
  const { name, type, cleaning } = wrong;
  const message = `${table}.${name}: expected a default of ${formatColumnType(type)}, got ${JSON.stringify(cleaning?.default)}`;
  throw new TerminalError('COLUMN_DEFAULT', message);
}

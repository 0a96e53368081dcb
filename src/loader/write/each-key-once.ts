import type { TableColumn } from '../describe-table.js';
import { quoteTable } from '../quote-name.js';
import type { WriteStep } from './write-mode.js';

/** Types of which PostgreSQL takes for equal just what prints alike, and that round nothing. */
const EXACT = new Set([
  'smallint',
  'integer',
  'bigint',
  'uuid',
  'date',
  'text',
  'timestamp without time zone',
  'timestamp with time zone',
]);

/**
 * Whether the stage tells by itself that no two of its rows have one key, so that they need not be held against each other in
 * the database. That takes columns that the database compares as the stage does, of which a text under a collation
 * that knows no case is none.
 *
 * @param columns of the table, as the stage fills them
 */
export async function isEachKeyOnce(
  { session, request, rule, place }: Pick<WriteStep, 'session' | 'request' | 'rule' | 'place'>,
  columns: TableColumn[],
): Promise<boolean> {
  const { stage, signal } = request;
  const { key } = rule;
  if (!key || !stage.hasRepeats) return false;
  const own = columns.filter(({ name }) => key.includes(name));
  const areExact = own.every(({ name, type, sqlType, isDomain }) => {
    const staged = stage.columns.find((column) => column.name === name);
    return !isDomain && EXACT.has(sqlType) && staged?.type.name === type?.name;
  });
  if (own.length < key.length || !areExact) return false;
  const texts = own.filter(({ sqlType }) => sqlType === 'text').map(({ name }) => name);
  const { rows } = await session.query(
    `SELECT FROM pg_catalog.pg_attribute a JOIN pg_catalog.pg_collation c ON c.oid = a.attcollation
      WHERE a.attrelid = $1::regclass AND a.attname = ANY ($2) AND NOT c.collisdeterministic`,
    [quoteTable(place), texts],
  );
  return rows.length === 0 && !(await stage.hasRepeats(key, signal));
}

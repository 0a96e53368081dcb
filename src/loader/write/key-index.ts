import { quoteName, quoteTable } from '../quote-name.js';
import { notUnique } from './match-key.js';
import type { WriteStep } from './write-mode.js';

interface UniqueIndex {
  name: string;
  columns: string[];
  /** The condition of a partial index, as PostgreSQL prints it. */
  predicate: string | null;
}

/** Unique indexes over plain columns that are ready to be used. */
export async function uniqueIndexes({ session, place }: WriteStep): Promise<UniqueIndex[]> {
  const { rows } = await session.query<UniqueIndex>(
    `SELECT i.indexrelid::regclass::text AS name, pg_get_expr(i.indpred, i.indrelid) AS predicate,
            (SELECT array_agg(a.attname::text) FROM pg_catalog.pg_attribute a
              WHERE a.attrelid = i.indrelid AND a.attnum = ANY ((i.indkey::int2[])[0:i.indnkeyatts - 1])) AS columns
       FROM pg_catalog.pg_index i
      WHERE i.indrelid = $1::regclass AND i.indisunique AND i.indisvalid AND i.indexprs IS NULL`,
    [quoteTable(place)],
  );
  return rows;
}

/**
 * Gives the table a unique index on the key, unless one holds already that no two rows share it. The mode does not need
 * it to be right, but finds rows fast by it, and others cannot bring a key twice. Left out where Millrace may not change
 * the table, which another role owns, and for partitioned ones, whose indexes must have the columns of the partitions.
 *
 * @param among condition of the rows that the key is for; absent: all
 * @throws TerminalError `KEY_NOT_UNIQUE`
 */
export async function ensureKeyIndex(
  step: WriteStep,
  among?: { sql: string; column: string },
): Promise<void> {
  const { place, rule, changes, request } = step;
  const { key = [] } = rule;
  if (request.managedBy === 'user' || request.stage.columns.length === 0) return;
  const indexes = await uniqueIndexes(step);
  if (indexes.some((index) => holds(index, key, among)) || !(await mayIndex(step))) return;
  const columns = key.map((name) => quoteName('column', name)).join(', ');
  const condition = among ? ` WHERE ${among.sql}` : '';
  try {
    await changes.run(place, `CREATE UNIQUE INDEX ON ${quoteTable(place)} (${columns})${condition}`);
  } catch (error) {
    if ((error as { code?: string }).code === '23505') throw notUnique(step);
    throw error;
  }
}

function holds({ columns, predicate }: UniqueIndex, key: string[], among?: { column: string }): boolean {
  const isOfKey = columns.every((name) => key.includes(name));
  if (predicate === null) return isOfKey;
  return (
    isOfKey && among !== undefined && new RegExp(`^\\(?"?${among.column}"? IS NULL\\)?$`).test(predicate)
  );
}

async function mayIndex({ session, place }: WriteStep): Promise<boolean> {
  const { rows } = await session.query<{ may: boolean }>(
    `SELECT relkind = 'r' AND pg_has_role(relowner, 'USAGE') AS may FROM pg_catalog.pg_class WHERE oid = $1::regclass`,
    [quoteTable(place)],
  );
  return rows[0]?.may ?? false;
}

import { type ColumnType, formatColumnType, parseColumnType } from '../schema/column-types.js';
import type { StageColumn } from '../schema/stage.js';
import { columnSql } from './column-sql.js';
import type { WidenedColumn } from './compare-columns.js';
import { isStillThere } from './find-registered.js';
import type { ColumnChange } from './load.js';
import { quoteName, quoteTable, type TablePlace } from './quote-name.js';
import type { Session } from './session.js';

/** The part of an ALTER TABLE that widens a column, so that each value prints as it did. */
export function wideningSql({ name, from, to }: WidenedColumn): string {
  const column = quoteName('column', name);
  const change = `ALTER COLUMN ${column} TYPE ${columnSql(to)}`;
  if (to.name === 'text') return `${change} USING ${column}::text`;
  // By its text 0.1 stays 0.1, by its bits it would become 0.10000000149011612.
  if (from.name === 'real') return `${change} USING ${column}::text::double precision`;
  return change;
}

/** Notes the narrower types, because rows that are known were hashed with them. */
export async function keepWidened(
  session: Session,
  tableId: number,
  changes: readonly ColumnChange[],
): Promise<void> {
  for (const { kind, column, from } of changes) {
    if (kind !== 'widen') continue;
    await session.query(
      `INSERT INTO millrace.widened_columns (table_id, column_name, type) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING`,
      [tableId, column, from],
    );
  }
}

/** The columns, each with the narrower types that it had, in their order. */
export async function withEarlierTypes(
  session: Session,
  columns: StageColumn[],
  place: TablePlace,
): Promise<StageColumn[]> {
  const { rows } = await session.query<{ column: string; type: string }>(
    `SELECT w.column_name AS "column", w.type
       FROM millrace.widened_columns w JOIN millrace.loaded_tables t ON t.id = w.table_id
      WHERE t.schema_name = $1 AND t.table_name = $2 AND ${isStillThere('$3')}
      ORDER BY w.widened_at, w.type`,
    [place.schema, place.table, quoteTable(place)],
  );
  return columns.map((column) => {
    const earlier = rows.filter((row) => row.column === column.name).map(({ type }) => parseColumnType(type));
    return earlier.length > 0 ? { ...column, earlier } : column;
  });
}

/** As it stands in the run and in the ledger. */
export const describeWidening = ({ name, from, to }: WidenedColumn): ColumnChange => ({
  kind: 'widen',
  column: name,
  from: formatColumnType(from),
  to: formatColumnType(to),
});

export const describeAddition = (name: string, type: ColumnType): ColumnChange => ({
  kind: 'add',
  column: name,
  from: null,
  to: formatColumnType(type),
});

/** Views that show a column, which PostgreSQL lets nobody change then. */
export async function viewsOf(session: Session, place: TablePlace, columns: string[]): Promise<string[]> {
  const { rows } = await session.query<{ view: string }>(
    `SELECT DISTINCT format('%I.%I', n.nspname, v.relname) AS "view"
       FROM pg_catalog.pg_depend d
       JOIN pg_catalog.pg_rewrite r ON d.classid = 'pg_catalog.pg_rewrite'::regclass AND r.oid = d.objid
       JOIN pg_catalog.pg_class v ON v.oid = r.ev_class
       JOIN pg_catalog.pg_namespace n ON n.oid = v.relnamespace
       JOIN pg_catalog.pg_attribute a ON a.attrelid = d.refobjid AND a.attnum = d.refobjsubid
      WHERE d.refclassid = 'pg_catalog.pg_class'::regclass AND d.refobjid = $1::regclass AND a.attname = ANY ($2)
      ORDER BY 1`,
    [quoteTable(place), columns],
  );
  return rows.map(({ view }) => view);
}

import { isStillThere } from './find-registered.js';
import type { TablePlace } from './quote-name.js';
import type { Session } from './session.js';

/** How the rows of a table belong to those of another one, whose records they were arrays in. */
export interface ChildOf {
  /** Table of the stream. */
  root: string;
  /** Table of the rows that the arrays stood in: the root, or another child. */
  parent: string;
  /** Columns that hold the parent's key. */
  parentKey: string[];
  /** The parent's key. */
  references: string[];
}

/** A child table that was loaded. */
export interface KnownChild extends ChildOf {
  table: string;
}

/** Remembers what a table that was loaded belongs to. */
export async function noteChild(session: Session, place: TablePlace, of: ChildOf): Promise<void> {
  await session.query(
    `UPDATE millrace.loaded_tables SET child_of = $3::jsonb
      WHERE schema_name = $1 AND table_name = $2 AND child_of IS DISTINCT FROM $3::jsonb`,
    [place.schema, place.table, JSON.stringify(of)],
  );
}

/** The child tables of a stream's table that are still there, each behind its parent. */
export async function findChildren(session: Session, { schema, table }: TablePlace): Promise<KnownChild[]> {
  const { rows } = await session.query<{ table: string; of: ChildOf }>(
    `SELECT t.table_name AS "table", t.child_of AS "of" FROM millrace.loaded_tables t
      WHERE t.schema_name = $1 AND t.child_of ->> 'root' = $2
        AND ${isStillThere(`format('%I.%I', t.schema_name, t.table_name)`)}
      ORDER BY length(t.table_name), t.table_name`,
    [schema, table],
  );
  return rows.map(({ table: child, of }) => ({ table: child, ...of }));
}

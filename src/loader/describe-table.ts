import { TerminalError } from '../errors.js';
import type { ColumnType } from '../schema/column-types.js';
import type { StageColumn } from '../schema/stage.js';
import { parseSqlType } from './column-sql.js';
import { quoteTable, type TablePlace } from './quote-name.js';
import type { Session } from './session.js';

/** A column as the catalog has it. */
export interface TableColumn {
  name: string;
  /** Null for a type that Millrace does not load. */
  type: ColumnType | null;
  /** The type in PostgreSQL's words. */
  sqlType: string;
  isNotNull: boolean;
  /** The database fills it: a default, or an identity. */
  hasDefault: boolean;
  isIdentity: boolean;
  /** GENERATED ALWAYS AS: takes no values. */
  isGenerated: boolean;
  isDomain: boolean;
}

export interface TableDescription {
  oid: number;
  columns: TableColumn[];
}

const KINDS: Record<string, string> = {
  v: 'a view',
  m: 'a materialized view',
  f: 'a foreign table',
  S: 'a sequence',
  c: 'a composite type',
  i: 'an index',
  I: 'an index',
};

/**
 * The table as it stands; null when there is none.
 *
 * @throws TerminalError `NOT_A_TABLE` when the name belongs to a view or something else that no rows are loaded into
 */
export async function describeTable(session: Session, place: TablePlace): Promise<TableDescription | null> {
  const relation = await findRelation(session, place);
  if (!relation) return null;
  if (relation.relkind !== 'r' && relation.relkind !== 'p') {
    throw new TerminalError(
      'NOT_A_TABLE',
      `${place.schema}.${place.table}: expected a table, got ${KINDS[relation.relkind] ?? 'another kind of relation'}`,
    );
  }
  return { oid: relation.oid, columns: await listColumns(session, relation.oid) };
}

interface Relation {
  oid: number;
  relkind: string;
}

async function findRelation(session: Session, place: TablePlace): Promise<Relation | null> {
  // Checks both names, which are compared as values below.
  quoteTable(place);
  const { rows } = await session.query<{ oid: string; relkind: string }>(
    `SELECT c.oid::bigint AS oid, c.relkind
       FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
      WHERE n.nspname = $1 AND c.relname = $2`,
    [place.schema, place.table],
  );
  return rows[0] ? { oid: Number(rows[0].oid), relkind: rows[0].relkind } : null;
}

async function listColumns(session: Session, oid: number): Promise<TableColumn[]> {
  const { rows } = await session.query<Omit<TableColumn, 'type'>>(
    `SELECT a.attname AS "name",
            CASE WHEN t.typtype = 'd' THEN format_type(t.typbasetype, t.typtypmod)
                 ELSE format_type(a.atttypid, a.atttypmod) END AS "sqlType",
            a.attnotnull AS "isNotNull",
            a.atthasdef OR a.attidentity <> '' AS "hasDefault",
            a.attidentity <> '' AS "isIdentity",
            a.attgenerated <> '' AS "isGenerated",
            t.typtype = 'd' AS "isDomain"
       FROM pg_catalog.pg_attribute a JOIN pg_catalog.pg_type t ON t.oid = a.atttypid
      WHERE a.attrelid = $1 AND a.attnum > 0 AND NOT a.attisdropped
      ORDER BY a.attnum`,
    [oid],
  );
  return rows.map((row) => ({ ...row, type: parseSqlType(row.sqlType) }));
}

/**
 * The columns that a stage can fill. Generated, identity and unknown ones are left out.
 *
 * @throws TerminalError `TABLE_MISMATCH` when one of a type that Millrace does not load must be filled
 */
export function fillableColumns({ columns }: TableDescription, place: TablePlace): StageColumn[] {
  const impossible = columns.filter((column) => !column.type && column.isNotNull && !column.hasDefault);
  if (impossible.length > 0) {
    const list = impossible.map(({ name, sqlType }) => `${name} (${sqlType})`).join(', ');
    throw new TerminalError(
      'TABLE_MISMATCH',
      `table ${place.schema}.${place.table}: expected a default on columns that are NOT NULL and of a type that is not loaded, ` +
        `got none on ${list}`,
    );
  }
  return columns.flatMap(({ name, type, isNotNull, hasDefault, isIdentity, isGenerated }) =>
    type && !isIdentity && !isGenerated
      ? [{ name, type, required: isNotNull, ...(hasDefault && { hasDefault }) }]
      : [],
  );
}

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
  // Checks both names, which are compared as values below.
  quoteTable(place);
  const { rows } = await session.query<Described>(DESCRIPTION, [place.schema, place.table]);
  const [relation] = rows;
  if (!relation) return null;
  const { oid, relkind, columns } = relation;
  if (relkind !== 'r' && relkind !== 'p') {
    throw new TerminalError(
      'NOT_A_TABLE',
      `${place.schema}.${place.table}: expected a table, got ${KINDS[relkind] ?? 'another kind of relation'}`,
    );
  }
  return {
    oid: Number(oid),
    columns: columns.map((column) => ({ ...column, type: parseSqlType(column.sqlType) })),
  };
}

interface Described {
  oid: string;
  relkind: string;
  columns: Omit<TableColumn, 'type'>[];
}

const DESCRIPTION = `
  SELECT c.oid::bigint AS oid, c.relkind, ARRAY(
      SELECT json_build_object(
               'name', a.attname,
               'sqlType', CASE WHEN t.typtype = 'd' THEN format_type(t.typbasetype, t.typtypmod)
                               ELSE format_type(a.atttypid, a.atttypmod) END,
               'isNotNull', a.attnotnull,
               'hasDefault', a.atthasdef OR a.attidentity <> '',
               'isIdentity', a.attidentity <> '',
               'isGenerated', a.attgenerated <> '',
               'isDomain', t.typtype = 'd')
        FROM pg_catalog.pg_attribute a JOIN pg_catalog.pg_type t ON t.oid = a.atttypid
       WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
       ORDER BY a.attnum) AS columns
    FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
   WHERE n.nspname = $1 AND c.relname = $2`;

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

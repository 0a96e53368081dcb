import type { ColumnType, TypeName } from '../schema/column-types.js';

const SQL_NAMES: Record<TypeName, string> = {
  text: 'text',
  varchar: 'varchar',
  smallint: 'smallint',
  integer: 'integer',
  bigint: 'bigint',
  numeric: 'numeric',
  real: 'real',
  double: 'double precision',
  boolean: 'boolean',
  date: 'date',
  time: 'time',
  timestamp: 'timestamp',
  timestamptz: 'timestamptz',
  uuid: 'uuid',
  json: 'jsonb',
};

/** The type as PostgreSQL writes it in DDL. */
export function columnSql(type: ColumnType): string {
  return SQL_NAMES[type.name] + parameters(type);
}

function parameters({ length, precision, scale }: ColumnType): string {
  if (length !== undefined) return `(${length})`;
  return precision === undefined ? '' : `(${precision},${scale ?? 0})`;
}

/** Spellings of `format_type()`; https://www.postgresql.org/docs/current/functions-info.html */
const FROM_SQL: Record<string, TypeName> = {
  text: 'text',
  'character varying': 'text',
  smallint: 'smallint',
  integer: 'integer',
  bigint: 'bigint',
  numeric: 'numeric',
  real: 'real',
  'double precision': 'double',
  boolean: 'boolean',
  date: 'date',
  'time without time zone': 'time',
  'timestamp without time zone': 'timestamp',
  'timestamp with time zone': 'timestamptz',
  uuid: 'uuid',
  json: 'json',
  jsonb: 'json',
};

/**
 * The type behind what `format_type()` says; null for one that Millrace does not load. A type that would round what it is
 * given, such as `timestamp(3)`, is none.
 */
export function parseSqlType(text: string): ColumnType | null {
  if (/^(\w+\.|"[^"]+"\.)?citext$/.test(text)) return { name: 'text' };
  const sized = /^character(?: varying)?\((\d+)\)$/.exec(text);
  if (sized) return { name: 'varchar', length: Number(sized[1]) };
  const numeric = /^numeric\((\d+),(\d+)\)$/.exec(text);
  if (numeric) return numericType(Number(numeric[1]), Number(numeric[2]));
  const name = Object.hasOwn(FROM_SQL, text) ? FROM_SQL[text] : undefined;
  return name ? { name } : null;
}

function numericType(precision: number, scale: number): ColumnType | null {
  return scale <= precision ? { name: 'numeric', precision, scale } : null;
}

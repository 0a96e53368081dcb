import type { ApiSourceConfig } from './api-source-config.js';

/**
 * What a YAML config means once it is checked: every default filled in. Variables (`${API_TOKEN}`) stand as they were
 * written; they are resolved only when a run uses them.
 */
export interface PipelineConfig {
  pipeline: string;
  /** null: the service's own database. */
  target: TargetConfig | null;
  /** null: switched off. */
  monitor: { everySeconds: number } | null;
  /** Streams that are walked side by side at most; absent: as the service's settings say. */
  concurrency?: number;
  streams: StreamConfig[];
  /** SQL after the loads, in the order of the YAML; absent: none. */
  transforms?: TransformConfig[];
}

export interface TransformConfig {
  name: string;
  as: 'view' | 'table' | 'statement';
  /** The SQL, or the file that has it: a path inside the data roots. */
  text: { sql: string } | { file: string };
  /** Tables of streams and names of transforms that come before it. */
  needs: string[];
}

/** Where `host` is missing, `port`, `user`, `password` and `database` are too: the service's own database is meant. */
export interface TargetConfig {
  host?: string;
  port?: number | string;
  user?: string;
  password?: string;
  database?: string;
  /** Absent: the service's own schema for tables without `host`, `public` with one. */
  schema?: string;
  ssl: boolean | 'require' | 'verify-full';
}

export interface StreamConfig {
  /** Target table. */
  table: string;
  sources: SourceConfig[];
  /**
   * Tables of the streams that come before this one: those of `after`, those that its foreign keys refer to, parents of
   * `for_each`. Absent: none.
   */
  needs?: string[];
  naming: 'snake_case' | 'as_is';
  /** Column names by source name; absent: none. */
  rename?: Record<string, string>;
  /** Levels of objects whose members become columns; absent: none. */
  flatten?: number;
  /** Arrays become rows of tables of their own; absent: they stay in their column. */
  childTables?: true;
  /** Only the schema's columns are kept. */
  strictMode: boolean;
  /** Declared columns in the order of the YAML; empty: all are inferred. */
  columns: DeclaredColumn[];
  /** The user changes the table, Millrace never does; absent: Millrace does. */
  managedBy?: 'user';
  contract: StreamContract;
  /** Columns that no two rows may share the values of; absent: none. */
  unique?: string[][];
  /** Absent: none. One may refer to the stream's own table. */
  foreignKeys?: ForeignKey[];
  /** Absent: none. */
  checks?: Check[];
  duplicates: 'drop' | 'keep';
  write: 'append' | 'insert' | 'replace' | 'upsert' | 'scd2';
  /** Columns that tell rows apart; absent: none. */
  key?: string[];
  /** Of rows with one key that with the greatest value here counts; absent: the last one. */
  orderBy?: string;
  /** `replace`: the fewest rows that it may leave; absent: one, where there are some. */
  minRows?: number;
  /** `replace`: the greatest share of the rows by which it may make the table smaller; absent: no bound. */
  maxShrink?: number;
  /** `scd2`: the columns that say since and until when a version of a row holds. */
  history?: { from: string; to: string };
  batchRows: number;
  /** File name of the combined CSV; null: none is written. */
  output: string | null;
}

/** Columns whose values must be those of a row of another table. */
export interface ForeignKey {
  columns: string[];
  references: {
    /** Absent: the schema of the target. */
    schema?: string;
    /** Of another stream, of this one, or of none. */
    table: string;
    /** As many as there are `columns`, in their order. */
    columns: string[];
    /** A stream of the pipeline loads that table. */
    isStream: boolean;
  };
  onDelete: 'no action' | 'restrict' | 'cascade' | 'set null';
}

/** What must not be false of any row. */
export interface Check {
  /** PostgreSQL's SQL over the columns of the row. */
  expression: string;
  /** The column that it was declared with; null: it stands by itself. */
  column: string | null;
}

/** What happens when data does not fit. Where a key is absent, nobody has asked for anything but the default. */
export interface StreamContract {
  newColumns: 'evolve' | 'ignore' | 'fail' | 'reject';
  /** Absent: `ignore`. */
  missingColumns?: 'ignore' | 'fail' | 'reject';
  /** Absent: `reject`. */
  typeChange?: 'reject' | 'widen' | 'fail' | 'null';
  invalidRows: 'reject' | 'fail' | 'null';
  /** The run fails when more records than this are refused; null: no bound. Count, or share of the records read. */
  maxRejects: { count: number } | { share: number } | null;
}

/** What a column says for itself. */
export interface ColumnContract {
  missingColumns?: 'ignore' | 'fail' | 'reject';
  typeChange?: 'widen' | 'fail';
  invalidRows?: 'reject' | 'fail' | 'null';
}

export interface DeclaredColumn {
  /** Name after naming. */
  name: string;
  /** Type text, an alias already replaced, e.g. `numeric(12,2)`. */
  type: string;
  required: boolean;
  /** strftime patterns for date, time, timestamp and timestamptz. */
  formats: string[];
  /** Absent: texts are taken as their type takes them. */
  cleaning?: ColumnCleaning;
  /** Absent: the stream's contract holds. */
  contract?: ColumnContract;
}

/** What is done to a column's texts; only the keys that the YAML has. */
export interface ColumnCleaning {
  trim?: boolean;
  nulls?: string[];
  decimal?: '.' | ',';
  trueValues?: string[];
  falseValues?: string[];
  map?: Record<string, string>;
  /** SQL of the columnar engine over the row. */
  expression?: string;
  default?: string;
}

export type SourceConfig = LocalSourceConfig | ApiSourceConfig;

export interface LocalSourceConfig {
  type: 'local';
  /** A folder, a file or a glob, absolute or relative to the first data root. */
  path: string;
  include: string[] | null;
  format: 'auto' | 'csv' | 'text' | 'json' | 'ndjson' | 'parquet' | 'xml';
  csv: {
    delimiter: 'auto' | string;
    quote: string;
    header: boolean;
    /** Names for files without a header. */
    columns: string[] | null;
    encoding: 'utf-8' | 'utf-16' | 'utf-16le' | 'utf-16be' | 'latin-1' | 'windows-1252' | 'auto';
    nulls: string[];
  };
  /** Where the records are in a JSON or XML document: `$`, `$.items`, `$.a.b`. */
  records: string;
}

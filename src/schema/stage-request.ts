import type { ColumnLoss } from './column-loss.js';
import type { Naming } from './name-columns.js';
import type { EarlierLoad, FilePlace, StageColumn, StagedFile } from './stage.js';

/** What a stage is made from. The files come from extraction, the existing columns from the target database. */
export interface StageRequest {
  /** Folder of the run; exists. The stage's files are written there. */
  folder: string;
  table: string;
  naming: Naming;
  /** Column names by source name; absent: none. */
  rename?: Record<string, string>;
  /** Only the declared columns are kept. */
  strictMode: boolean;
  columns: DeclaredColumn[];
  contract: Contract;
  /** `keep`: the n-th occurrence of a row is a row of its own. */
  duplicates: 'drop' | 'keep';
  /** Columns that tell rows apart: records without a value in one are refused. Absent: none. */
  key?: string[];
  /** Rows that are held in memory at a time while the stage is written. */
  batchRows: number;
  files: LandedText[];
  /** Files whose content another file of the stream has; they are listed, not read. */
  copies: { source: number; name: string; fingerprint: string; copyOf: string }[];
  /** What the table has of an earlier load that read its files in the same way; absent: nothing that would count here. */
  carried?: Carried;
  /** The target table's columns; null when there is no table yet. */
  existing: StageColumn[] | null;
  /** Rows may be refused later: the stage keeps where each stood, which costs room. */
  keepPlaces?: boolean;
  signal?: AbortSignal;
  /** Told what the types that are demanded would lose, which takes another pass over the files. */
  onLosses?: (losses: ColumnLoss[]) => void;
  /** Told now and again how much of the staging is done, from 0 to 1. */
  onProgress?: (share: number) => void;
}

/** What a stage goes on from: the counts of its files are taken over, their records are not read. */
export interface Carried {
  from: EarlierLoad;
  /** Columns of that load's stage, in their order; the table has them all. The stage begins with them. */
  columns: string[];
  /** Files of it, with their counts. */
  files: (Omit<StagedFile, 'copyOf' | 'carriedAs'> & { carriedAs: FilePlace })[];
}

export interface DeclaredColumn {
  name: string;
  /** Canonical type text. */
  type: string;
  required: boolean;
  /** strftime patterns, tried in order; none: ISO 8601. */
  formats: string[];
  /** Absent: texts are taken as their type takes them. */
  cleaning?: Cleaning;
  /** Absent: the stream's contract holds. */
  contract?: ColumnContract;
}

/**
 * What is done to a column's texts, in this order: trim, nulls, map, expression, typing (by decimal, the values and the formats),
 * default.
 */
export interface Cleaning {
  /** White space of every kind; absent: blanks only, and none for text and varchar. */
  trim?: boolean;
  /** Texts that mean NULL. */
  nulls?: string[];
  /** The decimal mark; digits may then stand in groups of three. Absent: a point, and no groups. */
  decimal?: '.' | ',';
  /** For booleans, in any case; absent: the usual ones. */
  trueValues?: string[];
  falseValues?: string[];
  /** Texts that stand for others; what is not in it stays. */
  map?: Record<string, string>;
  /** The engine's SQL over the row; its result, as a text, is typed in place of the column's own. */
  expression?: string;
  /** The value in place of NULL, as the type is written without cleaning. */
  default?: string;
}

export interface Contract {
  /** `reject`: the records that have a value in one. */
  newColumns: 'evolve' | 'ignore' | 'fail' | 'reject';
  /** What happens to a file that lacks columns of the schema or the table. Absent: `ignore`. */
  missingColumns?: 'ignore' | 'fail' | 'reject';
  /** What happens when values do not fit a column of the table that no type is declared for. Absent: `reject`. */
  typeChange?: 'reject' | 'widen' | 'fail' | 'null';
  /** The same for the declared types. */
  invalidRows: 'reject' | 'fail' | 'null';
  maxRejects: { count: number } | { share: number } | null;
}

/** What a column says for itself. */
export interface ColumnContract {
  missingColumns?: 'ignore' | 'fail' | 'reject';
  /** The table's column is narrower than the declared type. */
  typeChange?: 'widen' | 'fail';
  invalidRows?: 'reject' | 'fail' | 'null';
}

/** How a delimited text is split. */
export interface Dialect {
  delimiter: string;
  quote: string | null;
  header: boolean;
  nulls: string[];
  /** Uniform line ends, valid UTF-8, no NUL. */
  isRegular: boolean;
}

/** A file as extraction landed it; see there for the meaning of each field. */
export interface LandedText {
  source: number;
  name: string;
  fingerprint: string;
  /** A page of an API, which must be readable: it comes but once. */
  url?: string;
  format: 'csv' | 'ndjson' | 'parquet';
  path: string;
  rawPath: string;
  rawStart?: number;
  shared?: { page: number };
  dialect: Dialect | null;
  columns: string[] | null;
  /** Types of the columns as text, where the source stated them. */
  types?: (string | null)[];
  nested: string[];
  /** Columns of JSON records that held numbers, and those with strings beside them. */
  numbers?: { all: string[]; some: string[] };
  rejects: { path: string; count: number } | null;
  longest: number;
  /** Records of the file that are not at `path`, because the load that the stage goes on from has them. Absent: none. */
  knownRecords?: number;
  /** What the file was before it was landed. */
  detected?: { format: string };
}

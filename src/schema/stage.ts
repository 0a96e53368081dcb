import type { ColumnType } from './column-types.js';

/** A column as the target table has it, or shall have it. */
export interface StageColumn {
  name: string;
  type: ColumnType;
  /** NOT NULL in the schema. */
  required: boolean;
  /** What the schema puts in place of NULL, as the type is written; absent: nothing. */
  default?: string;
  /** Of a stage's column: the table's may become as wide as this one. */
  mayWiden?: boolean;
  /** Of a table's column: the narrower types that it had when earlier rows were loaded, in their order. */
  earlier?: ColumnType[];
  /** Of a table's column: the database fills it where no value is given. */
  hasDefault?: boolean;
}

/** How many values of a column were made NULL because they did not fit, in the rows that passed. */
export interface NulledColumn {
  column: string;
  count: number;
}

/** How many records of one file were read, and how many were refused. Staged = read - rejected - knownRecords. */
export interface StagedFile {
  source: number;
  name: string;
  fingerprint: string;
  read: number;
  rejected: number;
  /** The first file with the same content; its records are not read twice. Then read is 0. */
  copyOf: string | null;
  /** Records among `read` that are not in the stage, because the table has their rows from an earlier load. Absent: none. */
  knownRecords?: number;
  /**
   * The file of an earlier load that it is: its rows are not in the stage, the table has them all, and what was refused of
   * it is known. Absent: they are.
   */
  carriedAs?: FilePlace;
}

/** Where a file stood. */
export interface FilePlace {
  source: number;
  name: string;
}

/** A committed load of the same table. */
export interface EarlierLoad {
  loadId: string;
  signature: string;
}

/** The rows of one file that would be new, and those that would not. */
export interface FileTally {
  /** Index in `files`. */
  file: number;
  unseen: number;
  duplicate: number;
}

/** Which rows are wanted with their places; `unidentified`: all, for whom nobody asks their identity, which is a quarter of a line. */
export type PlacedRows = 'all' | 'unidentified' | { unseen: string | null } | { files: number[] };

/**
 * The typed, checked, hashed rows of one stream in one run, on disk. A row's identity is a 16-byte hash, written as a
 * UUID text; identical rows have one identity and are one row. Chunks that are streamed last until 3 MiB more have been
 * asked for: their memory is used again.
 */
export interface Stage {
  columns: StageColumn[];
  files: StagedFile[];
  /** The load that the counts of carried files come from; absent: none is carried. */
  goesOnFrom?: EarlierLoad;
  /** Rows that passed every check, repeats included; none of files that are carried over. */
  rows: number;
  /** Distinct identities among them. */
  identities: number;
  /** Refused records in all files. */
  rejected: number;
  /** The columns that the contract lets be NULL where their values do not fit, those that have such values. */
  nulled: NulledColumn[];
  /** NDJSON on disk: a StageReject a line, and a StagedLayout for each file that has some; null when there is none. */
  rejectsPath: string | null;
  /** Begins to put the identities in order for who asks for their lines next. Absent: that takes no time. */
  beginIdentities?(signal?: AbortSignal): void;
  /** The distinct identities in ascending order, one UUID text a line. */
  identityLines(signal?: AbortSignal): AsyncIterable<Buffer>;
  /**
   * The first occurrence of each identity that is listed in the file `unseen` (one UUID text a line; null: of every
   * identity) as CSV for COPY: comma, every non-null field quoted (in a wide table where needed), NULL unquoted and empty,
   * LF, no header, columns in the order of `columns`.
   */
  rowLines(unseen: string | null, signal?: AbortSignal): AsyncIterable<Buffer>;
  /**
   * All rows for COPY as `rowLines` gives them, but quoted only where needed: those of the file that becomes the combined
   * CSV, while it is being written. null or absent: `rowLines` has to do, because rows are identical or lines could be
   * misread.
   */
  combinedLines?(signal?: AbortSignal): AsyncIterable<Buffer> | null;
  /**
   * As `rowLines`, of the first occurrences, of some files (by index) or of all staged rows, with three fields in front: the row's number in the
   * stage, which goes by the order of the files and of the records in them, the index of its file, and its identity, which is NULL for `unidentified`. Quoted only where
   * needed: no line begins with a backslash.
   */
  placedLines(which: PlacedRows, signal?: AbortSignal): AsyncIterable<Buffer>;
  /** Whether `refuse` can tell the places and texts of good rows. */
  keepsPlaces: boolean;
  /**
   * Refuses rows that were staged, and writes a rejects file that has them besides those that were refused before.
   *
   * @throws TransientError `SOURCE_CHANGED` when a file is not what it was when it was staged; the stage is gone then
   */
  refuse(refusal: Refusal): Promise<AfterRefusal>;
  /**
   * Writes every staged row, repeats included, as CSV with a header (comma, LF, quoted where needed, NULL empty and
   * an empty text as `""`) to `path`, which must not exist yet.
   */
  writeCombined(path: string, signal?: AbortSignal): Promise<void>;
  /** The same without the header, to stand behind other rows of the same columns. */
  combinedRows(signal?: AbortSignal): AsyncIterable<Buffer>;
  /**
   * Writes the distinct combinations of some columns' values to `path`, in order: one JSON object of texts and nulls a
   * line, also where there is none. The columns must be the stage's own.
   */
  writeDistinct(columns: string[], path: string, signal?: AbortSignal): Promise<void>;
  /**
   * Which rows are the newest of their key, in the order of the files and of the records in them, those with the
   * greatest value in `orderBy` first: the places (`#at`) of their records, by index of the file. null: they are those of all
   * records. The stage must keep places.
   */
  newestOf(key: string[], orderBy?: string, signal?: AbortSignal): Promise<Map<number, Set<number>> | null>;
  /** Whether two staged rows have the same values in some of the stage's columns. Absent: nobody can tell. */
  hasRepeats?(columns: string[], signal?: AbortSignal): Promise<boolean>;
  /** Splits the staged rows of each file by whether they are first occurrences of an identity listed in `unseen`. */
  tally(unseen: string | null, signal?: AbortSignal): Promise<FileTally[]>;
  /**
   * Ends what is still being written for lines that nobody reads to their end. Nothing is written to the stage's folder after
   * that, which may go then, and the stage gives nothing more.
   */
  close(): Promise<void>;
}

/** Rows to be refused after they were staged. */
export interface Refusal {
  /** CSV without a header: the row's number in the stage, the column (empty: none), the reason; every number once. */
  list: string;
  /** Rows that are identical to a listed one are refused with it. */
  withRepeats: boolean;
  /** Where the rejects file goes; must not exist yet. */
  path: string;
  signal?: AbortSignal;
}

/** What becomes of a stage whose rows are refused. */
export type AfterRefusal = Pick<Stage, 'files' | 'rows' | 'rejected' | 'rejectsPath'>;

/** A line of the rejects file. */
export interface StageReject {
  source: number;
  file: string;
  line: number | null;
  column: string | null;
  reason: string;
  raw: string;
  /** Why `raw` is not the record as it stood; absent: it is. */
  flaw?: RawFlaw;
}

/**
 * `cut`: only the record's beginning. `altered`: it held what a text cannot (NUL, bytes that are no UTF-8). `unread`: no
 * record at all, but a file that was refused whole, or a text that is no record of its format.
 */
export type RawFlaw = 'cut' | 'altered' | 'unread';

/** A line of the rejects file that tells how to read the raw records of one file again. */
export interface StagedLayout {
  layout: RecordLayout;
  source: number;
  file: string;
  fingerprint: string;
}

/** How a raw record was read, so that it can be read again by itself. */
export interface RecordLayout {
  /** `text`: a line of text is the value of the one column; `parquet`: a JSON object of the values as texts. */
  format: 'csv' | 'json' | 'text' | 'parquet';
  /** CSV only. */
  dialect: { delimiter: string; quote: string | null; header: boolean; nulls: string[] } | null;
  /** Names in the source, in order. */
  columns: string[];
  /** Types that the file itself states, as text; null where it states none. */
  types: (string | null)[];
}

/** How a delimited text is to be split; settled per file before it is read, never guessed while reading. */
export interface CsvDialect {
  /** One character; `\t` for tabs. */
  delimiter: string;
  /** One character, doubled inside a quoted field to stand for itself; null: quotes mean nothing. */
  quote: string | null;
  /** The first record names the columns and is not data. */
  header: boolean;
  /** Unquoted field texts that are read as NULL. */
  nulls: string[];
  /**
   * Uniform line ends (all LF or all CRLF), valid UTF-8, no NUL byte: fit for the fast reader.
   * Otherwise the careful one has to go through it record by record.
   */
  isRegular: boolean;
}

/** What was found out about a file, in words for the run's report. Values are display texts. */
export interface DetectedFormat {
  format: 'csv' | 'text' | 'json' | 'ndjson' | 'parquet' | 'xml';
  compression: 'gzip' | 'zstd' | null;
  /** As read: `utf-8`, `utf-8-bom`, `utf-16le`, `utf-16be`, `latin-1`; null for Parquet. */
  encoding: string | null;
  delimiter: string | null;
  header: boolean | null;
}

/** A refused record: where it stood, why, and what it was. */
export interface RecordReject {
  /** 1-based line in the decoded source file where the record begins; null where lines mean nothing (Parquet). */
  line: number | null;
  /** The column that did not fit; null where the whole record is at fault. */
  column: string | null;
  /** Expected and got, in one sentence. */
  reason: string;
  /** The record as it stood in the file, cut at 64 KiB, NUL shown as U+2400. */
  raw: string;
}

/** Columns of JSON records that held numbers, which are landed as texts; by their names in the source. */
export interface NumberColumns {
  /** Those without any string. */
  all: string[];
  /** Those with strings beside the numbers. */
  some: string[];
}

/** A file ready to be read by the columnar engine. Local files stay where they are where that is possible. */
export interface LandedFile {
  /** Index of the source in its stream. */
  source: number;
  /** Path relative to the source's folder, `/` between parts; unique in the source. */
  name: string;
  /** SHA-256 of the file's bytes, hex. */
  fingerprint: string;
  /** Size of the original, in bytes. */
  bytes: number;
  /** Where a page of an API came from, without secrets; absent for files. */
  url?: string;
  detected: DetectedFormat;
  /**
   * `csv`: UTF-8 delimited text at `path`, read by `dialect`.
   * `ndjson`: one object a line at `path`; every value is a string or null (numbers as they were written, nested
   * values as JSON text, true/false as such); the key `#line` holds the record's line in the decoded source as a number,
   * `#at` and `#length` the place and length in bytes of its text in `rawPath`, as numbers.
   * `parquet`: as it is.
   */
  format: 'csv' | 'ndjson' | 'parquet';
  /** Absolute path to read. */
  path: string;
  /** The decoded, decompressed text that `#at` points into and that raw records are quoted from. */
  rawPath: string;
  /** Where in `rawPath` its own text begins: `#at` counts from there. Absent: at the start. */
  rawStart?: number;
  /**
   * A page of an API that shares `path` with others: its number there, which each of its lines has as `#page`, and from where
   * to where in bytes they stand. Absent: `path` is its own.
   */
  shared?: { page: number; start: number; end: number };
  dialect: CsvDialect | null;
  /**
   * Column names as they stand in the source, in order, U+001F between those on the way into an object; null for
   * Parquet (the engine reads them).
   */
  columns: string[] | null;
  /** Columns of which at least one value was an object or an array. */
  nested: string[];
  /** Absent where texts are all that the format has. */
  numbers?: NumberColumns;
  /** Records that extraction itself had to refuse (broken JSON lines); they count as read and rejected. */
  rejects: { path: string; count: number } | null;
  /** `ndjson`: bytes of the longest line at `path`; otherwise 0. */
  longest: number;
  /** Records that are not at `path`, because an earlier state of the file had them. Absent: none. */
  knownRecords?: number;
}

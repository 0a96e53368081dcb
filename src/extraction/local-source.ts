/** The part of a local source's config that extraction works by; every default is filled in. */
export interface LocalSource {
  /** A folder (its files, not its sub-folders), a file or a glob; absolute or relative to the first data root. */
  path: string;
  /** Globs that a file's name must match; null: the known endings. */
  include: string[] | null;
  format: 'auto' | 'csv' | 'text' | 'json' | 'ndjson' | 'parquet' | 'xml';
  csv: {
    /** One character, or `auto`. */
    delimiter: string;
    /** One character; empty: quotes mean nothing. */
    quote: string;
    header: boolean;
    /** Names for files without a header. */
    columns: string[] | null;
    encoding: DeclaredEncoding;
    nulls: string[];
  };
  /** Where the records are in a JSON or XML document: `$`, `$.items`. */
  records: string;
}

export type DeclaredEncoding =
  'utf-8' | 'utf-16' | 'utf-16le' | 'utf-16be' | 'latin-1' | 'windows-1252' | 'auto';

/** Rows that lie in a folder, and the same rows as CSV for COPY. */
export interface TableInput {
  /** The file or folder that the service reads, relative to the data root. */
  path: string;
  /** Absolute paths of CSV files with a header that hold the same rows. */
  csv: string[];
  columns: { name: string; type: string }[];
  rows: number;
}

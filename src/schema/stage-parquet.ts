import { literal, readPath } from './engine.js';

/** Rows that a row group of the stage holds, where the stream does not say. */
const ROW_GROUP = 50_000;

/**
 * SQL that writes a stage's rows to a file. All columns are the fields of one: the engine reserves memory by the column
 * for each thread that writes in order, so that a table of a dozen columns would be written by a single thread.
 */
export function writeStaged(rows: string, path: string, rowGroup = ROW_GROUP): string {
  const options = `FORMAT parquet, ROW_GROUP_SIZE ${rowGroup}`;
  return `COPY (SELECT staged FROM (${rows}) AS staged) TO ${literal(path)} (${options})`;
}

/** A table expression over what was written so, with `file_row_number`. */
export function readStaged(path: string): string {
  const file = `read_parquet(${readPath(path)}, file_row_number = true)`;
  return `(SELECT staged.*, file_row_number FROM ${file})`;
}

import { literal, readPath } from './engine.js';

/**
 * The engine reserves memory for each column and thread that writes in order, so that a dozen columns would be written by a
 * single thread. As the fields of one column up to this many are written by all threads; what types and hashes more of
 * them takes too much memory for several.
 */
const TOGETHER = 64;
/** Values that a row group of the stage holds at most: each thread that writes has some of them in memory. */
const VALUES = 1 << 20;
/** The engine's own unit. */
export const LEAST_ROWS = 2048;

export interface StagedShape {
  /** Columns of the table. */
  columns: number;
  /** Rows of a row group, at most. */
  most: number;
}

/** SQL that writes a stage's rows to a file. */
export function writeStaged(rows: string, path: string, { columns, most }: StagedShape): string {
  const rowGroup = Math.max(Math.min(most, Math.floor(VALUES / Math.max(columns, 1))), LEAST_ROWS);
  const written = columns <= TOGETHER ? `SELECT staged FROM (${rows}) AS staged` : rows;
  return `COPY (${written}) TO ${literal(path)} (FORMAT parquet, ROW_GROUP_SIZE ${rowGroup})`;
}

/**
 * SQL that writes rows of a part of a wide stage to a file, as the fields of one column: so all threads write. Parts are read
 * beside each other, a row group of each in memory.
 *
 * @param rowGroup rows of one, at least; 1: what one thread has at a time
 */
export function writeFields(rows: string, path: string, field: string, rowGroup = LEAST_ROWS): string {
  const options = `FORMAT parquet, ROW_GROUP_SIZE ${rowGroup}`;
  return `COPY (SELECT ${field} FROM (${rows}) AS ${field}) TO ${literal(path)} (${options})`;
}

/**
 * A table expression over what was written so, with `file_row_number`.
 *
 * @param columns of the table
 */
export function readStaged(path: string, columns: number): string {
  const file = `read_parquet(${readPath(path)}, file_row_number = true)`;
  return `(SELECT ${columns <= TOGETHER ? 'staged.*, file_row_number' : '*'} FROM ${file})`;
}

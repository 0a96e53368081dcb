import { literal, readPath } from './engine.js';

/**
 * The engine reserves memory for each column and thread that writes in order, so that a dozen columns would be written by a
 * single thread. As the fields of one column up to this many are written by all threads; what types and hashes more of
 * them takes too much memory for several.
 */
const TOGETHER = 64;
/** Values that a row group of the stage holds at most: each thread that writes has some of them in memory. */
const VALUES = 1 << 20;
/** Rows of the engine's vectors, at most. */
export const VECTOR_ROWS = 2048;

export interface StagedShape {
  /** Columns of the table. */
  columns: number;
  /** Rows of a row group, at most; where they are fewer than a vector has, a few more. */
  most: number;
}

/** SQL that writes a stage's rows to a file. */
export function writeStaged(rows: string, path: string, { columns, most }: StagedShape): string {
  const rowGroup = Math.min(most, Math.max(Math.floor(VALUES / Math.max(columns, 1)), VECTOR_ROWS));
  const written = columns <= TOGETHER ? `SELECT staged FROM (${rows}) AS staged` : rows;
  return copyTo(path, written, rowGroup);
}

/**
 * SQL that writes rows of a part of a wide stage to a file, as the fields of one column: so all threads write. Parts are read
 * beside each other, a row group of each in memory.
 *
 * @param rowGroup rows of one; fewer than a vector has: at least, and one thread writes what it has at a time
 */
export function writeFields(rows: string, path: string, field: string, rowGroup: number): string {
  return copyTo(path, `SELECT ${field} FROM (${rows}) AS ${field}`, rowGroup);
}

function copyTo(path: string, rows: string, rowGroup: number): string {
  const options = `FORMAT parquet, ROW_GROUP_SIZE ${rowGroup}`;
  if (rowGroup >= VECTOR_ROWS) return `COPY (${rows}) TO ${literal(path)} (${options})`;
  return `COPY (${inTurn(rows)}) TO ${literal(path)} (${options}, ${AS_THEY_COME})`;
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

/**
 * The same rows in their order, by one thread: written with `AS_THEY_COME` they are not gathered before. Long rows would take more
 * memory than there is.
 *
 * @param rows a query
 */
export function inTurn(rows: string): string {
  const numbered = `SELECT *, row_number() OVER () AS "#number" FROM (${rows})`;
  return `SELECT * EXCLUDE ("#number", "#once") FROM (SELECT *, unnest(CASE WHEN "#number" > 0 THEN [true] END) AS "#once" FROM (${numbered}))`;
}

/** An option of COPY. */
export const AS_THEY_COME = 'PRESERVE_ORDER false';

/**
 * The same rows in their order, no more than `most` at a time: a vector of the engine has up to 2,048 values, which take much
 * memory where they are long. A filter would gather them again, unnesting does not.
 *
 * @param rows a query
 */
export function fewAtATime(rows: string, most: number): string {
  const times = Math.ceil(VECTOR_ROWS / most);
  if (times <= 1) return rows;
  const several = `SELECT *, unnest(range(${times})) AS "#nth" FROM (${rows})`;
  return `SELECT * EXCLUDE ("#nth", "#once") FROM (SELECT *, unnest(CASE WHEN "#nth" = 0 THEN [true] END) AS "#once" FROM (${several}))`;
}

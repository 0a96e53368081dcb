import { lacksMemory } from './engine.js';
import { MergeLacksMemory } from './merge-slices.js';
import { VECTOR_ROWS } from './stage-parquet.js';
import { WRONG_ASSUMPTION } from './stage-sql.js';

/** How a stage is written, from the first try to the last. */
export interface Attempt {
  /** Types of a sample are taken for those of all rows. */
  assume: boolean;
  /** Rows of a row group, at most; fewer than a vector holds are also all that is typed at a time. */
  rows: number;
  /** Columns that one statement types, at most. */
  width: number;
}

/** A table up to so many times wider is written by one statement, if the memory bears that: by all threads to the end. */
const WHOLE = 3;
/** Rows that are typed at a time where 2,048 take more memory than there is. */
const FEW = 64;

/** @param batchRows as the stream has it: a row group never has fewer than a vector because of it */
export const firstAttempt = (batchRows: number, width: number): Attempt => {
  return { assume: true, rows: Math.max(batchRows, VECTOR_ROWS), width };
};

/** Unwanted columns that a statement may look at in place of one that it types: they take less. */
export const UNWANTED_A_COLUMN = 4;

/** How wide a table is. */
export interface Breadth {
  columns: number;
  /** New columns that no record may have a value in. */
  unwanted: number;
}

/** Whether so many columns are written in slices. */
export function isSliced({ rows, width }: Attempt, { columns, unwanted }: Breadth): boolean {
  return columns + unwanted / UNWANTED_A_COLUMN > width * (rows < VECTOR_ROWS ? 1 : WHOLE);
}

/**
 * The way to try next: with types that hold for all rows when those of a sample do not; and where the memory does not bear it,
 * with small row groups, then with few rows at a time, then with fewer of them and fewer columns. Null: none would help.
 */
export function nextAttempt(attempt: Attempt, error: Error, breadth: Breadth): Attempt | null {
  const { rows, width } = attempt;
  if (attempt.assume && error.message.includes(WRONG_ASSUMPTION)) return { ...attempt, assume: false };
  if (!lacksMemory(error)) return null;
  if (rows > VECTOR_ROWS && !isSliced(attempt, breadth)) return { ...attempt, rows: VECTOR_ROWS };
  if (rows > FEW) return { ...attempt, rows: FEW };
  const fewer = { ...attempt, rows: Math.ceil(rows / 8) };
  // More slices to put together take more memory, not less.
  if (error instanceof MergeLacksMemory) return rows > 1 ? fewer : null;
  return rows > 1 || width > 1
    ? { ...fewer, width: Math.ceil(Math.min(width, breadth.columns + breadth.unwanted) / 4) }
    : null;
}

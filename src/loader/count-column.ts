import type { ColumnOptions } from 'typeorm';

/** A bigint count as a number: the driver gives bigint as text, and counts of rows stay far below 2^53. */
export const COUNT_COLUMN: ColumnOptions = {
  type: 'bigint',
  transformer: { to: (value: unknown) => value, from: Number },
};

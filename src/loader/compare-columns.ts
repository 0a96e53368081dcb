import { type ColumnType, formatColumnType } from '../schema/column-types.js';
import type { StageColumn } from '../schema/stage.js';
import type { TableColumn } from './describe-table.js';

export interface ColumnComparison {
  /** Columns of the stage that the table lacks. */
  missing: StageColumn[];
  /** One sentence for each column whose values the table would refuse, round or cut. */
  mismatches: string[];
}

/** Holds the stage's columns against the table's. */
export function compareColumns(stage: StageColumn[], table: TableColumn[]): ColumnComparison {
  const byName = new Map(table.map((column) => [column.name, column]));
  const missing = stage.filter((column) => !byName.has(column.name));
  const mismatches = stage.flatMap((column) => {
    const existing = byName.get(column.name);
    const mismatch = existing && findMismatch(column, existing);
    return mismatch ? [`column ${column.name}: ${mismatch}`] : [];
  });
  return { missing, mismatches };
}

function findMismatch(column: StageColumn, existing: TableColumn): string | null {
  if (existing.isGenerated) return 'the table computes it (GENERATED ALWAYS AS), the stream brings values';
  if (existing.type && fits(column.type, existing.type)) return null;
  return `the table has ${existing.type ? formatColumnType(existing.type) : existing.sqlType}, the stream has ${formatColumnType(column.type)}`;
}

const NUMERIC_DIGITS: Partial<Record<ColumnType['name'], number>> = { smallint: 5, integer: 10, bigint: 19 };

/** Types that hold every value of the type on the left exactly. */
const WIDER: Partial<Record<ColumnType['name'], ColumnType['name'][]>> = {
  smallint: ['integer', 'bigint', 'real', 'double'],
  integer: ['bigint', 'double'],
  real: ['double'],
  varchar: ['text'],
};

/** Whether a column of type `to` takes every value of type `from` as it is. */
export function fits(from: ColumnType, to: ColumnType): boolean {
  if (to.name === 'numeric') return fitsNumeric(from, to);
  if (from.name === 'varchar' && to.name === 'varchar')
    return (from.length ?? Infinity) <= (to.length ?? Infinity);
  return from.name === to.name || (WIDER[from.name]?.includes(to.name) ?? false);
}

function fitsNumeric(from: ColumnType, to: ColumnType): boolean {
  const integerDigits = NUMERIC_DIGITS[from.name];
  if (from.name !== 'numeric' && integerDigits === undefined) return false;
  if (to.precision === undefined) return true;
  const scale = from.scale ?? 0;
  const precision = integerDigits ?? from.precision;
  if (precision === undefined) return false;
  const toScale = to.scale ?? 0;
  return scale <= toScale && precision - scale <= to.precision - toScale;
}

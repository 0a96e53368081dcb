import { type ColumnType, fits, formatColumnType, isWidening } from '../schema/column-types.js';
import type { StageColumn } from '../schema/stage.js';
import type { TableColumn } from './describe-table.js';

export interface ColumnComparison {
  /** Columns of the stage that the table lacks. */
  missing: StageColumn[];
  /** Columns of the table that become wider for the stage, as its contract lets them. */
  widened: WidenedColumn[];
  /** One sentence for each column whose values the table would refuse, round or cut. */
  mismatches: string[];
}

export interface WidenedColumn {
  name: string;
  from: ColumnType;
  to: ColumnType;
}

/** Holds the stage's columns against the table's. */
export function compareColumns(stage: StageColumn[], table: TableColumn[]): ColumnComparison {
  const byName = new Map(table.map((column) => [column.name, column]));
  const missing = stage.filter((column) => !byName.has(column.name));
  const widened: WidenedColumn[] = [];
  const mismatches = stage.flatMap((column) => {
    const existing = byName.get(column.name);
    const mismatch = existing ? findMismatch(column, existing) : findTwin(column, table);
    if (!mismatch) return [];
    if (!existing || !mayWiden(column, existing)) return [`column ${column.name}: ${mismatch}`];
    widened.push({ name: column.name, from: existing.type, to: column.type });
    return [];
  });
  return { missing, widened, mismatches };
}

/** A domain has rules that its column would lose; a type that a sequence or an expression fills is theirs. */
function mayWiden(
  column: StageColumn,
  existing: TableColumn,
): existing is TableColumn & { type: ColumnType } {
  const { type, isDomain, isIdentity, isGenerated } = existing;
  if (!column.mayWiden || !type || isDomain || isIdentity || isGenerated) return false;
  return isWidening(type, column.type);
}

/** A second column that looks the same would part the values in two. */
function findTwin({ name }: StageColumn, table: TableColumn[]): string | null {
  const twin = table.find((column) => column.name.toLowerCase() === name.toLowerCase());
  return twin ? `the table has ${twin.name}, which differs in case only; give the column that name` : null;
}

function findMismatch(column: StageColumn, existing: TableColumn): string | null {
  if (existing.isGenerated) return 'the table computes it (GENERATED ALWAYS AS), the stream brings values';
  if (existing.type && fits(column.type, existing.type)) return null;
  const has = existing.type ? formatColumnType(existing.type) : existing.sqlType;
  const mismatch = `the table has ${has}, the stream has ${formatColumnType(column.type)}`;
  // Numbers of its own are not what a stream has to fill, so their type is not taken from the table.
  return existing.isIdentity ? `${mismatch}; declare the column, which is an identity, as ${has}` : mismatch;
}

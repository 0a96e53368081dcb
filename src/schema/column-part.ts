import type { DuckDBConnection } from '@duckdb/node-api';
import type { FileColumns, PlannedColumn } from './plan-columns.js';
import { type References, settleExpressions } from './plan-expressions.js';
import { readFiles } from './read-files.js';
import type { ReadableFile } from './readable-file.js';
import type { SettledColumn } from './settled-column.js';
import type { StageRequest } from './stage-request.js';
import type { RowRules } from './stage-sql.js';

/** What all columns of a stage are read from. */
export interface StagePlan {
  /** The columns of the table, before and after their types were settled. */
  planned: PlannedColumn[];
  columns: SettledColumn[];
  /** Read for expressions. */
  hidden: PlannedColumn[];
  /** New columns that no record may have a value in. */
  unwanted: PlannedColumn[];
  references: References;
  readable: ReadableFile[];
  files: FileColumns[];
  rules: Omit<RowRules, 'unwanted'>;
  /** The most rows that are typed at a time. */
  rows: number;
}

/**
 * Some columns of a stage that one statement reads, types and checks. The engine has vectors for every column and
 * expression of a statement, in each thread: for all columns of a wide table together they take more memory than it has.
 */
export interface ColumnPart {
  /** Indexes of the columns that it is about, in ascending order. */
  own: number[];
  /** Those, and the ones that their expressions refer to, by the numbers that they have in the statement. */
  columns: SettledColumn[];
  /** The index of each of them in the stage. */
  indexes: number[];
  /** The index of each unwanted column, as `rules` lists them. */
  unwanted: number[];
  relation: string;
  rules: RowRules;
}

/** Where the index of the first unwanted column stands: behind all columns that are read. */
export const unwantedFrom = ({ planned, hidden }: Pick<StagePlan, 'planned' | 'hidden'>): number =>
  planned.length + hidden.length;

/**
 * @param own indexes of columns
 * @param unwanted indexes among the unwanted columns
 */
export async function readPart(
  connection: DuckDBConnection,
  request: StageRequest,
  { plan, own, unwanted = [] }: { plan: StagePlan; own: number[]; unwanted?: number[] },
): Promise<ColumnPart> {
  const { planned, references, readable, rules, rows } = plan;
  const named = new Set(own.flatMap((n) => namesIn(plan, n)));
  const isNamed = ({ name }: PlannedColumn) => named.has(name.toLowerCase());
  const indexes = planned.flatMap((column, n) => (own.includes(n) || isNamed(column) ? [n] : []));
  const hidden = plan.hidden.filter(isNamed);
  const columns = indexes.map((n) => ({ ...plan.columns[n]! }));
  await settleExpressions(connection, request, { columns, hidden, references });
  const unread = unwanted.map((n) => plan.unwanted[n]!);
  const read = [...indexes.map((n) => planned[n]!), ...hidden];
  return {
    own: own.toSorted((a, b) => a - b),
    columns,
    indexes,
    unwanted: unwanted.map((n) => unwantedFrom(plan) + n),
    relation: readFiles(readable, [...read, ...unread], rows),
    rules: { ...rules, unwanted: unread.map((_, n) => read.length + n) },
  };
}

/** The names that a column's expression refers to. */
function namesIn({ columns, references }: StagePlan, n: number): string[] {
  return (references.get(columns[n]!.name) ?? []).map((name) => name.toLowerCase());
}

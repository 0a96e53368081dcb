import type { DuckDBConnection } from '@duckdb/node-api';
import { cleanText } from './clean-text.js';
import { nextWider } from './column-types.js';
import { cutEvenly } from './cut-evenly.js';
import { run } from './engine.js';
import { holdsText } from './holds-text.js';
import type { PlannedColumn } from './plan-columns.js';

interface Widening {
  /** As `readFiles` makes it. */
  relation: (columns: PlannedColumn[]) => string;
  /** Columns that one statement looks at, at most. */
  width: number;
  signal?: AbortSignal;
}

/**
 * Gives each column that only the table knows, and that may be widened, the narrowest type from the table's own on that
 * holds all texts. One pass over the data while nothing is to be widened, one more for each step of those that are.
 */
export async function widenColumns(
  connection: DuckDBConnection,
  columns: PlannedColumn[],
  { width, ...widening }: Widening,
): Promise<void> {
  const open = columns.filter(({ known, mayWiden, isDeclared }) => known && mayWiden && !isDeclared);
  for (const some of cutEvenly(open, width)) await widenSome(connection, some, widening);
}

async function widenSome(
  connection: DuckDBConnection,
  columns: PlannedColumn[],
  { relation, signal }: Omit<Widening, 'width'>,
): Promise<void> {
  let open = columns;
  for (;;) {
    open = open.filter((column) => nextWider(column.type!) !== null);
    if (open.length === 0) return;
    const texts = open.map((column, n) => `${cleaned(column, n)} AS v${n}`);
    const held = open.map(
      ({ type }, n) => `bool_and(v${n} IS NULL OR ${holdsText(`v${n}`, type!)}) AS h${n}`,
    );
    const from = `SELECT ${texts.join(', ')} FROM (${relation(open)})`;
    const [row] = await run(connection, `SELECT ${held.join(', ')} FROM (${from})`, signal);
    open = open.filter((_, n) => row?.[`h${n}`] === false);
    for (const column of open) column.type = nextWider(column.type!);
  }
}

const cleaned = ({ name, type, required }: PlannedColumn, n: number) =>
  cleanText({ name, type: type!, required, formats: [] }, `r${n}`);

import type { FileCount, RefusedSource } from './collect-rejects.js';
import { run } from './engine.js';
import { isNulling } from './settled-column.js';
import { FAULT } from './stage-sql.js';
import type { NulledColumn } from './stage.js';
import type { StagedRows } from './staged-rows.js';

export interface Misfits {
  /** Records that were refused, by the index of the column that is at fault. */
  counts: Map<number, number>;
  nulled: NulledColumn[];
}

type Staged = Omit<RefusedSource, 'firsts'> & { staged: StagedRows };

/** Counts what did not fit, by column. Looks at the stage only where there can be something. */
export async function countMisfits(source: Staged, files: FileCount[]): Promise<Misfits> {
  const hasRefused = files.some(({ refused }) => refused > 0);
  return {
    counts: hasRefused ? await countRefused(source) : new Map(),
    nulled: await countNulled(source),
  };
}

async function countRefused({ connection, stage, signal }: Staged): Promise<Map<number, number>> {
  const rows = await run(
    connection,
    `SELECT "#error" % ${FAULT.required} AS "column", count(*) AS n FROM ${stage} WHERE "#error" IS NOT NULL GROUP BY 1`,
    signal,
  );
  return new Map(rows.map(({ column, n }) => [Number(column), Number(n)]));
}

async function countNulled({ connection, staged, columns, signal }: Staged): Promise<NulledColumn[]> {
  const nulling = columns.flatMap((column, index) => (isNulling(column) ? [{ ...column, index }] : []));
  if (nulling.length === 0) return [];
  const counts = nulling.map(({ index }) => `count(*) FILTER ("#nulled${index}") AS n${index}`);
  const rows = staged.withColumns(nulling.map(({ index }) => index));
  const sql = `SELECT ${counts.join(', ')} FROM ${rows} WHERE "#error" IS NULL`;
  const [row] = await run(connection, sql, signal);
  return nulling
    .map(({ name, index }) => ({ column: name, count: Number(row![`n${index}`]) }))
    .filter(({ count }) => count > 0);
}

import type { Session } from '../session.js';
import type { FileOutcome } from './write-mode.js';

/** What became of some rows of a file. */
export interface OutcomeCount {
  file: number;
  outcome: 'inserted' | 'updated' | 'duplicate';
  count: number;
}

/** Runs a query that answers `file`, `outcome` and `count`. */
export async function queryOutcomes(session: Session, sql: string): Promise<OutcomeCount[]> {
  const { rows } = await session.queryLong<Omit<OutcomeCount, 'count'> & { count: string }>(sql);
  return rows.map((row) => ({ ...row, count: Number(row.count) }));
}

/** Of `pg_temp.outcomes`, which has `"#row"`, `"#file"` and `outcome` for each row of the incoming table. */
export function countOutcomes(session: Session): Promise<OutcomeCount[]> {
  return queryOutcomes(
    session,
    'SELECT "#file" AS file, outcome, count(*) AS count FROM pg_temp.outcomes GROUP BY 1, 2',
  );
}

/** The counts by file. */
export function byFile(counts: OutcomeCount[]): FileOutcome[] {
  const files = new Map<number, FileOutcome>();
  for (const { file, outcome, count } of counts) {
    const sum = files.get(file) ?? { file, inserted: 0, updated: 0, duplicate: 0 };
    sum[outcome] += count;
    files.set(file, sum);
  }
  return [...files.values()];
}

/** How many rows had an outcome. */
export function sumOutcomes(counts: OutcomeCount[], outcome: OutcomeCount['outcome']): number {
  return counts.reduce((sum, one) => sum + (one.outcome === outcome ? one.count : 0), 0);
}

/** Of the incoming rows, all of which are to be inserted. */
export function countIncoming(session: Session): Promise<OutcomeCount[]> {
  return queryOutcomes(
    session,
    `SELECT "#file" AS file, 'inserted' AS outcome, count(*) AS count FROM pg_temp.incoming GROUP BY 1`,
  );
}

import type { Session } from '../session.js';
import { analyzeAside } from './analyze-aside.js';
import { isEachKeyOnce } from './each-key-once.js';
import { type OutcomeCount, queryOutcomes } from './outcomes.js';
import { columnOf } from './row-values.js';
import type { Incoming, WriteStep } from './write-mode.js';

/** Leaves one incoming row of each key: the newest. The others are duplicates. */
export async function keepNewest(step: WriteStep, { columns }: Incoming): Promise<OutcomeCount[]> {
  const { key = [], orderBy } = step.rule;
  if (await isEachKeyOnce(step, columns)) return [];
  const newest = orderBy === undefined ? '' : `${columnOf(orderBy)} DESC NULLS LAST, `;
  const same = key.map((name) => columnOf(name)).join(', ');
  return keepOne(step.session, { same, order: `${newest}"#file" DESC, "#row" DESC` });
}

/** Leaves the first incoming row of each identity. The others are duplicates. */
export async function keepFirst({ session, request: { stage } }: WriteStep): Promise<OutcomeCount[]> {
  if (stage.identities === stage.rows) return [];
  return keepOne(session, { same: '"#hash"', order: '"#file", "#row"' });
}

async function keepOne(
  session: Session,
  { same, order }: { same: string; order: string },
): Promise<OutcomeCount[]> {
  const { rowCount } = await session.queryLong(
    `CREATE TEMP TABLE repeats ON COMMIT DROP AS
       SELECT "#row", "#file" FROM (
         SELECT "#row", "#file", row_number() OVER (PARTITION BY ${same} ORDER BY ${order}) AS place
           FROM pg_temp.incoming) AS placed
        WHERE place > 1`,
  );
  if (rowCount === 0) return [];
  const counts = await queryOutcomes(
    session,
    `WITH gone AS (
       DELETE FROM pg_temp.incoming i USING pg_temp.repeats r WHERE i."#row" = r."#row" RETURNING i."#file")
     SELECT "#file" AS file, 'duplicate' AS outcome, count(*) AS count FROM gone GROUP BY 1`,
  );
  await analyzeAside(session, 'incoming');
  return counts;
}

import { columnOf } from './row-values.js';
import type { Session } from '../session.js';
import { type OutcomeCount, queryOutcomes } from './outcomes.js';
import type { WriteRule } from './write-rule.js';

/** Leaves one incoming row of each key: the newest. The others are duplicates. */
export function keepNewest(session: Session, { key = [], orderBy }: WriteRule): Promise<OutcomeCount[]> {
  const newest = orderBy === undefined ? '' : `${columnOf(orderBy)} DESC NULLS LAST, `;
  const same = key.map((name) => columnOf(name)).join(', ');
  return keepOne(session, { same, order: `${newest}"#file" DESC, "#row" DESC` });
}

/** Leaves the first incoming row of each identity. The others are duplicates. */
export function keepFirst(session: Session): Promise<OutcomeCount[]> {
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
  await session.queryLong('ANALYZE pg_temp.incoming');
  return counts;
}

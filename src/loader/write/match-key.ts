import { TerminalError } from '../../errors.js';
import { quoteTable } from '../quote-name.js';
import { analyzeAside } from './analyze-aside.js';
import { type OutcomeCount, queryOutcomes } from './outcomes.js';
import { isOlder, rowOf, sameKey } from './row-values.js';
import type { Incoming, WriteStep } from './write-mode.js';

/** How incoming rows meet those that the table has. */
interface Meeting {
  /** How many rows come in. */
  rows: number;
  /** Whether rows that the table has newer ones of stay out; else the incoming row counts. */
  byAge: boolean;
  /** SQL over `t` that holds for the rows of the table that can be met; absent: all. */
  among?: string;
  /** More columns of `pg_temp.outcomes`, as SQL over `s` and `t`. */
  more?: string;
}

/**
 * Finds what is to become of each incoming row by its key. Those that are not duplicates are noted in `pg_temp.outcomes`:
 * `"#row"`, `"#file"`, its place among the incoming rows (`at`), `outcome`, and the place of the table's row (`part`, `tid`),
 * which is NULL for a key that the table does not have. Each key comes in once.
 *
 * @throws TerminalError `KEY_NOT_UNIQUE` when the table has several rows of one that comes in
 */
export async function matchByKey(
  step: WriteStep,
  incoming: Incoming,
  { rows, byAge, among = 'true', more }: Meeting,
): Promise<OutcomeCount[]> {
  const { session, place, rule } = step;
  const { key = [], orderBy } = rule;
  const older = byAge && orderBy !== undefined ? `WHEN ${isOlder(orderBy, 's', 't')} THEN 'duplicate'` : '';
  const { columns } = incoming;
  const judged = `SELECT s."#row", s."#file", s.ctid AS at, t.tableoid AS part, t.ctid AS tid,
              CASE WHEN t.ctid IS NULL THEN 'inserted' ${older}
                   WHEN ${rowOf(columns, 's')} IS DISTINCT FROM ${rowOf(columns, 't')} THEN 'updated'
                   ELSE 'duplicate' END AS outcome${more === undefined ? '' : `, ${more}`}
         FROM pg_temp.incoming s LEFT JOIN ${quoteTable(place)} t ON ${sameKey(key, 's', 't')} AND ${among}`;
  await session.query(`CREATE TEMP TABLE outcomes ON COMMIT DROP AS ${judged} WITH NO DATA`);
  const counts = await queryOutcomes(
    session,
    `WITH judged AS (${judged}),
          noted AS (INSERT INTO pg_temp.outcomes SELECT * FROM judged WHERE outcome <> 'duplicate')
     SELECT "#file" AS file, outcome, count(*) AS count FROM judged GROUP BY 1, 2`,
  );
  const matched = counts.reduce((sum, { count }) => sum + count, 0);
  if (matched > rows) throw notUnique(step);
  await analyzeAside(session, 'outcomes');
  return counts;
}

/** For a table that has several rows of a key. */
export function notUnique({ place, rule: { key = [] } }: Pick<WriteStep, 'place' | 'rule'>): TerminalError {
  return new TerminalError(
    'KEY_NOT_UNIQUE',
    `table ${place.schema}.${place.table}: expected one row of each key (${key.join(', ')}), got several of some; ` +
      `take the surplus rows away, or give another key`,
  );
}

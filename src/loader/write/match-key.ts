import { TerminalError } from '../../errors.js';
import { quoteTable } from '../quote-name.js';
import { countOutcomes, type OutcomeCount } from './outcomes.js';
import { isOlder, rowOf, sameKey } from './row-values.js';
import type { Incoming, WriteStep } from './write-mode.js';

/** How incoming rows meet those that the table has. */
interface Meeting {
  /** Whether rows that the table has newer ones of stay out; else the incoming row counts. */
  byAge: boolean;
  /** SQL over `t` that holds for the rows of the table that can be met; absent: all. */
  among?: string;
  /** More columns of `pg_temp.outcomes`, as SQL over `s` and `t`. */
  more?: string;
}

/**
 * Finds what is to become of each incoming row by its key, into `pg_temp.outcomes`: `"#row"`, `"#file"`, `outcome`, and
 * the place of the table's row (`part`, `tid`), which is NULL for a key that the table does not have. Each key comes in
 * once.
 *
 * @throws TerminalError `KEY_NOT_UNIQUE` when the table has several rows of one that comes in
 */
export async function matchByKey(
  step: WriteStep,
  incoming: Incoming,
  { byAge, among = 'true', more }: Meeting,
): Promise<OutcomeCount[]> {
  const { session, place, rule } = step;
  const { key = [], orderBy } = rule;
  const older = byAge && orderBy !== undefined ? `WHEN ${isOlder(orderBy, 's', 't')} THEN 'duplicate'` : '';
  const { columns } = incoming;
  const { rowCount } = await session.queryLong(
    `CREATE TEMP TABLE outcomes ON COMMIT DROP AS
       SELECT s."#row", s."#file", t.tableoid AS part, t.ctid AS tid,
              CASE WHEN t.ctid IS NULL THEN 'inserted' ${older}
                   WHEN ${rowOf(columns, 's')} IS DISTINCT FROM ${rowOf(columns, 't')} THEN 'updated'
                   ELSE 'duplicate' END AS outcome${more === undefined ? '' : `, ${more}`}
         FROM pg_temp.incoming s LEFT JOIN ${quoteTable(place)} t ON ${sameKey(key, 's', 't')} AND ${among}`,
  );
  await checkUnique(step, rowCount ?? 0);
  await session.queryLong('ANALYZE pg_temp.outcomes');
  return countOutcomes(session);
}

async function checkUnique(step: WriteStep, matched: number): Promise<void> {
  const { rows } = await step.session.queryLong<{ count: string }>('SELECT count(*) FROM pg_temp.incoming');
  if (matched > Number(rows[0]?.count)) throw notUnique(step);
}

/** For a table that has several rows of a key. */
export function notUnique({ place, rule: { key = [] } }: Pick<WriteStep, 'place' | 'rule'>): TerminalError {
  return new TerminalError(
    'KEY_NOT_UNIQUE',
    `table ${place.schema}.${place.table}: expected one row of each key (${key.join(', ')}), got several of some; ` +
      `take the surplus rows away, or give another key`,
  );
}

import type { Session } from '../session.js';
import { isQueryFault } from './row-fault.js';
import type { Rule, Search } from './rule.js';
import type { TableRules } from './table-rules.js';

/** Rounds in which rows that are refused may take others with them: a child of a child of a row. */
const MOST_ROUNDS = 50;

/** Rows of `pg_temp.incoming` that are not refused yet. */
export const REMAINING =
  '(SELECT * FROM pg_temp.incoming AS o WHERE NOT EXISTS ' +
  '(SELECT FROM pg_temp.refused_rows AS r WHERE r."#row" = o."#row"))';

/**
 * Finds the rows of `pg_temp.incoming` that break a rule, in sets, and notes them in `pg_temp.refused_rows`.
 *
 * @param rules of the table that the rows shall get into
 * @returns whether that is all there is to find; else only an attempt to write the rows shows the rest
 */
export async function screenRows(
  session: Session,
  { rules, areRowsChanged, place }: TableRules,
  how: Omit<Search, 'rows' | 'place'>,
): Promise<boolean> {
  if (areRowsChanged) return false;
  let isComplete = true;
  for (let round = 0, found = -1; round < MOST_ROUNDS && found !== 0; round++) {
    found = 0;
    for (const rule of rules) {
      // Of two rows that exclude each other the first one may yet be refused for what only an attempt shows.
      if (rule.comparesRows && !isComplete) continue;
      const rows = round + found === 0 ? 'pg_temp.incoming' : REMAINING;
      const broken = await noteBroken(session, rule, { ...how, place, rows });
      isComplete &&= broken !== null;
      found += broken ?? 0;
    }
  }
  return isComplete;
}

/** How many rows break it; null: that cannot be told. */
async function noteBroken(session: Session, rule: Rule, search: Search): Promise<number | null> {
  const broken = rule.findBroken(search);
  if (broken === null) return null;
  const column = rule.columns.length === 1 ? '$1::text' : 'NULL::text';
  const values = rule.columns.length === 1 ? rule.columns : [];
  await session.query('SAVEPOINT search');
  try {
    const { rowCount } = await session.queryLong(
      `INSERT INTO pg_temp.refused_rows ("#row", "#file", column_name, reason)
       SELECT "#row", "#file", ${column}, reason FROM (${broken}) AS broken`,
      values,
    );
    await session.query('RELEASE SAVEPOINT search');
    return rowCount ?? 0;
  } catch (error) {
    // An expression that fails on a row, a parent that may not be read: writing the rows will tell.
    if (!isQueryFault(error)) throw error;
    await session.query('ROLLBACK TO SAVEPOINT search');
    return null;
  }
}

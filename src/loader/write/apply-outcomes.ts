import { quoteTable } from '../quote-name.js';
import type { Session } from '../session.js';
import { type OutcomeCount, sumOutcomes } from './outcomes.js';
import { columnOf, listColumns } from './row-values.js';
import type { Incoming, WriteStep } from './write-mode.js';

/**
 * From here on few rows are fetched by the place that is known of them instead of going through all. They were read a moment
 * ago, so that a page by itself costs hardly more than one in a row.
 */
export async function reachByPlace(session: Session): Promise<void> {
  await session.query('SET LOCAL random_page_cost = 1.1');
}

/**
 * Inserts the incoming rows whose outcome is `inserted`, in the order of the files.
 *
 * @returns how many the database took
 */
export async function insertRows(
  { session, place }: WriteStep,
  { columns }: Incoming,
  counts: OutcomeCount[],
): Promise<number> {
  if (columns.length === 0 || sumOutcomes(counts, 'inserted') === 0) return 0;
  await reachByPlace(session);
  // What the stage brings for an identity column is what shall stand there, as with COPY.
  const { rowCount } = await session.queryLong(
    `INSERT INTO ${quoteTable(place)} (${listColumns(columns)}) OVERRIDING SYSTEM VALUE
     SELECT ${listColumns(columns, 's')}
       FROM pg_temp.incoming s JOIN pg_temp.outcomes o ON o.at = s.ctid
      WHERE o.outcome = 'inserted' ORDER BY s."#file", s."#row"`,
  );
  return rowCount ?? 0;
}

/**
 * Inserts all incoming rows, in the order of the files.
 *
 * @returns how many the database took
 */
export async function insertIncoming({ session, place }: WriteStep, { columns }: Incoming): Promise<number> {
  if (columns.length === 0) return 0;
  const { rowCount } = await session.queryLong(
    `INSERT INTO ${quoteTable(place)} (${listColumns(columns)}) OVERRIDING SYSTEM VALUE
     SELECT ${listColumns(columns)} FROM pg_temp.incoming ORDER BY "#file", "#row"`,
  );
  return rowCount ?? 0;
}

/**
 * Gives the table's rows whose outcome is `updated` the incoming values.
 *
 * @returns how many rows the database changed
 */
export async function updateRows(
  { session, place }: WriteStep,
  { columns }: Incoming,
  counts: OutcomeCount[],
): Promise<number> {
  // An identity column can be part of a key, and takes no new value.
  const values = columns
    .filter(({ isIdentity }) => !isIdentity)
    .map(({ name }) => `${columnOf(name)} = ${columnOf(name, 's')}`);
  if (values.length === 0 || sumOutcomes(counts, 'updated') === 0) return 0;
  await reachByPlace(session);
  const { rowCount } = await session.queryLong(
    `UPDATE ${quoteTable(place)} t SET ${values.join(', ')}
       FROM pg_temp.outcomes o JOIN pg_temp.incoming s ON s.ctid = o.at
      WHERE o.outcome = 'updated' AND t.tableoid = o.part AND t.ctid = o.tid`,
  );
  return rowCount ?? 0;
}

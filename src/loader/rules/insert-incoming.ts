import { quoteName, quoteTable } from '../quote-name.js';
import type { Incoming, WriteStep } from '../write/write-mode.js';
import { noteRefused } from './refuse-incoming.js';
import { isRowFault } from './row-fault.js';
import type { Rule } from './rule.js';
import { REMAINING } from './screen-rows.js';
import { tryRows } from './try-rows.js';

/**
 * Adds the incoming rows that are not refused to the table, at once if it takes them so, else those of them that it takes;
 * the others are noted as refused.
 *
 * @param most stop when more rows than this are refused
 * @returns how many it took
 */
export async function insertIncoming(
  step: WriteStep,
  incoming: Incoming,
  { rules, most }: { rules: readonly Rule[]; most: number },
): Promise<number> {
  const { session, place, request } = step;
  const names = incoming.columns.map(({ name }) => name);
  const columns = names.map((name) => quoteName('column', name)).join(', ');
  // What is checked late fails here, where it can be told which row it was.
  await session.query('SET CONSTRAINTS ALL IMMEDIATE');
  await session.query('SAVEPOINT incoming');
  try {
    const { rowCount } = await session.queryLong(
      `INSERT INTO ${quoteTable(place)} (${columns}) SELECT ${columns} FROM ${REMAINING} AS i ORDER BY "#row"`,
    );
    return rowCount ?? 0;
  } catch (error) {
    if (!isRowFault(error)) throw error;
    await session.query('ROLLBACK TO SAVEPOINT incoming');
  }
  const { signal } = request;
  const attempt = { place, columns: names, rules, rows: REMAINING, most, ...(signal && { signal }) };
  const { inserted, faults } = await tryRows(session, attempt);
  await noteRefused(session, faults);
  return inserted;
}

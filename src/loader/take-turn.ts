import type { LoaderLimits } from './limits.js';
import { quoteTable, type TablePlace } from './quote-name.js';
import type { Session } from './session.js';

/** Loads of one table go one after the other, whichever process they run in. */
export async function takeTurn(session: Session, place: TablePlace, limits: LoaderLimits): Promise<void> {
  await session.limitLocks(limits.turnMs);
  await session.queryLong('SELECT pg_advisory_xact_lock(hashtextextended($1, 0))', [
    `millrace load ${quoteTable(place)}`,
  ]);
  await session.limitLocks(limits.lockMs);
}

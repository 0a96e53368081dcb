import type { LoaderLimits } from './limits.js';
import { literalOf, quoteTable, type TablePlace } from './quote-name.js';
import { limitLocks, type Session } from './session.js';

/** Loads of one table go one after the other, whichever process they run in. */
export async function takeTurn(session: Session, place: TablePlace, limits: LoaderLimits): Promise<void> {
  const turn = literalOf(`millrace load ${quoteTable(place)}`);
  const wait = `SELECT pg_advisory_xact_lock(hashtextextended(${turn}, 0))`;
  // The server ends the wait before its answer is given up.
  const patienceMs = limits.turnMs + limits.readMs;
  await session.queryAll([limitLocks(limits.turnMs), wait, limitLocks(limits.lockMs)], patienceMs);
}

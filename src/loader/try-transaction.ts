import type { DataSource } from 'typeorm';
import type { LoaderLimits } from './limits.js';
import { migrateWithin } from './migrate-target.js';
import { runTransaction } from './run-transaction.js';
import type { Session } from './session.js';

/** Ends a transaction without COMMIT. */
class Undone extends Error {}

/**
 * Runs `work` in one transaction as a load does, deferred constraints included, and always rolls it back. The loader's own
 * tables are there for it, made inside the same transaction where the target has none.
 */
export async function tryTransaction<T>(
  database: DataSource,
  limits: LoaderLimits,
  work: (session: Session) => Promise<T>,
  signal?: AbortSignal,
): Promise<T> {
  const undone = new Undone('rolled back, as meant');
  const results: T[] = [];
  try {
    await runTransaction(
      database,
      limits,
      async (session) => {
        await migrateWithin(database, session, limits);
        results.push(await work(session));
        throw undone;
      },
      signal,
    );
  } catch (error) {
    if (error !== undone) throw error;
  }
  return results[0]!;
}

import type { LoadRequest } from './load.js';
import { literalOf } from './quote-name.js';
import type { Session } from './session.js';

/**
 * Ends what an earlier attempt of this run still has open in the target: its worker stands still and lost the run, but
 * its connection lives and would keep the table's lock. Inside the load's transaction, before it waits for its turn.
 */
export async function endEarlierAttempts(
  session: Session,
  { runId, attempt }: Pick<LoadRequest, 'runId' | 'attempt'>,
): Promise<void> {
  const run = literalOf(`millrace run ${runId}`);
  await session.queryAll([
    `SELECT pg_advisory_xact_lock_shared(hashtext(${run}), ${attempt})`,
    `SELECT pg_terminate_backend(pid) FROM pg_locks
     WHERE locktype = 'advisory' AND objsubid = 2
       AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
       AND classid::bigint = hashtext(${run})::bigint & 4294967295 AND objid::bigint < ${attempt}`,
  ]);
}

import type { LoaderService } from '../loader/loader.service.js';
import { RejectLimit } from '../schema/reject-limit.js';
import type { StreamWalk } from './run-walk.js';

/** A run that fails because of its rejects must still show them; any other error leaves none to keep. */
export async function keepRejects(
  loader: Pick<LoaderService, 'recordRejects'>,
  at: StreamWalk,
  error: unknown,
): Promise<void> {
  if (!(error instanceof RejectLimit) || error.rejectsPath === null) return;
  const { table, rejectsPath } = error;
  const { id: runId, pipeline, configVersion } = at.journal.run;
  await loader.recordRejects(at.target(), { runId, pipeline, configVersion, table, rejectsPath });
}

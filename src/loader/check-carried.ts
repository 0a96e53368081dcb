import { TransientError } from '../errors.js';
import { findColumns, findLastLoad } from './ledger.js';
import type { LoadRequest } from './load.js';
import type { Session } from './session.js';

/** What a stage takes over is not what the table holds any more: it has to be staged again. */
export class LoadOvertaken extends TransientError {
  constructor(where: string) {
    super(
      'LOAD_OVERTAKEN',
      `${where}: expected the table as the load left it whose counts are taken over, got another load or another table`,
    );
  }
}

/**
 * Holds, in the load's turn at the table, that the load which the counts of carried files come from still stands.
 *
 * @param prepared whether the table was made just now; to be asked before it is registered
 * @throws LoadOvertaken
 */
export async function checkCarried(
  session: Session,
  { stage: { goesOnFrom }, pipeline, target: { schema }, table }: LoadRequest,
  prepared: 'made' | 'there' | null,
): Promise<void> {
  if (!goesOnFrom) return;
  const last = prepared === 'there' ? await findLastLoad(session, pipeline, { schema, table }) : null;
  if (last?.loadId !== goesOnFrom.loadId || !(await findColumns(session, last.loadId)))
    throw new LoadOvertaken(`table ${schema}.${table}`);
}

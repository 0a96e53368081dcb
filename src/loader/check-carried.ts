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
  { carriedFrom, pipeline, target: { schema }, table }: LoadRequest,
  prepared: 'made' | 'there' | null,
): Promise<void> {
  if (carriedFrom === undefined) return;
  const last = prepared === 'there' ? await findLastLoad(session, pipeline, { schema, table }) : null;
  if (last?.loadId !== carriedFrom || !(await findColumns(session, carriedFrom)))
    throw new LoadOvertaken(`table ${schema}.${table}`);
}

import { TerminalError } from '../errors.js';
import { RejectEntity } from './reject.entity.js';
import type { Reject, RejectFilter, RejectPage, RejectPageRequest } from './load.js';
import type { Session } from './session.js';

const MAX_PAGE = 500;
const DEFAULT_PAGE = 100;

/**
 * One page of a run's rejects, in the order in which they were stored.
 *
 * @throws TerminalError `INVALID_CURSOR` for a cursor that no page gave
 */
export async function listRejects(
  session: Session,
  runId: string,
  request: RejectPageRequest,
): Promise<RejectPage> {
  const limit = Math.min(Math.max(Math.trunc(request.limit ?? DEFAULT_PAGE), 1), MAX_PAGE);
  const after = request.cursor ? decodeCursor(request.cursor) : '0';
  const rows = await findAfter(session, { runId, after, limit: limit + 1, ...pickFilter(request) });
  const shown = rows.slice(0, limit);
  const last = shown.at(-1);
  return {
    items: shown.map(toReject),
    nextCursor: last && rows.length > limit ? encodeCursor(last.id) : null,
  };
}

function pickFilter({ table, file }: RejectFilter): RejectFilter {
  return { table, file };
}

interface Range extends RejectFilter {
  runId: string;
  after: string;
  limit: number;
}

function findAfter(session: Session, { runId, after, limit, table, file }: Range): Promise<RejectEntity[]> {
  const query = session.manager
    .createQueryBuilder(RejectEntity, 'r')
    .where('r.runId = :runId AND r.id > :after', { runId, after });
  if (table !== undefined) query.andWhere('r.tableName = :table', { table });
  if (file !== undefined) query.andWhere('r.file = :file', { file });
  return query.orderBy('r.id').limit(limit).getMany();
}

function toReject({ id: _id, runId: _runId, loadId: _loadId, tableName, ...rest }: RejectEntity): Reject {
  return { table: tableName, ...rest };
}

function encodeCursor(id: string): string {
  return Buffer.from(id).toString('base64url');
}

function decodeCursor(cursor: string): string {
  const id = Buffer.from(cursor, 'base64url').toString();
  if (/^[1-9]\d{0,17}$/.test(id)) return id;
  throw new TerminalError(
    'INVALID_CURSOR',
    `cursor: expected one that a page gave as nextCursor, got another text`,
  );
}

import type { SelectQueryBuilder } from 'typeorm';
import { decodeCursor, encodeCursor } from './id-cursor.js';
import { RejectEntity } from './reject.entity.js';
import type { Reject, RejectFilter, RejectPageRequest } from './load.js';
import type { Session } from './session.js';

const MAX_PAGE = 500;
const DEFAULT_PAGE = 100;

export interface RejectList {
  items: Reject[];
  nextCursor: string | null;
}

/**
 * One page of a run's rejects, in the order in which they were stored.
 *
 * @throws TerminalError `INVALID_CURSOR` for a cursor that no page gave
 */
export async function listRejects(
  session: Session,
  runId: string,
  request: RejectPageRequest,
): Promise<RejectList> {
  const limit = Math.min(Math.max(Math.trunc(request.limit ?? DEFAULT_PAGE), 1), MAX_PAGE);
  const after = request.cursor ? decodeCursor(request.cursor) : '0';
  const rows = await matching(session, runId, request)
    .andWhere('r.id > :after', { after })
    .orderBy('r.id')
    .limit(limit + 1)
    .getMany();
  const shown = rows.slice(0, limit);
  const last = shown.at(-1);
  return {
    items: shown.map(toReject),
    nextCursor: last && rows.length > limit ? encodeCursor(last.id) : null,
  };
}

/** How many rejects of a run match. */
export async function countRejects(session: Session, runId: string, filter: RejectFilter): Promise<number> {
  return matching(session, runId, filter).getCount();
}

function matching(
  session: Session,
  runId: string,
  { table, file, column, reason }: RejectFilter,
): SelectQueryBuilder<RejectEntity> {
  const query = session.manager.createQueryBuilder(RejectEntity, 'r').where('r.runId = :runId', { runId });
  if (table !== undefined) query.andWhere('r.tableName = :table', { table });
  if (file !== undefined) query.andWhere('r.file = :file', { file });
  if (column !== undefined) query.andWhere('r.column = :column', { column });
  if (reason !== undefined) query.andWhere('strpos(lower(r.reason), lower(:reason)) > 0', { reason });
  return query;
}

function toReject(entity: RejectEntity): Reject {
  const { pipeline, configVersion, tableName: table, source, file, line, column, reason, raw } = entity;
  return { pipeline, configVersion, table, source, file, line, column, reason, raw };
}

import { type PruneRequest, repeatStep, type Transact } from './prune.js';
import type { Session } from './session.js';

const AT_ONCE = 5_000;

/** Removes the oldest rejects of a pipeline: those of old runs, and those that are too many. */
export async function pruneRejects(
  transact: Transact,
  pipeline: string,
  request: PruneRequest,
): Promise<number> {
  const surplus = await transact((session) => idAfterNewest(session, pipeline, request.keepRejects));
  return repeatStep(AT_ONCE, () => transact((session) => removeSome(session, pipeline, surplus, request)));
}

async function idAfterNewest(session: Session, pipeline: string, newest: number): Promise<string> {
  const { rows } = await session.queryLong<{ id: string }>(
    'SELECT id FROM millrace.rejects WHERE pipeline = $1 ORDER BY id DESC OFFSET $2 LIMIT 1',
    [pipeline, newest],
  );
  return rows[0]?.id ?? '0';
}

async function removeSome(
  session: Session,
  pipeline: string,
  surplus: string,
  { firstRunId, spare }: PruneRequest,
): Promise<number> {
  // Whoever takes rejects up again has locked them: they are passed over.
  const { rows } = await session.queryLong<{ runId: string; count: string }>(
    `WITH removed AS (
       DELETE FROM millrace.rejects WHERE id IN (
         SELECT id FROM millrace.rejects
          WHERE pipeline = $1 AND (id <= $2 OR run_id COLLATE "C" < $3) AND NOT run_id = ANY ($4)
          ORDER BY id LIMIT ${AT_ONCE} FOR UPDATE SKIP LOCKED)
       RETURNING run_id)
     SELECT run_id AS "runId", count(*) AS count FROM removed GROUP BY 1`,
    [pipeline, surplus, firstRunId, spare],
  );
  await session.queryLong(FORGET_FILES, [rows.map(({ runId }) => runId)]);
  return rows.reduce((sum, { count }) => sum + Number(count), 0);
}

const FORGET_FILES = `
  DELETE FROM millrace.reject_files f
   WHERE f.run_id = ANY ($1) AND NOT EXISTS (
     SELECT FROM millrace.rejects r
      WHERE r.run_id = f.run_id AND r.table_name = f.table_name AND r.source = f.source AND r.file = f.file)`;

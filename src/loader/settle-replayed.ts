import { createReadStream } from 'node:fs';
import { TerminalError, TransientError } from '../errors.js';
import type { Stage, StageReject } from '../schema/stage.js';
import { inChunks, stageRejects, toCsv } from './copy-rejects.js';
import type { ReplayedRejects } from './replay.js';
import type { Session } from './session.js';

export interface Settlement extends ReplayedRejects {
  table: string;
  /** The version whose reasons the stage gives. */
  configVersion: number;
  stage: Pick<Stage, 'rows' | 'rejected' | 'rejectsPath'>;
}

/**
 * Brings the list up to what a stage of its own records says: those that passed leave it, the others get the reasons
 * that hold now.
 *
 * @returns how many stay
 * @throws TransientError `REJECTS_CHANGED` when somebody else has taken one from the list; TerminalError
 *   `COUNTS_DO_NOT_BALANCE` when not every record has passed or stayed
 */
export async function settleReplayed(session: Session, settlement: Settlement): Promise<number> {
  const { runId, table, stage } = settlement;
  const replayed = await copyReplayed(session, settlement.records);
  await copyRefused(session, stage.rejectsPath);
  await lockReplayed(session, settlement, replayed);
  const kept = await updateKept(session, settlement);
  const passed = await deletePassed(session);
  if (passed !== stage.rows || kept !== stage.rejected || passed + kept !== replayed) {
    const got = `${passed} leave the list and ${kept} stay`;
    const expected = `${stage.rows} and ${stage.rejected} of ${replayed}`;
    throw new TerminalError(
      'COUNTS_DO_NOT_BALANCE',
      `rejects of ${table}: expected ${expected} replayed, got ${got}`,
    );
  }
  await session.queryLong(FORGET_FILES, [runId, table]);
  return kept;
}

async function copyReplayed(session: Session, path: string): Promise<number> {
  await session.query(
    'CREATE TEMP TABLE replayed (id bigint PRIMARY KEY, source integer, file text, line bigint) ON COMMIT DROP',
  );
  const sql = `COPY pg_temp.replayed FROM STDIN (FORMAT csv, ENCODING 'UTF8')`;
  const { rows } = await session.copyIn(sql, chunksOf(path));
  await session.queryLong('ANALYZE pg_temp.replayed');
  return rows;
}

/** Opens the file when the first chunk is asked for: until then nobody would hear that it cannot be opened. */
async function* chunksOf(path: string): AsyncGenerator<Buffer> {
  yield* createReadStream(path) as AsyncIterable<Buffer>;
}

async function copyRefused(session: Session, path: string | null): Promise<void> {
  await session.query(
    'CREATE TEMP TABLE refused (source integer, file text, line bigint, column_name text, reason text) ON COMMIT DROP',
  );
  if (path === null) return;
  const sql = `COPY pg_temp.refused FROM STDIN (FORMAT csv, NULL '', ENCODING 'UTF8')`;
  const line = ({ source, file, line: at, column, reason }: StageReject) =>
    toCsv([source, file, at, column, reason]);
  await session.copyIn(sql, inChunks(stageRejects(path), line));
  await session.queryLong('ANALYZE pg_temp.refused');
}

/** From here to the end of the transaction nobody else takes them up or removes them. */
async function lockReplayed(session: Session, { runId, table }: Settlement, replayed: number): Promise<void> {
  const { rows } = await session.queryLong<{ count: string }>(
    `SELECT count(*) FROM (
       SELECT FROM pg_temp.replayed p JOIN millrace.rejects r ON r.id = p.id
        WHERE r.run_id = $1 AND r.table_name = $2 ORDER BY r.id FOR UPDATE OF r) AS locked`,
    [runId, table],
  );
  const found = Number(rows[0]?.count);
  if (found === replayed) return;
  throw new TransientError(
    'REJECTS_CHANGED',
    `rejects of ${table}: expected the ${replayed} that were replayed, got ${found} of them`,
  );
}

async function updateKept(session: Session, { configVersion }: Settlement): Promise<number> {
  const { rowCount } = await session.queryLong(
    `UPDATE millrace.rejects r
        SET column_name = f.column_name, reason = f.reason, config_version = $1
       FROM pg_temp.replayed p JOIN pg_temp.refused f USING (source, file, line)
      WHERE r.id = p.id`,
    [configVersion],
  );
  return rowCount ?? 0;
}

async function deletePassed(session: Session): Promise<number> {
  const { rowCount } = await session.queryLong(
    `DELETE FROM millrace.rejects r USING pg_temp.replayed p
      WHERE r.id = p.id AND NOT EXISTS (
        SELECT FROM pg_temp.refused f WHERE f.source = p.source AND f.file = p.file AND f.line = p.line)`,
  );
  return rowCount ?? 0;
}

const FORGET_FILES = `
  DELETE FROM millrace.reject_files f
   WHERE f.run_id = $1 AND f.table_name = $2 AND (f.source, f.file) NOT IN (
     SELECT r.source, r.file FROM millrace.rejects r WHERE r.run_id = $1 AND r.table_name = $2)`;

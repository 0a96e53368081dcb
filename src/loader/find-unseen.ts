import { createWriteStream } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import type { Stage } from '../schema/stage.js';
import type { Session } from './session.js';

/** The identities of a stage that the table has not got yet. */
export interface Unseen {
  count: number;
  /** Lists them, one a line in ascending order; null when they are all that the stage has. */
  file: string | null;
}

interface Search {
  stage: Stage;
  tableId: number;
  /** Takes the list. */
  folder: string;
  signal?: AbortSignal;
}

/** Sends the stage's identities alone and finds the new ones; leaves those in the temporary table `unseen_hashes`. */
export async function findUnseen(session: Session, search: Search): Promise<Unseen> {
  const { stage, tableId, folder, signal } = search;
  await session.query('CREATE TEMP TABLE stage_hashes (row_hash uuid NOT NULL) ON COMMIT DROP');
  const { rows: sent } = await session.copyIn(
    'COPY pg_temp.stage_hashes (row_hash) FROM STDIN',
    stage.identityLines(signal),
  );
  if (!(await hasHashes(session, tableId))) {
    await session.query('ALTER TABLE pg_temp.stage_hashes RENAME TO unseen_hashes');
    return { count: sent, file: null };
  }
  const count = await keepUnseen(session, tableId);
  if (count === sent) return { count, file: null };
  const file = join(folder, 'unseen-hashes.txt');
  await (count === 0 ? writeFile(file, '') : writeList(session, file));
  return { count, file };
}

async function hasHashes(session: Session, tableId: number): Promise<boolean> {
  const { rows } = await session.query('SELECT FROM millrace.loaded_row_hashes WHERE table_id = $1 LIMIT 1', [
    tableId,
  ]);
  return rows.length > 0;
}

async function keepUnseen(session: Session, tableId: number): Promise<number> {
  await session.queryLong('ANALYZE pg_temp.stage_hashes');
  const { rowCount } = await session.queryLong(
    `CREATE TEMP TABLE unseen_hashes ON COMMIT DROP AS
       SELECT s.row_hash FROM pg_temp.stage_hashes s
        WHERE NOT EXISTS (SELECT FROM millrace.loaded_row_hashes h
                           WHERE h.table_id = ${tableId} AND h.row_hash = s.row_hash)`,
  );
  return rowCount ?? 0;
}

async function writeList(session: Session, file: string): Promise<void> {
  const list = session.copyOut(
    'COPY (SELECT row_hash FROM pg_temp.unseen_hashes ORDER BY row_hash) TO STDOUT',
  );
  await pipeline(list, createWriteStream(file));
}

/**
 * Remembers what `findUnseen` found. In ascending order, because a random one writes nearly every page of the index.
 *
 * @returns the number of hashes that the database took
 */
export async function rememberUnseen(session: Session, tableId: number): Promise<number> {
  const { rowCount } = await session.queryLong(
    `INSERT INTO millrace.loaded_row_hashes (table_id, row_hash)
     SELECT ${tableId}, row_hash FROM pg_temp.unseen_hashes ORDER BY row_hash`,
  );
  return rowCount ?? 0;
}

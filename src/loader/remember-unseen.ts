import { randomUUID } from 'node:crypto';
import { createWriteStream } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import type { Stage } from '../schema/stage.js';
import { raiseMemory } from './raise-memory.js';
import type { Session } from './session.js';

/** The identities of a stage that the table has not got yet. */
export interface Unseen {
  count: number;
  /** Hashes that the database took for them. */
  stored: number;
  /** Lists them, one a line in ascending order; null when they are all that the stage has. */
  file: string | null;
}

interface Search {
  stage: Stage;
  tableId: number;
  /** Takes the list. */
  folder: string;
  signal?: AbortSignal;
  /** Told how many identities are under way. */
  onSent?: (identities: number) => void;
}

/** A UUID's text and the line end. */
const LINE_BYTES = 37;

/**
 * Sends the stage's identities alone, finds the new ones and remembers them as loaded. In ascending order, because a
 * random one writes nearly every page of the index.
 */
export async function rememberUnseen(session: Session, search: Search): Promise<Unseen> {
  const { stage, tableId, folder, signal, onSent } = search;
  const lines = counted(stage.identityLines(signal), onSent);
  if (!(await hasHashes(session, tableId))) {
    const all = await copyAll(session, tableId, lines);
    return { count: all, stored: all, file: null };
  }
  await raiseMemory(session);
  const sent = await copyAside(session, lines);
  const count = await keepUnseen(session, tableId);
  const stored = count > 0 ? await insertUnseen(session, tableId) : 0;
  if (count === sent) return { count, stored, file: null };
  const file = join(folder, `unseen-hashes-${randomUUID()}.txt`);
  await (count === 0 ? writeFile(file, '') : writeList(session, file));
  return { count, stored, file };
}

async function* counted(lines: AsyncIterable<Buffer>, onSent: Search['onSent']): AsyncGenerator<Buffer> {
  let bytes = 0;
  for await (const chunk of lines) {
    yield chunk;
    bytes += chunk.length;
    onSent?.(Math.trunc(bytes / LINE_BYTES));
  }
}

/** The first load of a table needs no search: the hashes go where they belong at once, at half the price. */
async function copyAll(session: Session, tableId: number, lines: AsyncIterable<Buffer>): Promise<number> {
  const sql = 'COPY millrace.loaded_row_hashes (table_id, row_hash) FROM STDIN';
  const { rows } = await session.copyIn(sql, prefixLines(lines, `${tableId}\t`));
  return rows;
}

/** Each line with a text in front, whatever the chunks end in. */
export async function* prefixLines(chunks: AsyncIterable<Buffer>, prefix: string): AsyncGenerator<Buffer> {
  let isLineStart = true;
  for await (const chunk of chunks) {
    if (chunk.length === 0) continue;
    const text = chunk.toString('latin1');
    const isLastWhole = text.endsWith('\n');
    const body = (isLastWhole ? text.slice(0, -1) : text).replaceAll('\n', `\n${prefix}`);
    yield Buffer.from(`${isLineStart ? prefix : ''}${body}${isLastWhole ? '\n' : ''}`, 'latin1');
    isLineStart = isLastWhole;
  }
}

async function copyAside(session: Session, lines: AsyncIterable<Buffer>): Promise<number> {
  await session.query('CREATE TEMP TABLE stage_hashes (row_hash uuid NOT NULL) ON COMMIT DROP');
  const { rows } = await session.copyIn('COPY pg_temp.stage_hashes (row_hash) FROM STDIN', lines);
  return rows;
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

async function insertUnseen(session: Session, tableId: number): Promise<number> {
  const { rowCount } = await session.queryLong(
    `INSERT INTO millrace.loaded_row_hashes (table_id, row_hash)
     SELECT ${tableId}, row_hash FROM pg_temp.unseen_hashes ORDER BY row_hash`,
  );
  return rowCount ?? 0;
}

async function writeList(session: Session, file: string): Promise<void> {
  const list = session.copyOut(
    'COPY (SELECT row_hash FROM pg_temp.unseen_hashes ORDER BY row_hash) TO STDOUT',
  );
  await pipeline(list, createWriteStream(file));
}

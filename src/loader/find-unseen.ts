import { randomUUID } from 'node:crypto';
import { createWriteStream } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import type { Stage } from '../schema/stage.js';
import { LINE_BYTES, packIdentities } from './pack-identities.js';
import { raiseMemory } from './raise-memory.js';
import { findRowHashes, hasHashes, indexStore, isUnknown, makeStore, type RowHashes } from './row-hashes.js';
import type { Session } from './session.js';
import { inOrder, storeAllNew } from './store-all-new.js';

/** Identities of which all lines, as chunks that stay as they are, lie in memory; and with which little is lost if they are sent in vain. */
export const FEW = 20_000;

/** The identities of a stage that the table has not got yet. */
export interface Unseen {
  count: number;
  /** Lists them, one a line in ascending order; null when they are all that the stage has. */
  file: string | null;
  /** Remembers them as loaded, once, unless that is done; returns how many hashes the database took. */
  remember: () => Promise<number>;
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

/**
 * Finds the stage's identities that are new: sends them alone, in ascending order, because a random one would touch nearly
 * every page of the index. Of a table without any identity all are new, and they are sent when they are remembered.
 */
export async function findUnseen(session: Session, search: Search): Promise<Unseen> {
  const { stage, tableId } = search;
  if (stage.identities === 0) return { count: 0, file: null, remember: async () => 0 };
  const hashes = await findRowHashes(session, tableId);
  const areAllNew = !(await hasHashes(session, hashes));
  // Where they are sent last they are made ready while the rows travel.
  const lines = told(stage.identityLines(search.signal), search.onSent);
  if (areAllNew) {
    return { count: stage.identities, file: null, remember: () => rememberAll(session, hashes, lines) };
  }
  if (stage.identities <= FEW) return findFew(session, hashes, { ...search, lines });
  return findAmongMany(session, hashes, { ...search, lines });
}

interface Sending extends Search {
  lines: AsyncIterable<Buffer>;
}

async function findFew(session: Session, hashes: RowHashes, sending: Sending): Promise<Unseen> {
  const chunks: Buffer[] = [];
  for await (const chunk of sending.lines) chunks.push(chunk);
  const stored = await storeAllNew(session, hashes, chunks);
  if (stored === null) return findAmongMany(session, hashes, { ...sending, lines: inOrder(chunks) });
  return { count: sending.stage.identities, file: null, remember: async () => stored };
}

async function findAmongMany(
  session: Session,
  hashes: RowHashes,
  { folder, lines }: Sending,
): Promise<Unseen> {
  await raiseMemory(session);
  const sent = await copyAside(session, lines);
  const count = await keepUnseen(session, hashes);
  const unseen = { count, remember: async () => (count > 0 ? insertUnseen(session, hashes) : 0) };
  if (count === sent) return { ...unseen, file: null };
  const file = join(folder, `unseen-hashes-${randomUUID()}.txt`);
  await (count === 0 ? writeFile(file, '') : writeList(session, file));
  return { ...unseen, file };
}

async function* told(lines: AsyncIterable<Buffer>, onSent: Search['onSent']): AsyncGenerator<Buffer> {
  let bytes = 0;
  for await (const chunk of lines) {
    yield chunk;
    bytes += chunk.length;
    onSent?.(Math.trunc(bytes / LINE_BYTES));
  }
}

/** The first load of a table needs no search: the hashes go where they belong at once, and are indexed afterwards. */
async function rememberAll(
  session: Session,
  found: RowHashes,
  lines: AsyncIterable<Buffer>,
): Promise<number> {
  const isNew = found.own === 'possible';
  const hashes = isNew ? await makeStore(session, found) : found;
  const isOwn = hashes.own === 'there';
  const columns = isOwn ? 'row_hash' : 'table_id, row_hash';
  const { rows } = await session.copyIn(
    `COPY ${hashes.store} (${columns}) FROM STDIN (FORMAT binary)`,
    packIdentities(lines, isOwn ? null : hashes.tableId),
  );
  if (isNew) await indexStore(session, hashes);
  return rows;
}

async function copyAside(session: Session, lines: AsyncIterable<Buffer>): Promise<number> {
  await session.query('CREATE TEMP TABLE stage_hashes (row_hash uuid NOT NULL) ON COMMIT DROP');
  const sql = 'COPY pg_temp.stage_hashes (row_hash) FROM STDIN (FORMAT binary)';
  const { rows } = await session.copyIn(sql, packIdentities(lines, null));
  return rows;
}

async function keepUnseen(session: Session, hashes: RowHashes): Promise<number> {
  // Both sides are in order: few identities are looked up, many are merged, and a hash of all would take twice as long.
  await session.query('SET LOCAL enable_hashjoin = off');
  const { rowCount } = await session.queryLong(
    `CREATE TEMP TABLE unseen_hashes ON COMMIT DROP AS
       SELECT s.row_hash FROM pg_temp.stage_hashes s WHERE ${isUnknown(hashes, 's.row_hash')}`,
  );
  await session.query('SET LOCAL enable_hashjoin TO DEFAULT');
  return rowCount ?? 0;
}

async function insertUnseen(session: Session, { tableId, store }: RowHashes): Promise<number> {
  const { rowCount } = await session.queryLong(
    `INSERT INTO ${store} (table_id, row_hash)
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

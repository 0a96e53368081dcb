import { randomUUID } from 'node:crypto';
import { rm } from 'node:fs/promises';
import { checkBalance, countFiles, sumCounts } from './balance-counts.js';
import { copyRejects } from './copy-rejects.js';
import { endEarlierAttempts } from './end-earlier-attempts.js';
import { checkCursors, keepCursors } from './cursors.js';
import { rememberUnseen, type Unseen } from './remember-unseen.js';
import { findLoad, recordLoad } from './ledger.js';
import type { LoaderLimits } from './limits.js';
import type { LoadRequest, LoadResult } from './load.js';
import { prepareTable } from './prepare-table.js';
import { quoteName, quoteTable, type TablePlace } from './quote-name.js';
import { registerTable } from './register-table.js';
import { SchemaChanges } from './schema-changes.js';
import type { Session } from './session.js';
import { settleReplayed } from './settle-replayed.js';
import { takeTurn } from './take-turn.js';

/**
 * Everything that one load does, inside one transaction: waits for its turn at the table, moves the rows that are new,
 * and proves the counts.
 */
export async function loadStage(
  session: Session,
  request: LoadRequest,
  limits: LoaderLimits,
): Promise<LoadResult> {
  const place = { schema: request.target.schema, table: request.table };
  await endEarlierAttempts(session, request);
  await takeTurn(session, place, limits);
  const earlier = await findLoad(session, { runId: request.runId, ...place });
  if (earlier) return earlier;
  const { stage, replay } = request;
  // Records of which none passed must not settle what the table is to be.
  const columns = replay && stage.rows === 0 ? [] : stage.columns;
  const changes = new SchemaChanges(session, request);
  const hasTable = await prepareTable(session, {
    ...place,
    columns,
    addColumns: request.addColumns,
    changes,
  });
  const tableId = hasTable ? await registerTable(session, place) : null;
  if (request.cursors) await checkCursors(session, { ...request, tableId }, request.cursors.begunAt);
  const unseen = await findNew(session, request, tableId);
  try {
    return await moveRows(session, request, { place, tableId, unseen });
  } finally {
    if (unseen.file) await rm(unseen.file, { force: true });
  }
}

async function findNew(session: Session, request: LoadRequest, tableId: number | null): Promise<Unseen> {
  const { stage, folder, signal } = request;
  if (tableId === null || stage.identities === 0) return { count: 0, stored: 0, file: null };
  const onSent = (identitiesSent: number) =>
    request.onProgress?.({ identitiesSent, unseen: 0, rowBytesSent: 0 });
  return rememberUnseen(session, { stage, tableId, folder, signal, onSent });
}

interface Move {
  place: TablePlace;
  tableId: number | null;
  unseen: Unseen;
}

async function moveRows(session: Session, request: LoadRequest, move: Move): Promise<LoadResult> {
  const { stage } = request;
  const { place, tableId, unseen } = move;
  const loadId = randomUUID();
  const copied = unseen.count > 0 ? await copyRows(session, request, move) : { rows: 0, bytes: 0 };
  const files = countFiles(stage.files, await stage.tally(unseen.file, request.signal));
  const rejects = await storeRejects(session, request, loadId);
  const result = { loadId, ...sumCounts(files), files, rowBytes: copied.bytes, alreadyCommitted: false };
  const counted = { unseen: unseen.count, rows: copied.rows, hashes: unseen.stored, rejects };
  checkBalance(stage, files, counted, `table ${place.schema}.${place.table}`);
  await recordLoad(session, request, tableId, result);
  if (request.cursors) await keepCursors(session, { ...request, tableId }, request.cursors.reached);
  return result;
}

function storeRejects(session: Session, request: LoadRequest, loadId: string): Promise<number> | number {
  const { stage, replay, table, configVersion } = request;
  if (replay) return settleReplayed(session, { ...replay, table, configVersion, stage });
  return stage.rejectsPath ? copyRejects(session, { ...request, loadId }, stage.rejectsPath) : 0;
}

function copyRows(session: Session, { stage, signal, onProgress }: LoadRequest, { place, unseen }: Move) {
  const columns = stage.columns.map(({ name }) => quoteName('column', name)).join(', ');
  const sql = `COPY ${quoteTable(place)} (${columns}) FROM STDIN (FORMAT csv, NULL '', ENCODING 'UTF8')`;
  const sent = { identitiesSent: stage.identities, unseen: unseen.count };
  return session.copyIn(sql, stage.rowLines(unseen.file, signal), (rowBytesSent) =>
    onProgress?.({ ...sent, rowBytesSent }),
  );
}

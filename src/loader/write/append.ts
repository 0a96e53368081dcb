import { rm } from 'node:fs/promises';
import type { LoadRequest } from '../load.js';
import { quoteName, quoteTable } from '../quote-name.js';
import { rememberUnseen, type Unseen } from '../remember-unseen.js';
import { isRowFault } from '../rules/row-fault.js';
import { appendIncoming } from './append-incoming.js';
import { appendJudged } from './append-judged.js';
import type { WriteMode, WriteStep, Written } from './write-mode.js';

/** Adds the rows whose identity the table has never had. */
export const append: WriteMode = {
  lock: 'ROW EXCLUSIVE',
  refuseReplay: () => null,
  write: (step) => {
    // What another mode has brought has no identities here.
    const isKnown = step.before === null || step.before === 'append';
    return isKnown ? appendUnseen(step) : appendIncoming(step);
  },
};

/** The identities travel alone, then only the rows that are new. */
async function appendUnseen(step: WriteStep): Promise<Written> {
  const unseen = await findNew(step);
  try {
    return await writeUnseen(step, unseen);
  } finally {
    if (unseen.file) await rm(unseen.file, { force: true });
  }
}

async function writeUnseen(step: WriteStep, unseen: Unseen): Promise<Written> {
  const { session, place, rules, request } = step;
  const canRefuse = request.stage.keepsPlaces && unseen.count > 0;
  if (canRefuse && rules) return appendJudged(step, unseen, rules);
  await session.query('SAVEPOINT rows');
  try {
    return await copyUnseen(step, unseen);
  } catch (error) {
    if (!canRefuse || !isRowFault(error)) throw error;
    await session.query('ROLLBACK TO SAVEPOINT rows');
    // A rule that the catalog does not tell of.
    return appendJudged(step, unseen, { place, rules: [], areRowsChanged: true });
  }
}

async function copyUnseen(step: WriteStep, unseen: Unseen): Promise<Written> {
  const { stage, signal } = step.request;
  const copied = unseen.count > 0 ? await copyRows(step, unseen) : { rows: 0, bytes: 0 };
  const tally = await stage.tally(unseen.file, signal);
  const inserted = tally.reduce((sum, file) => sum + file.unseen, 0);
  return {
    files: tally.map(({ file, unseen: fresh, duplicate }) => {
      return { file, inserted: fresh, updated: 0, duplicate };
    }),
    deleted: 0,
    rowBytes: copied.bytes,
    agreements: [
      ['unseen rows', unseen.count, inserted],
      ['rows that COPY took', inserted, copied.rows],
      ['hashes stored', inserted, unseen.stored],
    ],
  };
}

async function findNew({ session, request, tableId }: WriteStep): Promise<Unseen> {
  const { stage, folder, signal } = request;
  if (stage.identities === 0) return { count: 0, stored: 0, file: null };
  const onSent = (identitiesSent: number) =>
    request.onProgress?.({ identitiesSent, unseen: 0, rowBytesSent: 0 });
  return rememberUnseen(session, { stage, tableId, folder, signal, onSent });
}

function copyRows({ session, request, place }: WriteStep, unseen: Unseen) {
  const { stage, signal, onProgress }: LoadRequest = request;
  const columns = stage.columns.map(({ name }) => quoteName('column', name)).join(', ');
  const sql = `COPY ${quoteTable(place)} (${columns}) FROM STDIN (FORMAT csv, NULL '', ENCODING 'UTF8')`;
  const sent = { identitiesSent: stage.identities, unseen: unseen.count };
  return session.copyIn(sql, stage.rowLines(unseen.file, signal), (rowBytesSent) =>
    onProgress?.({ ...sent, rowBytesSent }),
  );
}

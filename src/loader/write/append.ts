import { rm } from 'node:fs/promises';
import type { LoadProgress, LoadRequest } from '../load.js';
import { FEW, findUnseen, type Unseen } from '../find-unseen.js';
import { isRowFault } from '../rules/row-fault.js';
import { appendIncoming } from './append-incoming.js';
import { appendJudged } from './append-judged.js';
import { copyRows } from './copy-rows.js';
import type { WriteMode, WriteStep, Written } from './write-mode.js';

/** Adds the rows whose identity the table has never had. */
export const append: WriteMode = {
  lock: 'ROW EXCLUSIVE',
  refuseReplay: () => null,
  begin: ({ stage, signal }) => {
    if (stage.identities <= FEW) stage.beginIdentities?.(signal);
  },
  write: (step) => {
    // What another mode has brought has no identities here.
    const isKnown = step.before === null || step.before === 'append';
    return isKnown ? appendUnseen(step) : appendIncoming(step);
  },
};

/** The identities travel alone, then only the rows that are new. Where all are new, it is the other way round. */
async function appendUnseen(step: WriteStep): Promise<Written> {
  const { session, request, tableId } = step;
  const { stage, folder, signal } = request;
  const tell = teller(request);
  const onSent = (identitiesSent: number) => tell({ identitiesSent });
  const unseen = await findUnseen(session, { stage, tableId, folder, signal, onSent });
  try {
    return await writeUnseen(step, unseen, tell);
  } finally {
    if (unseen.file) await rm(unseen.file, { force: true });
  }
}

type Tell = (news: Partial<LoadProgress>) => void;

function teller({ onProgress }: LoadRequest): Tell {
  const sent: LoadProgress = { identitiesSent: 0, unseen: 0, rowBytesSent: 0 };
  return (news) => onProgress?.({ ...Object.assign(sent, news) });
}

async function writeUnseen(step: WriteStep, unseen: Unseen, tell: Tell): Promise<Written> {
  const { session, rules, request } = step;
  const canRefuse = request.stage.keepsPlaces && unseen.count > 0;
  if (!canRefuse) return copyUnseen(step, unseen, tell);
  if (rules) return appendJudged(step, unseen, rules);
  await session.query('SAVEPOINT rows');
  try {
    return await copyUnseen(step, unseen, tell);
  } catch (error) {
    if (!isRowFault(error)) throw error;
    await session.query('ROLLBACK TO SAVEPOINT rows');
    // A rule that the catalog does not tell of.
    return appendJudged(step, unseen, { place: step.place, rules: [], areRowsChanged: true });
  }
}

async function copyUnseen(step: WriteStep, unseen: Unseen, tell: Tell): Promise<Written> {
  const { stage, signal } = step.request;
  tell({ unseen: unseen.count });
  const copied =
    unseen.count > 0
      ? await copyRows(step, unseen.file, (rowBytesSent) => tell({ rowBytesSent }))
      : { rows: 0, bytes: 0 };
  const stored = await unseen.remember();
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
      ['hashes stored', inserted, stored],
    ],
  };
}

import { checkColumns } from './check-columns.js';
import { insertRows, updateRows } from './apply-outcomes.js';
import { canFill, fillEmpty } from './fill-empty.js';
import { copyIncoming } from './incoming.js';
import { keepNewest } from './keep-one.js';
import { ensureKeyIndex } from './key-index.js';
import { matchByKey } from './match-key.js';
import { byFile, sumOutcomes } from './outcomes.js';
import type { WriteMode, WriteStep, Written } from './write-mode.js';

/**
 * Brings the table's rows up to the newest of each key, and adds the keys that it has not got. A row that would not
 * change is not touched.
 */
export const upsert: WriteMode = {
  lock: 'SHARE ROW EXCLUSIVE',
  refuseReplay: ({ orderBy }) =>
    orderBy === undefined
      ? 'without order_by nobody can tell whether the table has newer rows than the rejects'
      : null,
  write: upsertRows,
};

async function upsertRows(step: WriteStep): Promise<Written> {
  checkColumns(step);
  const written = (await canFill(step)) ? await fillEmpty(step) : await meetRows(step);
  await ensureKeyIndex(step);
  return written;
}

async function meetRows(step: WriteStep): Promise<Written> {
  const incoming = await copyIncoming(step, 'unidentified');
  const { bytes: rowBytes, screened } = incoming;
  if (incoming.columns.length === 0) return { files: [], deleted: 0, rowBytes, agreements: [], screened };
  const repeats = await keepNewest(step, incoming);
  const rows = incoming.left - sumOutcomes(repeats, 'duplicate');
  const counts = await matchByKey(step, incoming, { rows, byAge: true });
  const updated = await updateRows(step, incoming, counts);
  const inserted = await insertRows(step, incoming, counts);
  return {
    files: byFile([...repeats, ...counts]),
    deleted: 0,
    rowBytes,
    agreements: [
      ['rows updated', sumOutcomes(counts, 'updated'), updated],
      ['rows inserted', sumOutcomes(counts, 'inserted'), inserted],
    ],
    screened,
  };
}

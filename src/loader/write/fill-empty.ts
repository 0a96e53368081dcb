import { quoteTable } from '../quote-name.js';
import { copyRows } from './copy-rows.js';
import { isEachKeyOnce } from './each-key-once.js';
import { findColumns } from './incoming.js';
import type { WriteStep, Written } from './write-mode.js';

/**
 * Whether the stage's rows can go straight into the table: it has none that they could meet, would refuse none, and no two of
 * them have one key. The lock of the mode lets nobody else bring any meanwhile. Child tables ask `pg_temp.incoming`
 * what came in.
 */
export async function canFill(step: WriteStep): Promise<boolean> {
  const { session, request, rule, place, screen } = step;
  if (screen || request.stage.rows === 0 || request.children?.length) return false;
  const { rows } = await session.queryLong(`SELECT FROM ${quoteTable(place)} LIMIT 1`);
  if (rows.length > 0) return false;
  return rule.key === undefined || isEachKeyOnce(step, await findColumns(step));
}

/** Copies the first row of each identity into the table, for which `canFill` holds. */
export async function fillEmpty(step: WriteStep): Promise<Written> {
  const { stage, signal, onProgress } = step.request;
  const { rows, bytes } = await copyRows(step, null, (rowBytesSent) =>
    onProgress?.({ identitiesSent: 0, unseen: stage.rows, rowBytesSent }),
  );
  const files = (await stage.tally(null, signal)).map(({ file, unseen: inserted, duplicate }) => {
    return { file, inserted, updated: 0, duplicate };
  });
  const inserted = files.reduce((sum, file) => sum + file.inserted, 0);
  return { files, deleted: 0, rowBytes: bytes, agreements: [['rows that COPY took', inserted, rows]] };
}

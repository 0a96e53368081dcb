import { findRowHashes, forgetListed, knownHashes } from '../row-hashes.js';
import { insertIncoming } from './apply-outcomes.js';
import { copyIncoming } from './incoming.js';
import { keepFirst } from './keep-one.js';
import { dropMatched, matchByValues } from './match-values.js';
import { byFile, countIncoming, type OutcomeCount, queryOutcomes } from './outcomes.js';
import type { WriteStep, Written } from './write-mode.js';

/**
 * Appends to a table that another write mode has written, whose rows are known by their values alone: those that come in
 * and are there already are duplicates.
 */
export async function appendIncoming(step: WriteStep): Promise<Written> {
  const { session } = step;
  const incoming = await copyIncoming({ ...step, screen: null });
  const repeats = [...(await keepFirst(step)), ...(await dropSeen(step))];
  const unseen = sumCounts(await matchByValues(step, incoming));
  const stored = await rememberIncoming(step);
  const known = await dropMatched(session);
  // What the table has already is no row that it would refuse.
  const screened = (await step.screen?.(step, incoming)) ?? null;
  // Rows that were refused may come again.
  const forgotten = screened ? await forgetListed(session, step.tableId, 'pg_temp.taken_rows') : 0;
  const counts = await countIncoming(session);
  const inserted = await insertIncoming(step, incoming);
  return {
    files: byFile([...repeats, ...known, ...counts]),
    deleted: 0,
    rowBytes: incoming.bytes,
    agreements: [
      ['rows inserted', sumCounts(counts), inserted],
      ['hashes stored', unseen, stored],
      ['hashes of rows that are there', sumCounts([...known, ...counts]), stored - forgotten],
    ],
    screened,
  };
}

const sumCounts = (counts: OutcomeCount[]) => counts.reduce((sum, { count }) => sum + count, 0);

async function dropSeen({ session, tableId }: WriteStep): Promise<OutcomeCount[]> {
  const known = knownHashes(await findRowHashes(session, tableId));
  return queryOutcomes(
    session,
    `WITH seen AS (
       DELETE FROM pg_temp.incoming i USING ${known} h
        WHERE h.row_hash = i."#hash" RETURNING i."#file")
     SELECT "#file" AS file, 'duplicate' AS outcome, count(*) AS count FROM seen GROUP BY 1`,
  );
}

async function rememberIncoming({ session, tableId }: WriteStep): Promise<number> {
  const { store } = await findRowHashes(session, tableId);
  const { rowCount } = await session.queryLong(
    `INSERT INTO ${store} (table_id, row_hash)
     SELECT ${tableId}, "#hash" FROM pg_temp.incoming ORDER BY "#hash"`,
  );
  return rowCount ?? 0;
}

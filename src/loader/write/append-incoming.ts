import { insertRows } from './apply-outcomes.js';
import { copyIncoming } from './incoming.js';
import { keepFirst } from './keep-one.js';
import { matchByValues } from './match-values.js';
import { byFile, type OutcomeCount, queryOutcomes, sumOutcomes } from './outcomes.js';
import type { WriteStep, Written } from './write-mode.js';

/**
 * Appends to a table that another write mode has written, whose rows are known by their values alone: those that come in
 * and are there already are duplicates.
 */
export async function appendIncoming(step: WriteStep): Promise<Written> {
  const { session } = step;
  const incoming = await copyIncoming(step);
  const repeats = [...(await keepFirst(session)), ...(await dropSeen(step))];
  const counts = await matchByValues(step, incoming);
  const inserted = await insertRows(step, incoming);
  const stored = await rememberIncoming(step);
  return {
    files: byFile([...repeats, ...counts]),
    deleted: 0,
    rowBytes: incoming.bytes,
    agreements: [
      ['rows inserted', sumOutcomes(counts, 'inserted'), inserted],
      ['hashes stored', counts.reduce((sum, { count }) => sum + count, 0), stored],
    ],
    screened: incoming.screened,
  };
}

function dropSeen({ session, tableId }: WriteStep): Promise<OutcomeCount[]> {
  return queryOutcomes(
    session,
    `WITH seen AS (
       DELETE FROM pg_temp.incoming i USING millrace.loaded_row_hashes h
        WHERE h.table_id = ${tableId} AND h.row_hash = i."#hash" RETURNING i."#file")
     SELECT "#file" AS file, 'duplicate' AS outcome, count(*) AS count FROM seen GROUP BY 1`,
  );
}

async function rememberIncoming({ session, tableId }: WriteStep): Promise<number> {
  const { rowCount } = await session.queryLong(
    `INSERT INTO millrace.loaded_row_hashes (table_id, row_hash)
     SELECT ${tableId}, "#hash" FROM pg_temp.incoming ORDER BY "#hash"`,
  );
  return rowCount ?? 0;
}

import { type LiveCursor, type PruneRequest, repeatStep, type Transact } from './prune.js';

const AT_ONCE = 5_000;

/**
 * Forgets old cursors of sources that a pipeline reads no more: of another URL, of streams that are gone. Where an old config comes back
 * after all, its sources are read from the beginning.
 */
export async function pruneCursors(
  transact: Transact,
  { pipeline, live }: { pipeline: string; live: LiveCursor[] },
  { before }: Pick<PruneRequest, 'before'>,
): Promise<number> {
  const values = [pipeline, before, live.map(({ table }) => table), live.map(({ sourceKey }) => sourceKey)];
  return repeatStep(AT_ONCE, async () => {
    const { rowCount } = await transact((session) => session.queryLong(DELETE_CURSORS, values));
    return rowCount ?? 0;
  });
}

const DELETE_CURSORS = `
  DELETE FROM millrace.api_cursors WHERE (table_id, pipeline, source_key, partition_hash) IN (
    SELECT c.table_id, c.pipeline, c.source_key, c.partition_hash
      FROM millrace.api_cursors c JOIN millrace.loaded_tables t ON t.id = c.table_id
     WHERE c.pipeline = $1 AND c.updated_at < $2
       AND (t.table_name, c.source_key) NOT IN (SELECT * FROM unnest($3::text[], $4::text[]))
     LIMIT ${AT_ONCE} FOR UPDATE OF c SKIP LOCKED)`;

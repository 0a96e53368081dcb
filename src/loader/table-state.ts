import { createHash } from 'node:crypto';
import { isStillThere } from './find-registered.js';
import { quoteTable, type TablePlace } from './quote-name.js';
import type { Session } from './session.js';

/**
 * What the loads of a pipeline into a table depend on, a digest for each part; equal ones mean that it stayed as it was.
 * Rows that somebody else changes in place are not among it.
 */
export interface TableState {
  table: string;
  /** Columns, constraints, indexes, triggers; null: there is no table. */
  definition: string | null;
  /** The file that the rows are in: another one after TRUNCATE and whatever writes the table anew. */
  storage: string | null;
  /** The newest load, of whichever pipeline, and the newest of this one that still counts. */
  loads: string;
  /** How far the pipeline has loaded its APIs. */
  cursors: string;
}

/** @throws LEDGER_MISSING where the loader's own tables are missing */
export async function describeState(
  session: Session,
  pipeline: string,
  place: TablePlace,
): Promise<TableState> {
  const name = quoteTable(place);
  const { rows } = await session.queryLong<Parts>(PARTS, [name, place.schema, place.table, pipeline]);
  const { definition, storage, loads, cursors } = rows[0]!;
  return {
    table: place.table,
    definition: definition === null ? null : digest(definition),
    storage,
    loads: digest(loads),
    cursors: digest(cursors),
  };
}

interface Parts {
  definition: unknown;
  storage: string | null;
  loads: unknown;
  cursors: unknown;
}

/** Everything in one statement, so that all of it is of one moment. */
const PARTS = `
  SELECT
    (SELECT jsonb_build_array(c.oid::text, c.relkind,
       (SELECT jsonb_agg(jsonb_build_array(a.attname, format_type(a.atttypid, a.atttypmod), a.attnotnull, a.attidentity,
                a.attgenerated, pg_get_expr(d.adbin, d.adrelid)) ORDER BY a.attnum)
          FROM pg_catalog.pg_attribute a
          LEFT JOIN pg_catalog.pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
         WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped),
       (SELECT jsonb_agg(jsonb_build_array(o.conname, pg_get_constraintdef(o.oid)) ORDER BY o.conname)
          FROM pg_catalog.pg_constraint o WHERE o.conrelid = c.oid),
       (SELECT jsonb_agg(pg_get_indexdef(i.indexrelid) ORDER BY i.indexrelid)
          FROM pg_catalog.pg_index i WHERE i.indrelid = c.oid),
       (SELECT jsonb_agg(jsonb_build_array(pg_get_triggerdef(t.oid), t.tgenabled) ORDER BY t.tgname)
          FROM pg_catalog.pg_trigger t WHERE t.tgrelid = c.oid AND NOT t.tgisinternal))
       FROM pg_catalog.pg_class c WHERE c.oid = to_regclass($1)) AS definition,
    pg_relation_filenode(to_regclass($1))::text AS storage,
    jsonb_build_array(
      (SELECT l.id FROM millrace.loads l WHERE l.schema_name = $2 AND l.table_name = $3
        ORDER BY l.committed_at DESC LIMIT 1),
      (SELECT l.id FROM millrace.loads l JOIN millrace.loaded_tables t ON t.id = l.table_id
        WHERE l.schema_name = $2 AND l.table_name = $3 AND l.pipeline = $4 AND l.signature <> ''
          AND ${isStillThere('$1')}
        ORDER BY l.committed_at DESC LIMIT 1)) AS loads,
    (SELECT jsonb_agg(jsonb_build_array(c.source_key, c.partition_hash, c.value) ORDER BY c.source_key, c.partition_hash)
       FROM millrace.api_cursors c JOIN millrace.loaded_tables t ON t.id = c.table_id
      WHERE t.schema_name = $2 AND t.table_name = $3 AND c.pipeline = $4) AS cursors`;

function digest(value: unknown): string {
  return createHash('sha256')
    .update(JSON.stringify(value) ?? '')
    .digest('hex');
}

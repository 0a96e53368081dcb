import { TransientError } from '../errors.js';
import { isStillThere } from './find-registered.js';
import { quoteTable, type TablePlace } from './quote-name.js';
import type { Session } from './session.js';

/** A source of an API, for one table of a pipeline. */
export interface CursorKey {
  pipeline: string;
  table: string;
  /** Digest of what the source asks for. */
  sourceKey: string;
  /** The run that asks: of cursors that it has written itself it gets what it began at. */
  runId: string;
}

/** How far one partition of a source is loaded. */
export interface Cursor {
  sourceKey: string;
  partition: string;
  value: string;
}

/** What a load does about cursors. */
export interface LoadCursors {
  /** Sources that were asked only for what came after the stored cursors. */
  begunAt: string[];
  /** To be kept with the load. */
  reached: Cursor[];
}

const AT_ONCE = 5_000;

/** The stored values of a source by partition; none when the table is not the one that was loaded. */
export async function findCursors(
  session: Session,
  { schema, table, pipeline, sourceKey, runId }: CursorKey & TablePlace,
): Promise<Map<string, string>> {
  const { rows } = await session.queryLong<{ partition: string; value: string | null }>(
    `SELECT c.partition, CASE WHEN c.run_id = $5 THEN c.value_before ELSE c.value END AS value
       FROM millrace.api_cursors c JOIN millrace.loaded_tables t ON t.id = c.table_id
      WHERE t.schema_name = $1 AND t.table_name = $2 AND c.pipeline = $3 AND c.source_key = $4
        AND ${isStillThere('$6')}`,
    [schema, table, pipeline, sourceKey, runId, quoteTable({ schema, table })],
  );
  return new Map(rows.flatMap(({ partition, value }) => (value === null ? [] : [[partition, value]])));
}

export interface CursorOwner {
  pipeline: string;
  /** null: there is no table. */
  tableId: number | null;
}

/**
 * Holds that the cursors which a fetch began at are still there. Where they are not, the table was made anew or reset
 * meanwhile, and lacks the rows before them.
 *
 * @throws TransientError `CURSORS_GONE`, tried out: only another run asks for those rows
 */
export async function checkCursors(
  session: Session,
  { pipeline, tableId }: CursorOwner,
  begunAt: string[],
): Promise<void> {
  if (begunAt.length === 0) return;
  const { rows } = await session.query<{ sourceKey: string }>(
    `SELECT DISTINCT source_key AS "sourceKey" FROM millrace.api_cursors
      WHERE table_id = $1 AND pipeline = $2 AND source_key = ANY ($3)`,
    [tableId, pipeline, begunAt],
  );
  const found = new Set(rows.map(({ sourceKey }) => sourceKey));
  if (begunAt.every((key) => found.has(key))) return;
  const message =
    'expected the cursors that the API was asked from, they are gone: the table was reset or made anew meanwhile; ' +
    'another run asks for everything';
  throw Object.assign(new TransientError('CURSORS_GONE', message), { isTriedOut: true });
}

/**
 * Keeps how far the load has come. What a later run has kept stands: ids of runs sort by age. Without a table there is
 * nothing that the cursors could go with, and the next run asks for everything again.
 */
export async function keepCursors(
  session: Session,
  { pipeline, tableId, runId }: CursorOwner & { runId: string },
  reached: Cursor[],
): Promise<void> {
  if (tableId === null) return;
  const cursors = storable(reached);
  for (let at = 0; at < cursors.length; at += AT_ONCE) {
    const some = cursors.slice(at, at + AT_ONCE);
    await session.queryLong(KEEP, [
      tableId,
      pipeline,
      runId,
      some.map(({ sourceKey }) => sourceKey),
      some.map(({ partition }) => partition),
      some.map(({ value }) => value),
    ]);
  }
}

const KEEP = `
  INSERT INTO millrace.api_cursors AS c (table_id, pipeline, source_key, partition_hash, partition, value, run_id)
  SELECT $1, $2, source_key, encode(sha256(convert_to(partition, 'UTF8')), 'hex'), partition, value, $3
    FROM unnest($4::text[], $5::text[], $6::text[]) AS reached (source_key, partition, value)
  ON CONFLICT ON CONSTRAINT api_cursors_pkey DO UPDATE
    SET value = excluded.value, value_before = c.value, run_id = excluded.run_id, updated_at = clock_timestamp()
    WHERE c.run_id COLLATE "C" < excluded.run_id`;

/** Each partition once, the last where two sources ask for the same. PostgreSQL takes no NUL: such a one stays where it was. */
function storable(reached: Cursor[]): Cursor[] {
  const byPlace = new Map(reached.map((one) => [JSON.stringify([one.sourceKey, one.partition]), one]));
  return [...byPlace.values()].filter(
    ({ partition, value }) => !partition.includes('\0') && !value.includes('\0'),
  );
}

/** @returns how many were forgotten; null for a pipeline means those of all */
export async function forgetCursors(
  session: Session,
  tableId: number,
  pipeline: string | null,
): Promise<number> {
  const { rowCount } = await session.queryLong(
    'DELETE FROM millrace.api_cursors WHERE table_id = $1 AND ($2::text IS NULL OR pipeline = $2)',
    [tableId, pipeline],
  );
  return rowCount ?? 0;
}

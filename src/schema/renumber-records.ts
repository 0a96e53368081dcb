import { rename, rm } from 'node:fs/promises';
import type { DuckDBConnection } from '@duckdb/node-api';
import { readPath, run } from './engine.js';
import { besideEachOther, writePart } from './slice-files.js';
import { fewAtATime, readStaged, VECTOR_ROWS } from './stage-parquet.js';

/**
 * `duplicates: keep`: the n-th occurrence of a row gets an identity of its own, as `numberRepeats` gives it. The records of a
 * wide stage stay where they are, for their columns lie beside them.
 *
 * @param path of the records
 */
export async function renumberRecords(
  connection: DuckDBConnection,
  path: string,
  signal?: AbortSignal,
): Promise<void> {
  const sorted = { path: `${path}.sorted`, field: 'numbered' };
  const hashes = { path: `${path}.hashes`, field: 'numbered' };
  const base = { path, field: 'staged' };
  const once = { path: `${path}.once`, field: base.field };
  const slim = `(SELECT "#hash", file_row_number AS "#row" FROM ${readStaged(path, 0)})`;
  const nth = `SELECT "#hash", "#row", row_number() OVER (PARTITION BY "#hash" ORDER BY "#row") AS "#nth" FROM ${slim}`;
  const again = `left(sha256(concat("#hash", ':', "#nth")), 32)::UUID`;
  const numbered = `SELECT CASE WHEN "#hash" IS NULL OR "#nth" = 1 THEN "#hash" ELSE ${again} END AS "#own" FROM (${nth}) ORDER BY "#row"`;
  const rows = `SELECT * EXCLUDE ("#own") REPLACE ("#own" AS "#hash") FROM (${besideEachOther([base, hashes])})`;
  const writing = { connection, request: { signal } };
  try {
    await writePart(writing, numbered, sorted, VECTOR_ROWS);
    // Of files beside each other as many rows are read at a time as the longest row group has.
    const few = fewAtATime(besideEachOther([sorted]), await longestRowGroup(connection, path, signal));
    await writePart(writing, `SELECT "#own" FROM (${few})`, hashes, 1);
    await writePart(writing, rows, once, 1);
    await rename(once.path, path);
  } finally {
    for (const { path: temporary } of [sorted, hashes]) await rm(temporary, { force: true });
  }
}

async function longestRowGroup(
  connection: DuckDBConnection,
  path: string,
  signal?: AbortSignal,
): Promise<number> {
  const longest = `SELECT coalesce(max(row_group_num_rows), 1) AS rows FROM parquet_metadata(${readPath(path)})`;
  const [row] = await run(connection, longest, signal);
  return Number(row!['rows']);
}

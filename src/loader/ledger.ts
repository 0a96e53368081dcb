import type { StageColumn } from '../schema/stage.js';
import { isStillThere } from './find-registered.js';
import { LoadEntity } from './load.entity.js';
import type { FileCounts, LastLoad, LoadRequest, LoadResult } from './load.js';
import { quoteTable, type TablePlace } from './quote-name.js';
import { findRowHashes, hasHashes } from './row-hashes.js';
import type { Session } from './session.js';

const FILE_COLUMNS = [
  { key: 'source', column: 'source', type: 'integer' },
  { key: 'name', column: 'name', type: 'text' },
  { key: 'fingerprint', column: 'fingerprint', type: 'text' },
  { key: 'copyOf', column: 'copy_of', type: 'text' },
  { key: 'read', column: 'read', type: 'bigint' },
  { key: 'inserted', column: 'inserted', type: 'bigint' },
  { key: 'updated', column: 'updated', type: 'bigint' },
  { key: 'duplicate', column: 'duplicate', type: 'bigint' },
  { key: 'rejected', column: 'rejected', type: 'bigint' },
] as const satisfies { key: keyof FileCounts; column: string; type: string }[];

// One array for each column: a parameter for each value takes many times as long, and there may be thousands of files.
const FILE_NAMES = FILE_COLUMNS.map(({ column }) => column).join(', ');
const RECORD_FILES = `
  INSERT INTO millrace.load_files (load_id, ${FILE_NAMES}, position)
  SELECT $1::uuid, ${FILE_NAMES}, place - 1
    FROM unnest(${FILE_COLUMNS.map(({ type }, n) => `$${n + 2}::${type}[]`).join(', ')})
           WITH ORDINALITY AS file (${FILE_NAMES}, place)`;

// A count is a number, which the driver makes of no bigint.
const FIND_FILES = `
  SELECT ${FILE_COLUMNS.map(({ key, column, type }) => `${column}${type === 'bigint' ? '::float8' : ''} AS "${key}"`).join(', ')}
    FROM millrace.load_files WHERE load_id = $1 ORDER BY position`;

/** Which load of the ledger: a run loads each of its tables once. */
export interface LoadKey extends TablePlace {
  runId: string;
}

/** The load as it was committed; null when it was not. */
export async function findLoad(
  session: Session,
  { runId, schema, table }: LoadKey,
): Promise<LoadResult | null> {
  const load = await session.manager.findOneBy(LoadEntity, { runId, schemaName: schema, tableName: table });
  if (!load) return null;
  const files = await findFiles(session, load.id);
  const { read, inserted, updated, duplicate, rejected, refused, deleted, rowBytes, changes } = load;
  const counts = { read, inserted, updated, duplicate, rejected, refused, deleted, rowBytes, changes };
  return { loadId: load.id, ...counts, files, alreadyCommitted: true };
}

/** The columns of a load's stage, see `LoadContents`. */
export async function findColumns(session: Session, loadId: string): Promise<StageColumn[] | null> {
  const { rows } = await session.query<{
    columns: StageColumn[] | null;
    tableId: number;
    hasRows: boolean;
  }>(
    'SELECT columns, table_id AS "tableId", read > rejected AS "hasRows" FROM millrace.loads WHERE id = $1',
    [loadId],
  );
  const [load] = rows;
  if (!load?.columns) return null;
  // Somebody may have taken the identities away without a word to the ledger.
  const isKnown = !load.hasRows || (await hasHashes(session, await findRowHashes(session, load.tableId)));
  return isKnown ? load.columns : null;
}

/** Its files, in their order. */
export async function findFiles(session: Session, loadId: string): Promise<FileCounts[]> {
  // Rows as they come: making an entity of each takes longer than the query.
  const { rows } = await session.queryLong<FileCounts>(FIND_FILES, [loadId]);
  return rows;
}

/** Writes the ledger's rows of a load. */
export async function recordLoad(
  session: Session,
  request: LoadRequest,
  tableId: number | null,
  result: LoadResult,
): Promise<void> {
  const { loadId, files, alreadyCommitted: _alreadyCommitted, ...counts } = result;
  const { runId, pipeline, configVersion, signature, table: tableName, target } = request;
  const origin = { runId, pipeline, configVersion, signature, tableName, schemaName: target.schema };
  const kept = { tableId, writeMode: request.write.mode, columns: request.stage.columns };
  await session.manager.insert(LoadEntity, { id: loadId, ...origin, ...kept, ...counts });
  const values = FILE_COLUMNS.map(({ key }) => files.map((file) => file[key]));
  await session.queryLong(RECORD_FILES, [loadId, ...values]);
}

/**
 * SQL that holds for a load `l` that the database refused rows of, and that may take some of them now: a table that its
 * table `t` refers to was loaded since, or nobody knows when it was.
 */
const MAY_TAKE_MORE = `
  l.refused > 0 AND EXISTS (
    SELECT FROM pg_catalog.pg_constraint c
      LEFT JOIN millrace.loaded_tables pt ON pt.table_oid = c.confrelid::bigint
     WHERE c.conrelid = t.table_oid::oid AND c.contype = 'f' AND c.confrelid <> c.conrelid
       AND (pt.id IS NULL OR EXISTS (
         SELECT FROM millrace.loads p
          WHERE p.table_id = pt.id AND p.committed_at > l.committed_at AND p.inserted + p.updated > 0)))`;

/**
 * The latest load of a pipeline's files into a table that is still the one that was loaded; null when there is none, or
 * when another pipeline has written the table since, unless both have only added rows that were not there.
 */
export async function findLastLoad(
  session: Session,
  pipeline: string,
  place: TablePlace,
): Promise<LastLoad | null> {
  const { rows } = await session.query<LastLoad & { isOverwritten: boolean }>(
    `SELECT l.id AS "loadId", l.run_id AS "runId", l.config_version AS "configVersion", l.signature,
            l.committed_at AS "committedAt", (${MAY_TAKE_MORE}) AS "mayTakeMore",
            EXISTS (SELECT FROM millrace.loads o
                     WHERE o.schema_name = l.schema_name AND o.table_name = l.table_name AND o.pipeline <> l.pipeline
                       AND o.committed_at > l.committed_at
                       AND NOT (o.write_mode = 'append' AND l.write_mode = 'append')) AS "isOverwritten"
       FROM millrace.loads l JOIN millrace.loaded_tables t ON t.id = l.table_id
      WHERE l.pipeline = $1 AND l.schema_name = $2 AND l.table_name = $3
        AND l.signature <> '' AND ${isStillThere('$4')}
      ORDER BY l.committed_at DESC LIMIT 1`,
    [pipeline, place.schema, place.table, quoteTable(place)],
  );
  const [last] = rows;
  if (!last || last.isOverwritten) return null;
  const { isOverwritten: _isOverwritten, ...load } = last;
  return load;
}

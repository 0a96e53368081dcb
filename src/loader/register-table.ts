import { forgetCursors } from './cursors.js';
import { findRegistered } from './find-registered.js';
import { quoteTable, type TablePlace } from './quote-name.js';
import { forgetHashes } from './row-hashes.js';
import type { Session } from './session.js';
import type { WriteModeName } from './write/write-rule.js';

interface Oids {
  tableOid: string;
  registryOid: string;
}

/** A table in the registry. */
export interface Registration {
  /** The number that the hashes of the table's rows carry. */
  tableId: number;
  /** How the table was written last; null: never since it was made. */
  before: WriteModeName | null;
}

/**
 * Enters the table, and how it is written now. A table that was dropped and made again is empty of what was loaded: its
 * hashes, files and cursors are forgotten. One that came back from a dump together with them keeps them.
 */
export async function registerTable(
  session: Session,
  place: TablePlace,
  mode: WriteModeName,
): Promise<Registration> {
  const oids = await readOids(session, place);
  const known = await findRegistered(session, place);
  if (!known) return { tableId: await addTable(session, { ...place, ...oids, mode }), before: null };
  const isAnother = known.registryOid === oids.registryOid && known.tableOid !== oids.tableOid;
  // What one write mode has kept of rows and files says nothing after another one has changed them.
  if (isAnother || known.writeMode !== mode) await forgetRows(session, known.id);
  if (isAnother) await forgetCursors(session, known.id, null);
  if (
    known.registryOid !== oids.registryOid ||
    known.tableOid !== oids.tableOid ||
    known.writeMode !== mode
  ) {
    await session.query(
      'UPDATE millrace.loaded_tables SET table_oid = $2, registry_oid = $3, write_mode = $4 WHERE id = $1',
      [known.id, oids.tableOid, oids.registryOid, mode],
    );
  }
  return { tableId: known.id, before: isAnother ? null : known.writeMode };
}

async function readOids(session: Session, place: TablePlace): Promise<Oids> {
  const { rows } = await session.query<Oids>(
    `SELECT $1::regclass::oid::bigint AS "tableOid",
            'millrace.loaded_tables'::regclass::oid::bigint AS "registryOid"`,
    [quoteTable(place)],
  );
  return rows[0]!;
}

async function addTable(
  session: Session,
  { schema, table, tableOid, registryOid, mode }: TablePlace & Oids & { mode: WriteModeName },
): Promise<number> {
  const { rows } = await session.query<{ id: number }>(
    `INSERT INTO millrace.loaded_tables (schema_name, table_name, table_oid, registry_oid, write_mode)
     VALUES ($1, $2, $3, $4, $5) RETURNING id`,
    [schema, table, tableOid, registryOid, mode],
  );
  return rows[0]!.id;
}

/**
 * Forgets which rows and which files a table has got.
 *
 * @returns how many rows and files
 */
export async function forgetRows(
  session: Session,
  tableId: number,
): Promise<{ hashes: number; files: number }> {
  // Which text a value is hashed with does not matter for hashes that are not there.
  await session.query('DELETE FROM millrace.widened_columns WHERE table_id = $1', [tableId]);
  const hashes = await forgetHashes(session, tableId);
  // A load whose rows are forgotten is nothing to go on from.
  await session.queryLong(
    'UPDATE millrace.loads SET columns = NULL WHERE table_id = $1 AND columns IS NOT NULL',
    [tableId],
  );
  const files = await session.queryLong('DELETE FROM millrace.loaded_files WHERE table_id = $1', [tableId]);
  return { hashes, files: files.rowCount ?? 0 };
}

import { forgetCursors } from './cursors.js';
import { findRegistered } from './find-registered.js';
import { quoteTable, type TablePlace } from './quote-name.js';
import type { Session } from './session.js';

interface Oids {
  tableOid: string;
  registryOid: string;
}

/**
 * The number that the hashes of the table's rows carry. A table that was dropped and made again is empty of what was
 * loaded: its hashes and cursors are forgotten. One that came back from a dump together with them keeps them.
 */
export async function registerTable(session: Session, place: TablePlace): Promise<number> {
  const oids = await readOids(session, place);
  const known = await findRegistered(session, place);
  if (!known) return addTable(session, place, oids);
  if (known.registryOid === oids.registryOid && known.tableOid !== oids.tableOid) {
    await forgetHashes(session, known.id);
    await forgetCursors(session, known.id, null);
  }
  if (known.registryOid !== oids.registryOid || known.tableOid !== oids.tableOid) {
    await session.query('UPDATE millrace.loaded_tables SET table_oid = $2, registry_oid = $3 WHERE id = $1', [
      known.id,
      oids.tableOid,
      oids.registryOid,
    ]);
  }
  return known.id;
}

async function readOids(session: Session, place: TablePlace): Promise<Oids> {
  const { rows } = await session.query<Oids>(
    `SELECT $1::regclass::oid::bigint AS "tableOid",
            'millrace.loaded_tables'::regclass::oid::bigint AS "registryOid"`,
    [quoteTable(place)],
  );
  return rows[0]!;
}

async function addTable(session: Session, place: TablePlace, oids: Oids): Promise<number> {
  const { rows } = await session.query<{ id: number }>(
    `INSERT INTO millrace.loaded_tables (schema_name, table_name, table_oid, registry_oid)
     VALUES ($1, $2, $3, $4) RETURNING id`,
    [place.schema, place.table, oids.tableOid, oids.registryOid],
  );
  return rows[0]!.id;
}

/** @returns how many rows were forgotten */
export async function forgetHashes(session: Session, tableId: number): Promise<number> {
  const { rowCount } = await session.queryLong('DELETE FROM millrace.loaded_row_hashes WHERE table_id = $1', [
    tableId,
  ]);
  return rowCount ?? 0;
}

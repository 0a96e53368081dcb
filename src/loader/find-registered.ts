import type { TablePlace } from './quote-name.js';
import type { Session } from './session.js';
import type { WriteModeName } from './write/write-rule.js';

/** A table that was loaded into. */
export interface Registered {
  id: number;
  tableOid: string;
  registryOid: string;
  writeMode: WriteModeName;
}

/** The table in the registry, whatever became of it since. */
export async function findRegistered(session: Session, place: TablePlace): Promise<Registered | undefined> {
  const { rows } = await session.query<Registered>(
    `SELECT id, table_oid AS "tableOid", registry_oid AS "registryOid",
            write_mode AS "writeMode"
       FROM millrace.loaded_tables WHERE schema_name = $1 AND table_name = $2`,
    [place.schema, place.table],
  );
  return rows[0];
}

/**
 * SQL that holds for a row `t` of the registry whose table has not been dropped since.
 *
 * @param table SQL of the table's quoted name
 */
export const isStillThere = (table: string) => `
  to_regclass(${table}) IS NOT NULL AND (t.table_oid = to_regclass(${table})::oid::bigint
    OR t.registry_oid <> 'millrace.loaded_tables'::regclass::oid::bigint)`;

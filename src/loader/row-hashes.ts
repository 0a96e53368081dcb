import type { Session } from './session.js';

/** Where the identities of the rows of one table are. */
export interface RowHashes {
  /** The registry's id of the table. */
  tableId: number;
  /** The table that new ones go to: one of the loaded table's own, or the one that it shares with others. */
  store: string;
  /** The store is its own. Else it may be made, as long as the table has no identities. */
  own: 'there' | 'possible' | 'impossible';
}

const SHARED = 'millrace.loaded_row_hashes';
const ownStore = (tableId: number) => `${SHARED}_${tableId}`;

/**
 * Finds where a table's identities are kept. `millrace.loaded_row_hashes` is the parent of all the own ones, and shows
 * all identities. A role that may only read and write there, and not make tables, keeps its tables' in the parent itself.
 */
export async function findRowHashes(session: Session, tableId: number): Promise<RowHashes> {
  const { rows } = await session.query<{ isThere: boolean; mayUse: boolean | null; mayMake: boolean }>(
    `SELECT o.oid IS NOT NULL AS "isThere",
            has_table_privilege(o.oid, 'SELECT') AND has_table_privilege(o.oid, 'INSERT')
              AND has_table_privilege(o.oid, 'DELETE') AS "mayUse",
            pg_has_role(p.relowner, 'USAGE') AND has_schema_privilege(p.relnamespace, 'CREATE') AS "mayMake"
       FROM pg_catalog.pg_class p LEFT JOIN pg_catalog.pg_class o ON o.oid = to_regclass($1)
      WHERE p.oid = '${SHARED}'::regclass`,
    [ownStore(tableId)],
  );
  const { isThere, mayUse, mayMake } = rows[0]!;
  if (isThere && mayUse) return { tableId, store: ownStore(tableId), own: 'there' };
  return { tableId, store: SHARED, own: mayMake && !isThere ? 'possible' : 'impossible' };
}

/** What to select the identities of the table from, part by part. */
function partsOf({ tableId, own, store }: RowHashes): { from: string; where: string }[] {
  const where = `h.table_id = ${tableId}`;
  if (own !== 'there') return [{ from: `${SHARED} h`, where }];
  // Asked for nothing but the hash, its index answers alone.
  const ofOwn = { from: `${store} h`, where: 'true' };
  // From before it had a store of its own, or by a role that may not use that.
  return [ofOwn, { from: `ONLY ${SHARED} h`, where }];
}

/** A table expression over the column `row_hash` of all identities of the table. */
export function knownHashes(hashes: RowHashes): string {
  const parts = partsOf(hashes).map(({ from, where }) => `SELECT h.row_hash FROM ${from} WHERE ${where}`);
  return `(${parts.join(' UNION ALL ')})`;
}

/** Whether the table has any identity. */
export async function hasHashes(session: Session, hashes: RowHashes): Promise<boolean> {
  const { rows } = await session.query(`SELECT FROM ${knownHashes(hashes)} AS h LIMIT 1`);
  return rows.length > 0;
}

/** A condition that holds where none of the table's identities lies elsewhere than in its own store. */
export function lieInStore({ tableId }: RowHashes): string {
  return `NOT EXISTS (SELECT FROM ONLY ${SHARED} h WHERE h.table_id = ${tableId})`;
}

/** A condition that holds for an identity which the table has not. By part, so that each can be searched in order. */
export function isUnknown(hashes: RowHashes, hash: string): string {
  return partsOf(hashes)
    .map(({ from, where }) => `NOT EXISTS (SELECT FROM ${from} WHERE ${where} AND h.row_hash = ${hash})`)
    .join(' AND ');
}

/**
 * Makes a store for a table without identities, in the transaction that fills it: where the server's `wal_level` is
 * minimal, what is written there goes to disk once, and its index is built afterwards, by `indexStore`.
 */
export async function makeStore(session: Session, { tableId }: RowHashes): Promise<RowHashes> {
  const store = ownStore(tableId);
  session.hasNewStores = true;
  await session.query(
    `CREATE TABLE ${store} (
       table_id integer NOT NULL DEFAULT ${tableId} CHECK (table_id = ${tableId}),
       row_hash uuid NOT NULL)`,
  );
  return { tableId, store, own: 'there' };
}

export async function indexStore(session: Session, { store }: RowHashes): Promise<void> {
  await session.queryLong(`ALTER TABLE ${store} ADD PRIMARY KEY (row_hash)`);
}

/**
 * Puts the stores that the transaction has made under their parent. Last of all before COMMIT, because until then others
 * that do so have to wait; until it is done only the transaction itself knows of them.
 */
export async function showStores(session: Session): Promise<void> {
  if (!session.hasNewStores) return;
  const { rows } = await session.query<{ store: string }>(
    `SELECT c.oid::regclass::text AS store FROM pg_catalog.pg_class c
      WHERE c.relnamespace = 'millrace'::regnamespace AND c.relkind = 'r' AND c.relname ~ '^loaded_row_hashes_[0-9]+$'
        AND pg_has_role(c.relowner, 'USAGE')
        AND NOT EXISTS (SELECT FROM pg_catalog.pg_inherits i WHERE i.inhrelid = c.oid)`,
  );
  for (const { store } of rows) await session.query(`ALTER TABLE ${store} INHERIT ${SHARED}`);
}

/** Forgets a table's identities; how many there were. */
export async function forgetHashes(session: Session, tableId: number): Promise<number> {
  const store = ownStore(tableId);
  const { rows } = await session.query<{ isMine: boolean }>(
    `SELECT pg_has_role(relowner, 'USAGE') AS "isMine" FROM pg_catalog.pg_class WHERE oid = to_regclass($1)`,
    [store],
  );
  if (!rows[0]?.isMine) return deleted(session, `DELETE FROM ${SHARED} WHERE table_id = ${tableId}`);
  const shared = await deleted(session, `DELETE FROM ONLY ${SHARED} WHERE table_id = ${tableId}`);
  const own = await session.queryLong<{ count: string }>(`SELECT count(*) FROM ${store}`);
  await session.queryLong(`DROP TABLE ${store}`);
  return shared + Number(own.rows[0]!.count);
}

/** Forgets those identities of a table that a relation of the transaction lists in `"#hash"`; how many there were. */
export async function forgetListed(session: Session, tableId: number, list: string): Promise<number> {
  const { own, store } = await findRowHashes(session, tableId);
  const from = (table: string) =>
    deleted(
      session,
      `DELETE FROM ${table} h USING ${list} t WHERE h.table_id = ${tableId} AND h.row_hash = t."#hash"`,
    );
  if (own !== 'there') return from(SHARED);
  // A store that this transaction has made is not under its parent yet.
  return (await from(store)) + (await from(`ONLY ${SHARED}`));
}

async function deleted(session: Session, sql: string): Promise<number> {
  const { rowCount } = await session.queryLong(sql);
  return rowCount ?? 0;
}

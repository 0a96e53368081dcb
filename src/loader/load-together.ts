import { findChildren, noteChild } from './child-tables.js';
import { findLoad, type LoadKey } from './ledger.js';
import type { LoaderLimits } from './limits.js';
import { loadStage } from './load-stage.js';
import type { ChildLoadResult, LoadRequest, LoadResult } from './load.js';
import { quoteName } from './quote-name.js';
import type { Session } from './session.js';
import { PARENT_KEYS } from './write/within-parents.js';

/** Loads a stage and those of its child tables, each behind its parent, all of them in the session's transaction or none. */
export async function loadTogether(
  session: Session,
  request: LoadRequest,
  limits: LoaderLimits,
): Promise<LoadResult> {
  const { children = [], ...own } = request;
  const loaded = await loadStage(session, own, limits);
  if (children.length === 0) return loaded;
  if (children.some(({ write }) => write.within)) await keepParentKeys(session, request);
  const { cursors: _cursors, onProgress: _onProgress, ...shared } = own;
  const results: ChildLoadResult[] = [];
  for (const { of, ...child } of children) {
    await dropTemporary(session);
    const result = await loadStage(session, { ...shared, ...child }, limits);
    await noteChild(session, { schema: request.target.schema, table: child.table }, of);
    results.push({ table: child.table, ...result });
  }
  return { ...loaded, children: results };
}

/** The load as it was committed, with those of its child tables; null when it was not. */
export async function findLoadTogether(session: Session, key: LoadKey): Promise<LoadResult | null> {
  const load = await findLoad(session, key);
  if (!load) return null;
  const children: ChildLoadResult[] = [];
  for (const { table } of await findChildren(session, key)) {
    const child = await findLoad(session, { ...key, table });
    if (child) children.push({ table, ...child });
  }
  return children.length === 0 ? load : { ...load, children };
}

/** The keys of the rows that the parent's load has brought, new and known ones. */
async function keepParentKeys(session: Session, { write: { key = [] } }: LoadRequest): Promise<void> {
  const columns = key.map((name) => quoteName('column', name)).join(', ');
  const { rows } = await session.query<{ found: boolean }>(
    `SELECT to_regclass('pg_temp.incoming') IS NOT NULL AS found`,
  );
  // Committed before: so are the children.
  if (!rows[0]?.found) return;
  await session.queryLong(
    `CREATE TEMP TABLE ${PARENT_KEYS} ON COMMIT DROP AS SELECT DISTINCT ${columns} FROM pg_temp.incoming`,
  );
  await session.queryLong(`ANALYZE pg_temp.${PARENT_KEYS}`);
}

/** Every load makes temporary tables of the same names. */
async function dropTemporary(session: Session): Promise<void> {
  const { rows } = await session.query<{ name: string }>(
    `SELECT format('pg_temp.%I', relname) AS name FROM pg_catalog.pg_class
      WHERE relnamespace = pg_my_temp_schema() AND relkind = 'r' AND relname <> $1`,
    [PARENT_KEYS],
  );
  if (rows.length > 0) await session.query(`DROP TABLE ${rows.map(({ name }) => name).join(', ')}`);
}

import { type Pruned, type PruneRequest, repeatStep, type Transact } from './prune.js';
import type { TablePlace } from './quote-name.js';
import type { Session } from './session.js';

/** Loads of each table whose files stay listed; there may be thousands of files to a load. */
export const FILE_LISTS_KEPT = 100;

const AT_ONCE = 20;

/** Shortens the ledger of a pipeline; the newest load of each table stays, for the next run asks what it was. */
export async function pruneLoads(
  transact: Transact,
  pipeline: string,
  request: PruneRequest,
): Promise<Pick<Pruned, 'loads' | 'loadFiles'>> {
  const pruned = { loads: 0, loadFiles: 0 };
  for (const place of await transact((session) => findTables(session, pipeline))) {
    const { loads, files } = await transact((session) =>
      findLimits(session, { ...place, pipeline }, request),
    );
    const remove = (statement: string, committedBefore: string) => {
      const values = [pipeline, place.schema, place.table, committedBefore, request.spare];
      return transact((session) => session.queryLong<{ loads: string; rows: string }>(statement, values));
    };
    await repeatStep(AT_ONCE, async () => {
      const [found] = (await remove(EMPTY_LOADS, files)).rows;
      pruned.loadFiles += Number(found?.rows);
      return Number(found?.loads);
    });
    pruned.loads += await repeatStep(AT_ONCE, async () => (await remove(DELETE_LOADS, loads)).rowCount ?? 0);
  }
  return pruned;
}

async function findTables(session: Session, pipeline: string): Promise<TablePlace[]> {
  const { rows } = await session.queryLong<TablePlace & { schema: string; table: string }>(
    `SELECT DISTINCT schema_name AS "schema", table_name AS "table" FROM millrace.loads WHERE pipeline = $1`,
    [pipeline],
  );
  return rows;
}

/** Loads committed before these moments may go, or their lists of files; in PostgreSQL's own text, to the microsecond. */
interface Limits {
  loads: string;
  files: string;
}

/** The newest load may have been one of no file, or of rejects; the next run compares with the newest that was not. */
async function findLimits(
  session: Session,
  { pipeline, schema, table }: TablePlace & { pipeline: string },
  { before, keepLoads }: PruneRequest,
): Promise<Limits> {
  const { rows } = await session.queryLong<Limits & { loads: string; files: string }>(
    `WITH mine AS (
       SELECT committed_at, table_id IS NOT NULL AND signature <> '' AS is_compared FROM millrace.loads
        WHERE pipeline = $1 AND schema_name = $2 AND table_name = $3)
     SELECT least(greatest((SELECT committed_at FROM mine ORDER BY committed_at DESC OFFSET $5 - 1 LIMIT 1), $4::timestamptz),
                  (SELECT max(committed_at) FROM mine), (SELECT max(committed_at) FROM mine WHERE is_compared))::text AS loads,
            coalesce((SELECT committed_at FROM mine ORDER BY committed_at DESC OFFSET ${FILE_LISTS_KEPT - 1} LIMIT 1),
                     '-infinity')::text AS files`,
    [pipeline, schema, table, before, keepLoads],
  );
  return rows[0]!;
}

const OF_TABLE = `pipeline = $1 AND schema_name = $2 AND table_name = $3 AND committed_at < $4::timestamptz AND NOT run_id = ANY ($5)`;

const EMPTY_LOADS = `
  WITH found AS (
    SELECT id FROM millrace.loads l
     WHERE ${OF_TABLE} AND EXISTS (SELECT FROM millrace.load_files f WHERE f.load_id = l.id)
     ORDER BY committed_at LIMIT ${AT_ONCE}),
  emptied AS (DELETE FROM millrace.load_files WHERE load_id IN (SELECT id FROM found) RETURNING load_id)
  SELECT count(DISTINCT load_id) AS loads, count(*) AS rows FROM emptied`;

// Their files go with them.
const DELETE_LOADS = `
  DELETE FROM millrace.loads WHERE id IN (
    SELECT id FROM millrace.loads WHERE ${OF_TABLE}
     ORDER BY committed_at LIMIT ${AT_ONCE} FOR UPDATE SKIP LOCKED)`;

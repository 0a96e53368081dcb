import { TerminalError, TransientError } from '../errors.js';
import type { StageColumn } from '../schema/stage.js';
import { toLoaderError } from './database-errors.js';
import { describeTable, fillableColumns } from './describe-table.js';
import type { LoaderLimits } from './limits.js';
import { listRejects } from './list-rejects.js';
import { loadTogether } from './load-together.js';
import type { LoadRequest, LoadResult, Reject } from './load.js';
import type { TablePlace } from './quote-name.js';
import { noSamples, type RowSamples, sampleRows } from './sample-rows.js';
import type { Session } from './session.js';

/** A load that is to be tried. */
export interface LoadToTry {
  request: LoadRequest;
  /** Tables without which it is not tried: where the load of one of them fails, it is left out. */
  needs: readonly string[];
}

/** What a load would do. */
export interface TriedLoad {
  table: string;
  /** null: it would fail. */
  result: LoadResult | null;
  error: TerminalError | null;
  /** Statements that would change the user's schema, in order. */
  statements: string[];
  /** The table's columns before and after it; null: there is no table. */
  before: StageColumn[] | null;
  after: StageColumn[] | null;
  samples: RowSamples & { rejected: Reject[] };
}

/** A plan is nobody's hurry: it stands back for what else is going on rather than have others wait behind it. */
const TURN_MS = 15_000;
export const PLAN_LOCK_MS = 3_000;
const ALONE_MS = 60_000;
const SHOWN_REJECTS = 5;

/**
 * Does the loads of several streams, one after the other, in a transaction that the caller undoes. A load that fails is
 * undone at once, and the next one goes on; those that need it are left out. Tables that no other refers to are given back before the next one.
 *
 * @param committed another session on the same database
 * @throws TransientError `PLAN_UNDER_WAY` while another plan is at work on the database; what a load throws that may pass
 */
export async function tryLoads(
  session: Session,
  committed: Session,
  { loads, limits }: { loads: LoadToTry[]; limits: LoaderLimits },
): Promise<TriedLoad[]> {
  await beAlone(session);
  const patience = {
    ...limits,
    turnMs: Math.min(limits.turnMs, TURN_MS),
    lockMs: Math.min(limits.lockMs, PLAN_LOCK_MS),
  };
  const tried: TriedLoad[] = [];
  const failed = new Set<string>();
  for (const { request, needs } of loads) {
    if (needs.some((table) => failed.has(table))) {
      failed.add(request.table);
      continue;
    }
    await session.query('SAVEPOINT millrace_try');
    const one = await tryLoad(session, committed, { request, limits: patience });
    tried.push(one);
    if (one.error) failed.add(request.table);
    if (one.error || !(await isNeeded(session, request, loads)))
      await session.query('ROLLBACK TO SAVEPOINT millrace_try');
    await session.query('RELEASE SAVEPOINT millrace_try');
  }
  return tried;
}

/** Plans hold several tables at once, and would wait for each other in a circle. */
async function beAlone(session: Session): Promise<void> {
  try {
    await session.limitLocks(ALONE_MS);
    await session.queryLong(`SELECT pg_advisory_xact_lock(hashtextextended('millrace plan', 0))`);
  } catch (error) {
    if ((error as { code?: string }).code !== '55P03') throw error;
    const message =
      'expected no other plan at work on the target database, another one is; ask again when it is through';
    throw new TransientError('PLAN_UNDER_WAY', message);
  }
}

interface Trial {
  request: LoadRequest;
  limits: LoaderLimits;
}

async function tryLoad(session: Session, committed: Session, trial: Trial): Promise<TriedLoad> {
  const place = placeOf(trial.request);
  const before = await columnsOf(session, place);
  try {
    return { ...(await tryOut(session, committed, trial)), table: place.table, before };
  } catch (thrown) {
    const columns = trial.request.stage.columns.map(({ name }) => name);
    const error = toLoaderError(thrown, `table ${place.schema}.${place.table}`, columns);
    if (!(error instanceof TerminalError)) throw error;
    await session.query('ROLLBACK TO SAVEPOINT millrace_try');
    const nothing = { statements: [], after: before, samples: { ...noSamples(), rejected: [] } };
    return { table: place.table, result: null, error, before, ...nothing };
  }
}

async function tryOut(session: Session, committed: Session, { request, limits }: Trial) {
  const { runId, table } = request;
  const place = placeOf(request);
  const result = await loadTogether(session, request, limits);
  await session.queryLong('SET CONSTRAINTS ALL IMMEDIATE');
  await session.query('SET CONSTRAINTS ALL DEFERRED');
  const statements = await statementsOf(session, request);
  const after = await columnsOf(session, place);
  const { inserted, updated, deleted } = result;
  const counts = { inserted, updated, deleted };
  const rows = await sampleRows(session, committed, { place, key: request.write.key ?? [], counts });
  const { items: rejected } = await listRejects(session, runId, { table, limit: SHOWN_REJECTS });
  // The next load makes temporary tables of the same names.
  await session.query('DISCARD TEMP');
  return { result, error: null, statements, after, samples: { ...rows, rejected } };
}

async function columnsOf(session: Session, place: TablePlace): Promise<StageColumn[] | null> {
  const described = await describeTable(session, place);
  return described && fillableColumns(described, place);
}

async function statementsOf(
  session: Session,
  { runId, table, children = [] }: LoadRequest,
): Promise<string[]> {
  const { rows } = await session.query<{ statement: string }>(
    'SELECT statement FROM millrace.schema_changes WHERE run_id = $1 AND table_name = ANY ($2) ORDER BY id',
    [runId, [table, ...children.map((child) => child.table)]],
  );
  return rows.map(({ statement }) => statement);
}

/** Whether another load needs the rows: the config says so, or the database has a foreign key to them. */
async function isNeeded(session: Session, request: LoadRequest, loads: LoadToTry[]): Promise<boolean> {
  const { schema, table } = placeOf(request);
  if (loads.some(({ needs }) => needs.includes(table))) return true;
  const others = loads.map((load) => load.request.table).filter((other) => other !== table);
  const { rows } = await session.query(
    `SELECT FROM pg_catalog.pg_constraint o
       JOIN pg_catalog.pg_class c ON c.oid = o.conrelid JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
       JOIN pg_catalog.pg_class p ON p.oid = o.confrelid JOIN pg_catalog.pg_namespace m ON m.oid = p.relnamespace
      WHERE o.contype = 'f' AND n.nspname = $1 AND m.nspname = $1 AND p.relname = $2 AND c.relname = ANY ($3) LIMIT 1`,
    [schema, table, others],
  );
  return rows.length > 0;
}

function placeOf({ target: { schema }, table }: LoadRequest): TablePlace {
  return { schema, table };
}

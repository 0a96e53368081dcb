import { forgetCursors } from './cursors.js';
import { describeTable } from './describe-table.js';
import { findRegistered } from './find-registered.js';
import { quoteTable, type TablePlace } from './quote-name.js';
import { forgetRows } from './register-table.js';
import type { Session } from './session.js';

/** What is to be forgotten of a table. */
export interface ResetRequest {
  pipeline: string;
  table: string;
  /** How far the pipeline has loaded its APIs. */
  cursors: boolean;
  /** Which rows and which files the table has got, from whichever pipeline. */
  hashes: boolean;
  /** Empties the table, and forgets for it the cursors of every pipeline. */
  truncate: boolean;
}

/** What was forgotten. */
export interface Forgotten {
  /** Loads that nothing is compared with any more. */
  loads: number;
  cursors: number;
  hashes: number;
  files: number;
  truncated: boolean;
}

/** Forgets what loads have left behind about a table; the caller has the turn at it. */
export async function resetTable(
  session: Session,
  place: TablePlace,
  reset: ResetRequest,
): Promise<Forgotten> {
  // A table that is emptied lacks the rows of every pipeline that loads it.
  const pipeline = reset.truncate ? null : reset.pipeline;
  const known = await findRegistered(session, place);
  const truncated = reset.truncate && (await truncate(session, place));
  return {
    loads: await forgetLoads(session, place, pipeline),
    cursors: known && reset.cursors ? await forgetCursors(session, known.id, pipeline) : 0,
    ...(known && reset.hashes ? await forgetRows(session, known.id) : { hashes: 0, files: 0 }),
    truncated,
  };
}

/** The ledger keeps the loads with their counts; without a signature the next run takes none of them for its own. */
async function forgetLoads(
  session: Session,
  { schema, table }: TablePlace,
  pipeline: string | null,
): Promise<number> {
  const { rowCount } = await session.queryLong(
    `UPDATE millrace.loads SET signature = '' WHERE schema_name = $1 AND table_name = $2 AND signature <> ''
        AND ($3::text IS NULL OR pipeline = $3)`,
    [schema, table, pipeline],
  );
  return rowCount ?? 0;
}

async function truncate(session: Session, place: TablePlace): Promise<boolean> {
  if (!(await describeTable(session, place))) return false;
  await session.queryLong(`TRUNCATE TABLE ${quoteTable(place)}`);
  return true;
}

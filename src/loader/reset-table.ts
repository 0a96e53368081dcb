import { findChildren } from './child-tables.js';
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

/** Forgets what loads have left behind about a table and its child tables; the caller has the turn at it. */
export async function resetTable(
  session: Session,
  place: TablePlace,
  reset: ResetRequest,
): Promise<Forgotten> {
  const children = await findChildren(session, place);
  const places = [place, ...children.map(({ table }) => ({ schema: place.schema, table }))];
  const truncated = reset.truncate && (await truncate(session, places));
  const forgotten = { loads: 0, cursors: 0, hashes: 0, files: 0, truncated };
  for (const one of places) {
    const { loads, cursors, hashes, files } = await forget(session, one, reset);
    forgotten.loads += loads;
    forgotten.cursors += cursors;
    forgotten.hashes += hashes;
    forgotten.files += files;
  }
  return forgotten;
}

async function forget(
  session: Session,
  place: TablePlace,
  reset: ResetRequest,
): Promise<Omit<Forgotten, 'truncated'>> {
  // A table that is emptied lacks the rows of every pipeline that loads it.
  const pipeline = reset.truncate ? null : reset.pipeline;
  const known = await findRegistered(session, place);
  return {
    loads: await forgetLoads(session, place, pipeline),
    cursors: known && reset.cursors ? await forgetCursors(session, known.id, pipeline) : 0,
    ...(known && reset.hashes ? await forgetRows(session, known.id) : { hashes: 0, files: 0 }),
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

/** All in one statement, for they refer to each other. */
async function truncate(session: Session, [place, ...children]: TablePlace[]): Promise<boolean> {
  if (!place || !(await describeTable(session, place))) return false;
  await session.queryLong(`TRUNCATE TABLE ${[place, ...children].map(quoteTable).join(', ')}`);
  return true;
}

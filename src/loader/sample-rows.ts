import type { Session } from './session.js';
import { quoteTable, type TablePlace } from './quote-name.js';

/** Column -> value as text, cut to {@link SHOWN} characters; in the order of the table. */
export type SampleRow = Record<string, string | null>;

/** A few of the rows that a load has changed, at most {@link MOST} of each kind. */
export interface RowSamples {
  inserted: SampleRow[];
  updated: { before: SampleRow; after: SampleRow }[];
  deleted: SampleRow[];
}

const MOST = 5;
const SHOWN = 200;
/** Rows of which the samples are chosen, where they have to be told apart. */
const LOOKED_AT = 100;
/** Pages at the end of a table that are looked through first: most new rows stand there. */
const LAST_PAGES = 500;
const PATIENCE_MS = 3_000;

export interface Sampling {
  place: TablePlace;
  /** Columns that tell which row is which; none: every row is itself. */
  key: readonly string[];
  counts: { inserted: number; updated: number; deleted: number };
}

export const noSamples = (): RowSamples => ({ inserted: [], updated: [], deleted: [] });

/**
 * Rows that the session's open transaction has changed, and what they were before.
 *
 * @param committed another session on the same database, which sees the rows as they were
 */
export async function sampleRows(
  session: Session,
  committed: Session,
  { place, key, counts }: Sampling,
): Promise<RowSamples> {
  if (counts.inserted + counts.updated + counts.deleted === 0) return noSamples();
  const { rows } = await session.query<{ xid: string }>('SELECT pg_current_xact_id()::xid::text AS xid');
  const xid = rows[0]!.xid;
  const after = await withPatience(session, () => changedRows(session, { place, key, xid, side: 'xmin' }));
  if (counts.updated + counts.deleted === 0) return { ...noSamples(), inserted: shown(after) };
  const before = await withPatience(committed, () =>
    changedRows(committed, { place, key, xid, side: 'xmax' }),
  );
  return pair(before, after, counts);
}

interface ChangedRow {
  id: string;
  row: SampleRow;
}

interface Search extends Pick<Sampling, 'place' | 'key'> {
  /** The transaction; those of its savepoints are younger. */
  xid: string;
  /** `xmin`: rows that it wrote; `xmax`: rows that it deleted or wrote anew. */
  side: 'xmin' | 'xmax';
}

async function changedRows(session: Session, search: Search): Promise<ChangedRow[]> {
  const { place, key, xid, side } = search;
  const table = quoteTable(place);
  // Nothing but the transaction's own rows is as young as it, but what others have committed since.
  const isOwn = `${side} <> '0'::xid AND age(${side}) <= age($1::xid)`;
  const id = key.length === 0 ? 'ctid::text' : `json_build_array(${key.map(quoteColumn).join(', ')})::text`;
  const select = (where: string) =>
    `SELECT ${id} AS id, (SELECT json_object_agg(f.key, left(f.value, ${SHOWN})) FROM json_each_text(to_json(t)) f) AS row
       FROM ${table} t WHERE ${isOwn}${where} LIMIT ${LOOKED_AT}`;
  const { rows: sizes } = await session.query<{ first: string }>(
    `SELECT greatest(pg_relation_size('${table.replaceAll("'", "''")}'::regclass) / 8192 - ${LAST_PAGES}, 0)::text AS first`,
  );
  const first = sizes[0]!.first;
  const last = first === '0' ? '' : ` AND ctid >= '(${first},0)'::tid`;
  const { rows } = await session.query<ChangedRow>(select(last), [xid]);
  if (rows.length > 0 || last === '') return rows;
  return (await session.query<ChangedRow>(select(''), [xid])).rows;
}

/** Samples are nice to have: a table that is locked, or takes too long to look through, has none. */
async function withPatience(session: Session, find: () => Promise<ChangedRow[]>): Promise<ChangedRow[]> {
  await session.query('SAVEPOINT millrace_sample');
  try {
    await session.query(`SET LOCAL statement_timeout = ${PATIENCE_MS}`);
    await session.query('SET LOCAL lock_timeout = 200');
    return await find();
  } catch (error) {
    const { code } = error as { code?: string };
    if (code !== '57014' && code !== '55P03' && code !== '42501') throw error;
    return [];
  } finally {
    await session.query('ROLLBACK TO SAVEPOINT millrace_sample');
    await session.query('RELEASE SAVEPOINT millrace_sample');
  }
}

/** What cannot be told from the rows that were looked at is left out. */
function pair(before: ChangedRow[], after: ChangedRow[], counts: Sampling['counts']): RowSamples {
  const now = new Map(after.map(({ id, row }) => [id, row]));
  const then = new Map(before.map(({ id, row }) => [id, row]));
  const areAllNew = counts.updated === 0 || before.length < LOOKED_AT;
  const areAllGone = counts.updated === 0 || after.length < LOOKED_AT;
  const updated = before.flatMap(({ id, row }) => {
    const changed = now.get(id);
    return changed ? [{ before: row, after: changed }] : [];
  });
  return {
    inserted: counts.inserted > 0 && areAllNew ? shown(after.filter(({ id }) => !then.has(id))) : [],
    updated: counts.updated > 0 ? updated.slice(0, MOST) : [],
    deleted: counts.deleted > 0 && areAllGone ? shown(before.filter(({ id }) => !now.has(id))) : [],
  };
}

const shown = (rows: ChangedRow[]): SampleRow[] => rows.slice(0, MOST).map(({ row }) => row);

const quoteColumn = (name: string) => `t."${name.replaceAll('"', '""')}"`;

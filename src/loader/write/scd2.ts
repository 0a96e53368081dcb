import { TerminalError } from '../../errors.js';
import { quoteTable } from '../quote-name.js';
import { reachByPlace } from './apply-outcomes.js';
import { checkColumns } from './check-columns.js';
import { copyIncoming } from './incoming.js';
import { keepNewest } from './keep-one.js';
import { ensureKeyIndex, uniqueIndexes } from './key-index.js';
import { matchByKey } from './match-key.js';
import { byFile, sumOutcomes } from './outcomes.js';
import { columnOf, listColumns } from './row-values.js';
import type { Incoming, WriteMode, WriteStep, Written } from './write-mode.js';
import type { WriteRule } from './write-rule.js';

/**
 * Keeps the history of each key: a changed row ends the version that holds and begins another. Keys that the stage lacks
 * go on to hold.
 */
export const scd2: WriteMode = {
  lock: 'SHARE ROW EXCLUSIVE',
  ownColumns: ({ history }) => {
    const { from, to } = history!;
    const type = { name: 'timestamptz' } as const;
    return [
      { name: from, type, required: true },
      { name: to, type, required: false },
    ];
  },
  refuseReplay: () => 'a version that was refused may lie before others that the history has since',
  write: writeHistory,
};

async function writeHistory(step: WriteStep): Promise<Written> {
  checkColumns(step);
  await checkTable(step);
  const now = await readClock(step);
  const { to } = step.rule.history!;
  if (step.before !== 'scd2') await beginHistory(step, now);
  const incoming = await copyIncoming(step, 'unidentified');
  const { bytes: rowBytes, screened } = incoming;
  if (incoming.columns.length === 0) return { files: [], deleted: 0, rowBytes, agreements: [], screened };
  const repeats = await keepNewest(step, incoming);
  const rows = incoming.left - sumOutcomes(repeats, 'duplicate');
  const among = `${columnOf(to, 't')} IS NULL`;
  const more = `${since(step.rule, incoming, now)} AS since`;
  const counts = await matchByKey(step, incoming, { rows, byAge: true, among, more });
  await reachByPlace(step.session);
  const closed = await closeVersions(step);
  const begun = await beginVersions(step, incoming);
  await ensureKeyIndex(step, { sql: `${columnOf(to)} IS NULL`, column: to });
  const [updated, inserted] = [sumOutcomes(counts, 'updated'), sumOutcomes(counts, 'inserted')];
  return {
    files: byFile([...repeats, ...counts]),
    deleted: 0,
    rowBytes,
    agreements: [
      ['versions ended', updated, closed],
      ['versions begun', updated + inserted, begun],
    ],
    screened,
  };
}

/** @throws TerminalError `TABLE_MISMATCH` when the sources or an index stand in the way of the history */
async function checkTable(step: WriteStep): Promise<void> {
  const { place, rule, request } = step;
  const { from, to } = rule.history!;
  const where = `table ${place.schema}.${place.table}`;
  const taken = request.stage.columns.find(({ name }) => name === from || name === to);
  if (taken) {
    throw new TerminalError(
      'TABLE_MISMATCH',
      `${where}: expected no column ${taken.name} in the sources, in which write: scd2 keeps since and until when a row holds; ` +
        `rename it, or name others by valid_from and valid_to`,
    );
  }
  const indexes = await uniqueIndexes(step);
  const once = indexes.find(
    ({ columns, predicate }) => predicate === null && columns.every((name) => rule.key?.includes(name)),
  );
  if (!once) return;
  throw new TerminalError(
    'TABLE_MISMATCH',
    `${where}: expected several rows of a key to be allowed, as write: scd2 needs, got the unique index ${once.name}; drop it`,
  );
}

/** The moment of this load, after every one before: `now()` is when the transaction began, which may have waited for its turn. */
async function readClock({ session }: WriteStep): Promise<string> {
  const { rows } = await session.query<{ now: string }>('SELECT clock_timestamp()::text AS now');
  return `'${rows[0]!.now}'::timestamptz`;
}

/** Rows that were there before hold from now on. */
async function beginHistory({ session, place, rule }: WriteStep, now: string): Promise<void> {
  const from = columnOf(rule.history!.from);
  await session.queryLong(`UPDATE ${quoteTable(place)} SET ${from} = ${now} WHERE ${from} IS NULL`);
}

const TIMES: readonly (string | undefined)[] = ['date', 'timestamp', 'timestamptz'];

/** When an incoming version begins: at the time that it is ordered by, or now, and never before the one that it ends. */
function since({ orderBy, history }: WriteRule, { columns }: Incoming, now: string): string {
  const isTime = TIMES.includes(columns.find(({ name }) => name === orderBy)?.type?.name);
  const stated =
    isTime && orderBy !== undefined ? `coalesce(${columnOf(orderBy, 's')}::timestamptz, ${now})` : now;
  return `greatest(${stated}, ${columnOf(history!.from, 't')})`;
}

async function closeVersions({ session, place, rule }: WriteStep): Promise<number> {
  const { rowCount } = await session.queryLong(
    `UPDATE ${quoteTable(place)} t SET ${columnOf(rule.history!.to)} = o.since
       FROM pg_temp.outcomes o
      WHERE o.outcome = 'updated' AND t.tableoid = o.part AND t.ctid = o.tid`,
  );
  return rowCount ?? 0;
}

async function beginVersions(step: WriteStep, { columns }: Incoming): Promise<number> {
  const { session, place, rule } = step;
  const { rowCount } = await session.queryLong(
    `INSERT INTO ${quoteTable(place)} (${listColumns(columns)}, ${columnOf(rule.history!.from)})
     SELECT ${listColumns(columns, 's')}, o.since
       FROM pg_temp.incoming s JOIN pg_temp.outcomes o ON o.at = s.ctid
      WHERE o.outcome IN ('inserted', 'updated') ORDER BY s."#file", s."#row"`,
  );
  return rowCount ?? 0;
}

import { TerminalError } from '../../errors.js';
import { quoteTable } from '../quote-name.js';
import { insertRows, reachByPlace, updateRows } from './apply-outcomes.js';
import { compareByValues } from './compare-values.js';
import { checkColumns } from './check-columns.js';
import { canFill, fillEmpty } from './fill-empty.js';
import { copyIncoming } from './incoming.js';
import { keepFirst, keepNewest } from './keep-one.js';
import { ensureKeyIndex } from './key-index.js';
import { matchByKey } from './match-key.js';
import { byFile, type OutcomeCount, sumOutcomes } from './outcomes.js';
import { sameKey } from './row-values.js';
import type { Incoming, WriteMode, WriteStep, Written } from './write-mode.js';
import { isWithin } from './within-parents.js';
import type { WriteRule } from './write-rule.js';

/**
 * Makes the table exactly what the stage has. Rows that stay are not touched: those that are missing from the stage are
 * deleted, changed ones of a key are updated, new ones are inserted, in one transaction, so that readers see the old rows
 * or the new ones, and all that hangs on the table stays.
 */
export const replace: WriteMode = {
  lock: 'SHARE ROW EXCLUSIVE',
  refuseReplay: () => 'the table is to hold all that the sources have, which a few rejects are not',
  write: replaceRows,
};

async function replaceRows(step: WriteStep): Promise<Written> {
  checkColumns(step);
  checkFiles(step);
  if (await canFill(step)) return replaceNothing(step);
  const { rule } = step;
  const { rows: all, identities } = step.request.stage;
  const isKnownByIdentity = rule.key === undefined && identities < all;
  const incoming = await copyIncoming(step, isKnownByIdentity ? 'all' : 'unidentified');
  // Sources of which nothing is left have no key either.
  const hasKey = rule.key !== undefined && incoming.columns.length > 0;
  const repeats = await (hasKey ? keepNewest(step, incoming) : keepFirst(step));
  const rows = incoming.left - sumOutcomes(repeats, 'duplicate');
  if (!rule.within) await checkSize(step, rows);
  const { counts, deleted } = await (hasKey
    ? replaceByKey(step, incoming, rows)
    : replaceByValues(step, incoming));
  const updated = hasKey ? await updateRows(step, incoming, counts) : 0;
  const inserted = await insertRows(step, incoming, counts);
  if (hasKey) await ensureKeyIndex(step);
  return {
    files: byFile([...repeats, ...counts]),
    deleted,
    rowBytes: incoming.bytes,
    agreements: [
      ['rows updated', sumOutcomes(counts, 'updated'), updated],
      ['rows inserted', sumOutcomes(counts, 'inserted'), inserted],
      [
        'rows of the table',
        rows,
        await countRows(step, `${quoteTable(step.place)} t WHERE ${isReplaced(rule)}`),
      ],
    ],
    screened: incoming.screened,
  };
}

async function replaceNothing(step: WriteStep): Promise<Written> {
  const { rule, request } = step;
  const { rows, identities } = request.stage;
  if (!rule.within) await checkSize(step, rule.key ? rows : identities);
  const written = await fillEmpty(step);
  if (rule.key) await ensureKeyIndex(step);
  return written;
}

interface Matched {
  counts: OutcomeCount[];
  deleted: number;
}

async function replaceByKey(step: WriteStep, incoming: Incoming, rows: number): Promise<Matched> {
  const { session, place, rule } = step;
  const counts = await matchByKey(step, incoming, { rows, byAge: false });
  const { rowCount } = await session.queryLong(
    `DELETE FROM ${quoteTable(place)} t
      WHERE ${isReplaced(rule)}
        AND NOT EXISTS (SELECT FROM pg_temp.incoming s WHERE ${sameKey(rule.key ?? [], 's', 't')})`,
  );
  return { counts, deleted: rowCount ?? 0 };
}

/** SQL that holds for the rows of the table, `t`, that are to be as the stage is. */
const isReplaced = ({ within }: WriteRule) => (within ? isWithin(within, 't') : 'true');

async function replaceByValues(step: WriteStep, incoming: Incoming): Promise<Matched> {
  const { session, place } = step;
  const counts = await compareByValues(step, incoming);
  await reachByPlace(session);
  const { rowCount } = await session.queryLong(
    `DELETE FROM ${quoteTable(place)} t USING pg_temp.outcomes o
      WHERE o.outcome = 'deleted' AND t.tableoid = o.part AND t.ctid = o.tid`,
  );
  return { counts, deleted: rowCount ?? 0 };
}

/**
 * A file of which nothing passed is more likely broken than meant to take its rows away.
 *
 * @throws TerminalError `REPLACE_REFUSED`
 */
function checkFiles({ place, request }: WriteStep): void {
  const broken = request.stage.files.find(({ read, rejected }) => read > 0 && read === rejected);
  if (!broken) return;
  throw new TerminalError(
    'REPLACE_REFUSED',
    `table ${place.schema}.${place.table}: expected records of each file to replace those of the table, got none of ` +
      `${broken.name} that passed, and ${broken.rejected} that were refused; nothing was changed`,
  );
}

/** @throws TerminalError `REPLACE_REFUSED` when too few rows would be left */
async function checkSize(step: WriteStep, after: number): Promise<void> {
  const { place, rule } = step;
  const before = await countRows(step, quoteTable(place));
  const refusal = refuseSize({ before, after, ...rule });
  if (refusal === null) return;
  throw new TerminalError('REPLACE_REFUSED', `table ${place.schema}.${place.table}: ${refusal}`);
}

/** Why a table must not go from so many rows to so many; null: it may. */
export function refuseSize({
  before,
  after,
  minRows = before > 0 ? 1 : 0,
  maxShrink,
}: {
  before: number;
  after: number;
  minRows?: number;
  maxShrink?: number;
}): string | null {
  const kept = `nothing was changed, the table keeps its ${before} rows`;
  if (after === 0 && before > 0 && minRows > 0) {
    return `expected rows to replace those of the table, got none; ${kept}. min_rows: 0 lets it become empty`;
  }
  if (after < minRows) return `expected at least ${minRows} rows (min_rows), got ${after}; ${kept}`;
  if (maxShrink === undefined || after >= before * (1 - maxShrink)) return null;
  const share = Math.round(maxShrink * 1e4) / 100;
  return `expected at most ${share}% fewer rows than the ${before} of the table (max_shrink), got ${after}; ${kept}`;
}

async function countRows({ session }: WriteStep, table: string): Promise<number> {
  const { rows } = await session.queryLong<{ count: string }>(`SELECT count(*) FROM ${table}`);
  return Number(rows[0]?.count);
}

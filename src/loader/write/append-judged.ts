import type { AfterRefusal } from '../../schema/stage.js';
import type { Unseen } from '../find-unseen.js';
import { forgetListed } from '../row-hashes.js';
import { contestOf } from '../rules/contest.js';
import { insertIncoming } from '../rules/insert-incoming.js';
import { budgetOf, columnsOf } from '../rules/make-screen.js';
import { createRefused, refuseIncoming } from '../rules/refuse-incoming.js';
import { screenRows } from '../rules/screen-rows.js';
import type { TableRules } from '../rules/table-rules.js';
import { copyIncoming } from './incoming.js';
import type { FileOutcome, WriteStep, Written } from './write-mode.js';

/**
 * Adds the new rows to a table that may refuse some: those become rejects together with the rows that are identical to them,
 * and their identities are forgotten, so that they may come again.
 */
export async function appendJudged(step: WriteStep, unseen: Unseen, rules: TableRules): Promise<Written> {
  const { session, request } = step;
  const incoming = await copyIncoming({ ...step, screen: null }, { unseen: unseen.file });
  await createRefused(session);
  const columns = columnsOf(request.stage);
  await screenRows(session, rules, { ...contestOf(step.rule, step.place), columns });
  const most = await budgetOf(step);
  const inserted = most < 0 ? 0 : await insertIncoming(step, incoming, { rules: rules.rules, most });
  const screened = await refuseIncoming(session, request, true);
  const stored = await unseen.remember();
  const forgotten = screened ? await forgetListed(session, step.tableId, 'pg_temp.taken_rows') : 0;
  const files = await countOutcomes(step, unseen, screened);
  const expected = files.reduce((sum, file) => sum + file.inserted, 0);
  return {
    files,
    deleted: 0,
    rowBytes: incoming.bytes,
    agreements: [
      ['new rows', unseen.count, incoming.copied],
      ['rows that the table took', expected, inserted],
      ['hashes stored', expected, stored - forgotten],
    ],
    screened,
  };
}

/** A repeat of a row that was refused is no duplicate of one that is in the table. */
async function countOutcomes(
  { session, request: { stage, signal } }: WriteStep,
  unseen: Unseen,
  screened: AfterRefusal | null,
): Promise<FileOutcome[]> {
  const tally = await stage.tally(unseen.file, signal);
  const taken = new Map<number, number>();
  if (screened) {
    const { rows } = await session.queryLong<{ file: number; count: string }>(
      'SELECT "#file" AS file, count(*) FROM pg_temp.taken_rows GROUP BY 1',
    );
    for (const { file, count } of rows) taken.set(file, Number(count));
  }
  return tally.map(({ file, unseen: fresh, duplicate }) => {
    const firsts = taken.get(file) ?? 0;
    const refused = screened ? screened.files[file]!.rejected - stage.files[file]!.rejected : 0;
    return { file, inserted: fresh - firsts, updated: 0, duplicate: duplicate - (refused - firsts) };
  });
}

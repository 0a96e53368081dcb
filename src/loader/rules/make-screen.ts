import { quoteName, quoteTable } from '../quote-name.js';
import type { Session } from '../session.js';
import type { Incoming, Screen, WriteStep } from '../write/write-mode.js';
import type { WriteRule } from '../write/write-rule.js';
import { countRefused, createRefused, noteRefused, refuseIncoming } from './refuse-incoming.js';
import { isRowFault } from './row-fault.js';
import type { Search } from './rule.js';
import { REMAINING, screenRows } from './screen-rows.js';
import type { TableRules } from './table-rules.js';
import { tryRows } from './try-rows.js';

type Contest = Pick<Search, 'contenders' | 'kept'>;

/**
 * A screen that takes out of the incoming rows all that the table would refuse: what sets show, and where that may not be all,
 * what an attempt to write the rows shows, which is undone.
 */
export function makeScreen(rules: TableRules): Screen {
  return async (step, incoming) => {
    const { session, request, rule } = step;
    await createRefused(session);
    const contest = contestOf(rule);
    const isComplete = await screenRows(session, rules, { ...contest, columns: columnsOf(request.stage) });
    const budget = await budgetOf(step);
    if (!isComplete && budget >= 0) await tryOut(step, incoming, { rules, contest, most: budget });
    return refuseIncoming(session, request, false);
  };
}

export function columnsOf({ columns }: { columns: { name: string; required: boolean }[] }) {
  return new Map(columns.map(({ name, required }) => [name, { required }]));
}

/** How many more rows may be refused before the load fails of it; negative: too many are. */
export async function budgetOf({ session, request }: WriteStep): Promise<number> {
  const { mostRejects = Infinity, stage } = request;
  return mostRejects === Infinity ? Infinity : mostRejects - stage.rejected - (await countRefused(session));
}

/** Of rows with one key one gets into the table, and takes the place of the row that has it there. */
function contestOf({ mode, key, orderBy }: WriteRule): Contest {
  if (mode === 'replace' && !key) return { contenders: (rows) => rows, kept: () => 'false' };
  if (!key || mode === 'append' || mode === 'insert')
    return { contenders: (rows) => rows, kept: () => 'true' };
  const names = key.map((name) => quoteName('column', name));
  const order = orderBy === undefined ? '' : `${quoteName('column', orderBy)} DESC NULLS LAST, `;
  const same = (alias: string) => names.map((name) => `n.${name} = ${alias}.${name}`).join(' AND ');
  return {
    contenders: (rows) =>
      `(SELECT DISTINCT ON (${names.join(', ')}) * FROM ${rows} AS all_rows ` +
      `ORDER BY ${names.join(', ')}, ${order}"#row" DESC)`,
    kept: (alias) =>
      mode === 'replace' ? 'false' : `NOT EXISTS (SELECT FROM pg_temp.incoming AS n WHERE ${same(alias)})`,
  };
}

interface Trial {
  rules: TableRules;
  contest: Contest;
  most: number;
}

/** Writes the rows to see which ones fail, as if those that they take the place of were gone, and undoes it. */
async function tryOut(step: WriteStep, incoming: Incoming, trial: Trial): Promise<void> {
  const { session, place, request } = step;
  const { rules, contest, most } = trial;
  await session.query('SAVEPOINT trial');
  if (!(await clearAway(session, `DELETE FROM ${quoteTable(place)} AS t WHERE NOT (${contest.kept('t')})`)))
    return;
  await session.query('SET CONSTRAINTS ALL IMMEDIATE');
  const { faults } = await tryRows(session, {
    place,
    columns: incoming.columns.map(({ name }) => name),
    rules: rules.rules,
    rows: contest.contenders(REMAINING),
    most,
    ...(request.signal && { signal: request.signal }),
  });
  await session.query('ROLLBACK TO SAVEPOINT trial');
  await noteRefused(session, faults);
}

/** Rows that others refer to stay, and with them no attempt says anything. */
async function clearAway(session: Session, statement: string): Promise<boolean> {
  try {
    await session.queryLong(statement);
    return true;
  } catch (error) {
    if (!isRowFault(error)) throw error;
    await session.query('ROLLBACK TO SAVEPOINT trial');
    return false;
  }
}

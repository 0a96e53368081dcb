import { describeTable, type TableColumn } from '../describe-table.js';
import { quoteTable, type TablePlace } from '../quote-name.js';
import type { Session } from '../session.js';
import type { Incoming, Screen, WriteStep } from '../write/write-mode.js';
import type { WriteRule } from '../write/write-rule.js';
import { type Contest, contestOf } from './contest.js';
import { countRefused, createRefused, noteRefused, refuseIncoming } from './refuse-incoming.js';
import { isRowFault } from './row-fault.js';
import type { Rule } from './rule.js';
import { REMAINING, screenRows } from './screen-rows.js';
import type { TableRules } from './table-rules.js';
import { tryRows } from './try-rows.js';

/**
 * A screen that takes out of the incoming rows all that the table would refuse: what sets show, and where that may not be all,
 * what an attempt to write the rows shows, which is undone.
 */
export function makeScreen(rules: TableRules): Screen {
  return async (step, incoming) => {
    const { session, request, rule, place } = step;
    await createRefused(session);
    const search = { ...contestOf(rule, place), columns: columnsOf(request.stage) };
    const ofRows = withoutHistory(rules, rule);
    const isComplete = await screenRows(session, ofRows, search);
    const budget = await budgetOf(step);
    if (!isComplete && budget >= 0 && (await canTry(step, incoming, ofRows.rules)))
      await tryAll(step, incoming, { rules: ofRows, search, most: budget });
    return refuseIncoming(session, request, false);
  };
}

/** The columns that hold a history are not the rows' own. */
function withoutHistory({ rules, ...rest }: TableRules, { history }: WriteRule): TableRules {
  const isOwn = (column: string) => column !== history?.from && column !== history?.to;
  return { ...rest, rules: rules.filter(({ columns }) => columns.every(isOwn)) };
}

/**
 * Whether a row that is inserted looks to the table as it would when it takes the place of another one. What does not come
 * in, and gets a default instead of what was there, must be nothing that a rule looks at.
 */
async function canTry(step: WriteStep, incoming: Incoming, rules: readonly Rule[]): Promise<boolean> {
  const { session, place, rule } = step;
  if (rule.mode === 'insert' || rule.mode === 'append') return true;
  if (rule.mode === 'scd2') return false;
  const columns = (await describeTable(session, place))?.columns ?? [];
  const there = new Set(incoming.columns.map(({ name }) => name));
  if (columns.some(({ name, isIdentity }) => isIdentity && there.has(name))) return false;
  const isOther = ({ name, isIdentity, isGenerated }: TableColumn) =>
    !there.has(name) && !isIdentity && !isGenerated;
  const others = columns.filter(isOther);
  return (
    others.length === 0 || (!columns.some(({ isGenerated }) => isGenerated) && areUnruled(others, rules))
  );
}

/** A rule that names no column may look at any. */
const areUnruled = (others: TableColumn[], rules: readonly Rule[]) =>
  rules.every(({ columns }) => columns.length > 0 && !others.some(({ name }) => columns.includes(name)));

export function columnsOf({ columns }: { columns: { name: string; required: boolean }[] }) {
  return new Map(columns.map(({ name, required }) => [name, { required }]));
}

/** How many more rows may be refused before the load fails of it; negative: too many are. */
export async function budgetOf({ session, request }: WriteStep): Promise<number> {
  const { mostRejects = Infinity, stage } = request;
  return mostRejects === Infinity ? Infinity : mostRejects - stage.rejected - (await countRefused(session));
}

interface Trial {
  rules: TableRules;
  search: Contest;
  most: number;
}

/** Versions of one key that are tried one after the other, each because the table refused the one before. */
const MOST_TRIALS = 50;

/** A row that is refused lets the next one of its key in, which has to be tried as well. */
async function tryAll(step: WriteStep, incoming: Incoming, trial: Trial): Promise<void> {
  const hasNext = step.rule.key !== undefined;
  let { most } = trial;
  for (let trials = 0; trials < MOST_TRIALS && most >= 0; trials++) {
    const refused = await tryOut(step, incoming, { ...trial, most });
    if (refused === 0 || !hasNext) return;
    most -= refused;
  }
}

/**
 * Writes the rows to see which ones fail, as if those that they take the place of were gone, and undoes it.
 *
 * @returns how many failed
 */
async function tryOut(step: WriteStep, incoming: Incoming, trial: Trial): Promise<number> {
  const { session, place, request } = step;
  const { rules, search, most } = trial;
  await session.query('SAVEPOINT trial');
  if (!(await clearAway(session, place, search.kept('t')))) return 0;
  await session.query('SET CONSTRAINTS ALL IMMEDIATE');
  const { faults } = await tryRows(session, {
    place,
    columns: incoming.columns.map(({ name }) => name),
    rules: rules.rules,
    rows: search.contenders(REMAINING),
    most,
    ...(request.signal && { signal: request.signal }),
  });
  await session.query('ROLLBACK TO SAVEPOINT trial');
  await noteRefused(session, faults);
  return faults.length;
}

/** Rows that others refer to stay, and with them no attempt says anything. */
async function clearAway(session: Session, place: TablePlace, kept: string): Promise<boolean> {
  if (kept === 'true') return true;
  try {
    await session.queryLong(`DELETE FROM ${quoteTable(place)} AS t WHERE NOT (${kept})`);
    return true;
  } catch (error) {
    if (!isRowFault(error)) throw error;
    await session.query('ROLLBACK TO SAVEPOINT trial');
    return false;
  }
}

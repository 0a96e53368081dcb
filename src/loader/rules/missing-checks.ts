import { TerminalError } from '../../errors.js';
import { quoteTable } from '../quote-name.js';
import type { Session } from '../session.js';
import type { DeclaredConstraints, MissingConstraint } from './declared.js';
import { isQueryFault } from './row-fault.js';
import type { RuledTable } from './rule.js';

/** The declared checks that are not among the table's, as PostgreSQL writes them. */
export async function findMissingChecks(
  session: Session,
  { place, oid }: RuledTable,
  { checks }: DeclaredConstraints,
): Promise<MissingConstraint[]> {
  if (checks.length === 0) return [];
  const missing = checks.map(({ expression }) => ({
    // On lines of its own: it may end in a comment.
    definition: `CHECK (\n${expression}\n)`,
    countBroken: `SELECT count(*) FROM ${quoteTable(place)} WHERE NOT (\n${expression}\n)`,
  }));
  if (oid === 0) return missing;
  const there = new Set(await listDefinitions(session, String(oid)));
  await session.query(`CREATE TEMP TABLE checks_probe (LIKE ${quoteTable(place)}) ON COMMIT DROP`);
  const fresh: MissingConstraint[] = [];
  for (const [index, check] of missing.entries()) {
    const definition = await probe(session, check.definition, describe(place.table, checks[index]!));
    if (!there.has(definition)) fresh.push(check);
    there.add(definition);
  }
  await session.query('DROP TABLE pg_temp.checks_probe');
  return fresh;
}

const describe = (table: string, { expression, column }: DeclaredConstraints['checks'][number]) =>
  `${table}${column === null ? '' : `.${column}`}: check ${JSON.stringify(expression)}`;

/** The check as PostgreSQL writes it. */
async function probe(session: Session, definition: string, what: string): Promise<string> {
  try {
    await session.query(`ALTER TABLE pg_temp.checks_probe ADD CONSTRAINT probe ${definition}`);
  } catch (error) {
    if (!isQueryFault(error)) throw error;
    const { driverError = error } = error as { driverError?: unknown };
    const { message } = driverError as Error;
    throw new TerminalError('CHECK_REFUSED', `${what}: expected one that PostgreSQL takes, got ${message}`);
  }
  const [found = ''] = await listDefinitions(session, `'pg_temp.checks_probe'::regclass`);
  await session.query('ALTER TABLE pg_temp.checks_probe DROP CONSTRAINT probe');
  return found;
}

async function listDefinitions(session: Session, relation: string): Promise<string[]> {
  const { rows } = await session.query<{ definition: string }>(
    `SELECT pg_get_constraintdef(oid) AS definition FROM pg_catalog.pg_constraint
      WHERE conrelid = ${relation} AND contype = 'c'`,
  );
  return rows.map(({ definition }) => definition);
}

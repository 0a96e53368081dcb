import { TerminalError } from '../../errors.js';
import { describeTable } from '../describe-table.js';
import { quoteTable, type TablePlace } from '../quote-name.js';
import type { SchemaChanges } from '../schema-changes.js';
import type { Session } from '../session.js';
import type { DeclaredConstraints, MissingConstraint } from './declared.js';
import { findMissingChecks } from './missing-checks.js';
import { findMissingForeignKeys } from './missing-foreign-keys.js';
import { findMissingUnique, primaryKey } from './missing-unique.js';
import type { Rule } from './rule.js';

export interface ConstraintPlan {
  place: TablePlace;
  changes: SchemaChanges;
  declared: DeclaredConstraints;
  /** Columns of the primary key that a new table gets; null: none, or the table was there. */
  primaryKey: string[] | null;
}

/**
 * Gives the table the constraints that are declared for it, unless it has the same under whatever name.
 *
 * @returns rules that cannot be constraints yet, because the table that they refer to is still to come
 * @throws TerminalError `CONSTRAINT_BROKEN` when rows of the table break one, `CONSTRAINT_COLUMNS`, `CHECK_REFUSED`,
 *   `REFERENCE_MISSING`, `REFERENCE_NOT_UNIQUE`
 */
export async function declareConstraints(session: Session, plan: ConstraintPlan): Promise<Rule[]> {
  const { place, declared } = plan;
  if (isNothingDeclared(plan)) return [];
  const described = await describeTable(session, place);
  const table = { place, oid: described?.oid ?? 0 };
  if (described) checkColumns(plan, new Set(described.columns.map(({ name }) => name)));
  const { missing: foreignKeys, pending } = await findMissingForeignKeys(session, table, declared);
  const missing = [
    ...(plan.primaryKey ? [primaryKey(place, plan.primaryKey)] : []),
    ...(await findMissingUnique(session, table, { declared, primaryKey: plan.primaryKey })),
    ...(await findMissingChecks(session, table, declared)),
    ...foreignKeys,
  ];
  for (const constraint of missing) await addConstraint(session, plan, constraint);
  return pending;
}

function isNothingDeclared({ declared, primaryKey: key }: ConstraintPlan): boolean {
  const { unique, foreignKeys, checks } = declared;
  return key === null && unique.length + foreignKeys.length + checks.length === 0;
}

function checkColumns({ place, declared, primaryKey: key }: ConstraintPlan, there: Set<string>): void {
  const named = [...declared.unique, ...declared.foreignKeys.map(({ columns }) => columns), key ?? []];
  const unknown = [...new Set(named.flat())].filter((name) => !there.has(name));
  if (unknown.length === 0) return;
  throw new TerminalError(
    'CONSTRAINT_COLUMNS',
    `table ${place.schema}.${place.table}: expected the columns of its constraints, got none of the name ` +
      `${unknown.join(', ')}; it has ${[...there].join(', ')}`,
  );
}

async function addConstraint(
  session: Session,
  { place, changes }: ConstraintPlan,
  { definition, countBroken }: MissingConstraint,
): Promise<void> {
  await session.query('SAVEPOINT constraint_added');
  try {
    await changes.run(place, `ALTER TABLE ${quoteTable(place)} ADD ${definition}`);
  } catch (error) {
    if (!isBroken(error)) throw error;
    await session.query('ROLLBACK TO SAVEPOINT constraint_added');
    const { rows } = await session.queryLong<{ count: string }>(countBroken);
    throw new TerminalError(
      'CONSTRAINT_BROKEN',
      `table ${place.schema}.${place.table}: expected rows that keep ${definition}, ` +
        `got ${rows[0]?.count} in the table that break it; correct them, or take the constraint out of the config`,
    );
  }
  await session.query('RELEASE SAVEPOINT constraint_added');
}

/** NOT NULL (which a primary key brings), foreign key, unique, check. */
function isBroken(error: unknown): boolean {
  const { driverError = error } = error as { driverError?: unknown };
  return ['23502', '23503', '23505', '23514'].includes(String((driverError as { code?: unknown }).code));
}

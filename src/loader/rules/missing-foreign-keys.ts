import { TerminalError } from '../../errors.js';
import { didYouMean } from '../../nearest-word.js';
import { describeTable } from '../describe-table.js';
import { quoteName, quoteTable, type TablePlace } from '../quote-name.js';
import type { Session } from '../session.js';
import {
  areSame,
  type DeclaredConstraints,
  type DeclaredForeignKey,
  type MissingConstraint,
} from './declared.js';
import { type ForeignKey, foreignKeyRule, listForeignKeys } from './foreign-key-rules.js';
import { findNearestTable } from './nearest-table.js';
import type { Rule, RuledTable } from './rule.js';
import { listUnique } from './unique-rules.js';

/**
 * The declared foreign keys that the table lacks. Those whose parent is the table of a stream that has not made it yet are
 * rules only: a later load makes constraints of them.
 */
export async function findMissingForeignKeys(
  session: Session,
  table: RuledTable,
  declared: DeclaredConstraints,
): Promise<{ missing: MissingConstraint[]; pending: Rule[] }> {
  const missing: MissingConstraint[] = [];
  const pending: Rule[] = [];
  if (declared.foreignKeys.length === 0) return { missing, pending };
  const there = await listForeignKeys(session, table);
  for (const key of declared.foreignKeys) {
    const parent = parentOf(table.place, key);
    if (there.some((one) => isSameKey(one, key.columns, parent))) continue;
    const isThere = await checkParent(session, table, { key, parent, declared });
    if (isThere) missing.push(definition(table.place, key, parent));
    else pending.push(pendingRule(key, parent));
  }
  return { missing, pending };
}

type Parent = ForeignKey['parent'];

const parentOf = ({ schema }: TablePlace, { references }: DeclaredForeignKey): Parent => ({
  schema,
  ...references,
});

function isSameKey(one: ForeignKey, columns: string[], parent: Parent): boolean {
  const pairs = (own: string[], others: string[]) => own.map((name, n) => `${name} ${others[n]}`);
  return (
    one.parent.schema === parent.schema &&
    one.parent.table === parent.table &&
    areSame(pairs(one.columns, one.parent.columns), pairs(columns, parent.columns))
  );
}

interface Wanted {
  key: DeclaredForeignKey;
  parent: Parent;
  declared: DeclaredConstraints;
}

/** Whether the parent is there, with columns that a foreign key can refer to. */
async function checkParent(
  session: Session,
  { place }: RuledTable,
  { key, parent, declared }: Wanted,
): Promise<boolean> {
  const described = await describeTable(session, parent);
  const where = `table ${place.schema}.${place.table}`;
  const what = `${parent.table}(${parent.columns.join(', ')})`;
  if (!described) {
    if (key.references.isStream) return false;
    const hint = didYouMean(await findNearestTable(session, parent));
    throw new TerminalError(
      'REFERENCE_MISSING',
      `${where}: expected a table that ${key.columns.join(', ')} can refer to, got ${parent.schema}.${parent.table}, ` +
        `which is not there${hint}`,
    );
  }
  const unique = await listUnique(session, described);
  const isUnique = unique.some(
    ({ keyColumns, predicate }) => predicate === null && areSame(keyColumns ?? [], parent.columns),
  );
  // A primary key or unique constraint of the new table itself is on its way.
  const isOwn = parent.schema === place.schema && parent.table === place.table;
  if (isUnique || (isOwn && declared.unique.some((columns) => areSame(columns, parent.columns)))) return true;
  throw new TerminalError(
    'REFERENCE_NOT_UNIQUE',
    `${where}: expected ${what} to be unique so that ${key.columns.join(', ')} can refer to it, got a table without such ` +
      `a constraint; declare unique or key in its stream`,
  );
}

function definition(place: TablePlace, key: DeclaredForeignKey, parent: Parent): MissingConstraint {
  const own = key.columns.map((name) => quoteName('column', name));
  const others = parent.columns.map((name) => quoteName('column', name));
  const onDelete = key.onDelete === 'no action' ? '' : ` ON DELETE ${key.onDelete.toUpperCase()}`;
  const areGiven = own.map((name) => `c.${name} IS NOT NULL`).join(' AND ');
  const areEqual = own.map((name, n) => `p.${others[n]} = c.${name}`).join(' AND ');
  return {
    definition: `FOREIGN KEY (${own.join(', ')}) REFERENCES ${quoteTable(parent)} (${others.join(', ')})${onDelete}`,
    countBroken:
      `SELECT count(*) FROM ${quoteTable(place)} AS c WHERE ${areGiven} ` +
      `AND NOT EXISTS (SELECT FROM ${quoteTable(parent)} AS p WHERE ${areEqual})`,
  };
}

function pendingRule({ columns }: DeclaredForeignKey, parent: Parent): Rule {
  const key = { name: null, columns, parent, isPlain: true, isSelf: false, isParentMissing: true };
  return foreignKeyRule(key);
}

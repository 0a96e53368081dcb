import { quoteName, quoteTable, type TablePlace } from '../quote-name.js';
import type { Session } from '../session.js';
import { areSame, type DeclaredConstraints, type MissingConstraint } from './declared.js';
import type { RuledTable } from './rule.js';
import { listUnique } from './unique-rules.js';

/** The declared unique constraints that no unique index of the table already keeps. */
export async function findMissingUnique(
  session: Session,
  { place, oid }: RuledTable,
  { declared, primaryKey: key }: { declared: DeclaredConstraints; primaryKey: string[] | null },
): Promise<MissingConstraint[]> {
  if (declared.unique.length === 0) return [];
  const there = (await listUnique(session, { oid })).filter(({ predicate }) => predicate === null);
  const known = [
    ...there.flatMap(({ keyColumns }) => (keyColumns ? [keyColumns] : [])),
    ...(key ? [key] : []),
  ];
  return declared.unique
    .filter((columns) => !known.some((one) => areSame(one, columns)))
    .map((columns) => unique('UNIQUE', place, columns));
}

export const primaryKey = (place: TablePlace, columns: string[]) => unique('PRIMARY KEY', place, columns);

function unique(kind: 'UNIQUE' | 'PRIMARY KEY', place: TablePlace, columns: string[]): MissingConstraint {
  const names = columns.map((name) => quoteName('column', name));
  const areGiven = names.map((name) => `${name} IS NOT NULL`).join(' AND ');
  return {
    definition: `${kind} (${names.join(', ')})`,
    countBroken:
      `SELECT count(*) FROM (SELECT row_number() OVER (PARTITION BY ${names.join(', ')}) AS nth ` +
      `FROM ${quoteTable(place)} WHERE ${areGiven}) AS repeated WHERE nth > 1`,
  };
}

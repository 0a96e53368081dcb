import { literalOf, quoteName, quoteTable } from '../quote-name.js';
import type { Session } from '../session.js';
import type { Rule, RuledTable, Search } from './rule.js';

export interface ForeignKey {
  /** null: the table has no such constraint yet. */
  name: string | null;
  columns: string[];
  parent: { schema: string; table: string; columns: string[] };
  /** A temporal key compares periods, and MATCH FULL what is NULL: neither is looked for in sets. */
  isPlain: boolean;
  /** The parent is the table itself. */
  isSelf: boolean;
  /** There is no such table: no row has a parent. */
  isParentMissing: boolean;
}

export type ForeignKeyRule = ForeignKey & Rule;

/** Foreign keys, whatever the schema of their parent. */
export async function listForeignKeys(
  session: Session,
  { oid }: Pick<RuledTable, 'oid'>,
): Promise<ForeignKeyRule[]> {
  const { rows } = await session.query<Listed>(LIST, [oid]);
  return rows.map(({ schema, table, parentColumns, ...key }) =>
    foreignKeyRule({ ...key, parent: { schema, table, columns: parentColumns }, isParentMissing: false }),
  );
}

interface Listed extends Omit<ForeignKey, 'parent' | 'isParentMissing'> {
  schema: string;
  table: string;
  parentColumns: string[];
}

/** What a foreign key asks of a row, whether it is a constraint of the table or is yet to become one. */
export function foreignKeyRule(key: ForeignKey): ForeignKeyRule {
  const reason = describeOrphan(key);
  return { ...key, reason, findBroken: (search) => findOrphans(key, reason, search), isIdle: () => false };
}

const namesOf = (relation: string, numbers: string) =>
  `ARRAY(SELECT a.attname::text FROM unnest(${numbers}) WITH ORDINALITY AS k (n, at)
     JOIN pg_catalog.pg_attribute a ON a.attrelid = ${relation} AND a.attnum = k.n ORDER BY k.at)`;

const LIST = `
  SELECT c.conname AS name, ${namesOf('c.conrelid', 'c.conkey')} AS columns,
         n.nspname AS schema, p.relname AS "table", ${namesOf('c.confrelid', 'c.confkey')} AS "parentColumns",
         c.confmatchtype = 's' AND NOT coalesce((to_jsonb(c) ->> 'conperiod')::boolean, false) AS "isPlain",
         c.confrelid = c.conrelid AS "isSelf"
    FROM pg_catalog.pg_constraint c
    JOIN pg_catalog.pg_class p ON p.oid = c.confrelid
    JOIN pg_catalog.pg_namespace n ON n.oid = p.relnamespace
   WHERE c.conrelid = $1 AND c.contype = 'f' AND c.conparentid = 0
     AND coalesce((to_jsonb(c) ->> 'conenforced')::boolean, true)
   ORDER BY c.conname`;

function describeOrphan({ columns, parent }: ForeignKey): string {
  const these =
    parent.columns.length === 1 ? `this ${parent.columns[0]}` : `these (${parent.columns.join(', ')})`;
  return `${columns.join(', ')}: expected a row of ${parent.table} with ${these}, got none`;
}

function findOrphans(key: ForeignKey, reason: string, search: Search): string | null {
  const { columns, isPlain, isParentMissing } = key;
  if (!isPlain || columns.some((column) => !search.columns.has(column))) return null;
  const own = columns.map((name) => `i.${quoteName('column', name)}`);
  const isGiven = own.map((name) => `${name} IS NOT NULL`);
  const isOrphan = isParentMissing
    ? []
    : [`NOT EXISTS (${parents(key, search, own)})`, ...amongRows(key, search, own)];
  return (
    `SELECT i."#row", i."#file", ${literalOf(reason)} AS reason FROM ${search.rows} AS i ` +
    `WHERE ${[...isGiven, ...isOrphan].join(' AND ')}`
  );
}

function parents({ parent, isSelf }: ForeignKey, { kept }: Search, own: string[]): string {
  const same = equalTo('p', parent.columns, own);
  // Only in its own table can rows go while this load is at work.
  return `SELECT FROM ${quoteTable(parent)} AS p WHERE ${same}${isSelf ? ` AND ${kept('p')}` : ''}`;
}

/** A row may have its parent among those that come with it. */
function amongRows({ parent, isSelf }: ForeignKey, { rows, columns }: Search, own: string[]): string[] {
  if (!isSelf || parent.columns.some((column) => !columns.has(column))) return [];
  return [`NOT EXISTS (SELECT FROM ${rows} AS s WHERE ${equalTo('s', parent.columns, own)})`];
}

function equalTo(alias: string, columns: string[], own: string[]): string {
  return columns.map((name, n) => `${alias}.${quoteName('column', name)} = ${own[n]}`).join(' AND ');
}

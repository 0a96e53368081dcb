import { describeTable } from '../describe-table.js';
import type { TablePlace } from '../quote-name.js';
import type { Session } from '../session.js';
import { listChecks } from './check-rules.js';
import { listForeignKeys } from './foreign-key-rules.js';
import { listNotNull } from './not-null-rules.js';
import type { IncomingColumns, ListRules, Rule } from './rule.js';
import { listTrials } from './trial-rules.js';
import { listUnique } from './unique-rules.js';

/**
 * Every kind of rule, in the order in which rows are searched: what is about a row by itself, then about its parents, at
 * last about others like it.
 */
const KINDS: ListRules[] = [listNotNull, listChecks, listForeignKeys, listTrials, listUnique];

/** What the rows of a table must keep. */
export interface TableRules {
  place: TablePlace;
  rules: Rule[];
  /** A trigger may change a row before it is checked: what it looks like before says nothing. */
  areRowsChanged: boolean;
}

/**
 * Reads from the catalog what rows of these columns may break; null: nothing.
 *
 * @param more rules that the catalog does not have
 * @param key of rows with the same values there the write mode leaves one in the table; absent: it looks at none
 */
export async function readRules(
  session: Session,
  place: TablePlace,
  { columns, more, key }: { columns: IncomingColumns; more: Rule[]; key?: readonly string[] },
): Promise<TableRules | null> {
  if (more.length === 0 && !(await mayHaveRules(session, place))) return null;
  const described = await describeTable(session, place);
  if (!described) return null;
  const table = { place, oid: described.oid };
  const rules: Rule[] = [];
  for (const list of KINDS) rules.push(...(await list(session, table)));
  const active = [...more, ...rules.filter((rule) => !rule.isIdle(columns))];
  if (active.length === 0) return null;
  const areRowsChanged = await hasTriggerBefore(session, table.oid);
  // What a trigger makes of a key is not what the write mode has looked at.
  const left = areRowsChanged || !key ? active : active.filter((rule) => !rule.isIdle(columns, key));
  return left.length === 0 ? null : { place, rules: left, areRowsChanged };
}

/** One look instead of one for each kind of rule: most tables have none at all. */
async function mayHaveRules(session: Session, { schema, table }: TablePlace): Promise<boolean> {
  const { rows } = await session.query(
    `SELECT FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
      WHERE n.nspname = $1 AND c.relname = $2
        AND (c.relkind <> 'r' OR c.relhastriggers
          OR EXISTS (SELECT FROM pg_catalog.pg_constraint WHERE conrelid = c.oid)
          OR EXISTS (SELECT FROM pg_catalog.pg_index WHERE indrelid = c.oid AND indisunique)
          OR EXISTS (SELECT FROM pg_catalog.pg_attribute a JOIN pg_catalog.pg_type t ON t.oid = a.atttypid
                      WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
                        AND (a.attnotnull OR t.typtype = 'd')))`,
    [schema, table],
  );
  return rows.length > 0;
}

async function hasTriggerBefore(session: Session, oid: number): Promise<boolean> {
  const { rows } = await session.query(
    `SELECT FROM pg_catalog.pg_trigger
      WHERE tgrelid = $1 AND NOT tgisinternal AND tgenabled IN ('O', 'A') AND tgtype & 3 = 3 AND tgtype & 20 <> 0`,
    [oid],
  );
  return rows.length > 0;
}

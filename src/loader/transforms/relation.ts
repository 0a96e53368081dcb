import { escapeIdentifier } from 'pg';
import { TerminalError } from '../../errors.js';
import { quoteTable, type TablePlace } from '../quote-name.js';
import type { Session } from '../session.js';
import type { TransformStep } from './transform.js';

const KINDS: Record<string, string> = { r: 'table', p: 'table', v: 'view' };

/**
 * Whether the transform's view or table is there.
 * @throws TerminalError `TRANSFORM_NAME_TAKEN` when something else has its name
 */
export async function hasRelation(
  session: Session,
  place: TablePlace,
  expected: 'view' | 'table',
): Promise<boolean> {
  const { rows } = await session.query<{ relkind: string }>(
    `SELECT c.relkind FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
      WHERE n.nspname = $1 AND c.relname = $2`,
    [place.schema, place.table],
  );
  const [found] = rows;
  if (!found) return false;
  const got = KINDS[found.relkind] ?? 'another kind of relation';
  if (got === expected) return true;
  throw new TerminalError(
    'TRANSFORM_NAME_TAKEN',
    `transform ${place.table}: expected to make a ${expected} of that name in schema ${place.schema}, got a ${got} there`,
  );
}

/** `"name" type, …` of a relation's columns, which is what a table like it is made of. */
export async function listColumns(session: Session, relation: string): Promise<string[]> {
  const { rows } = await session.query<{ column: string }>(
    `SELECT quote_ident(attname) || ' ' || format_type(atttypid, atttypmod) AS "column"
       FROM pg_catalog.pg_attribute
      WHERE attrelid = $1::regclass AND attnum > 0 AND NOT attisdropped ORDER BY attnum`,
    [relation],
  );
  return rows.map(({ column }) => column);
}

/** Statements that grant again what is granted on the relation now, and give it back to its owner. */
async function readGrants(session: Session, place: TablePlace): Promise<string[]> {
  const table = quoteTable(place);
  const { rows } = await session.query<{ role: string | null; privilege: string; option: string }>(
    `SELECT r.rolname AS role, a.privilege_type AS privilege,
            CASE WHEN a.is_grantable THEN ' WITH GRANT OPTION' ELSE '' END AS option
       FROM pg_catalog.pg_class c, aclexplode(c.relacl) a LEFT JOIN pg_catalog.pg_roles r ON r.oid = a.grantee
      WHERE c.oid = $1::regclass AND a.grantee <> c.relowner
      ORDER BY 1, 2`,
    [table],
  );
  return rows.map(({ role, privilege, option }) => {
    const grantee = role === null ? 'PUBLIC' : escapeIdentifier(role);
    return `GRANT ${privilege} ON ${table} TO ${grantee}${option}`;
  });
}

/**
 * Drops the relation and makes it anew, with the same grants. What hangs on it is not dropped with it: then the server
 * refuses.
 */
export async function remake(
  { session, place, changes }: TransformStep,
  drop: string,
  create: string,
): Promise<void> {
  const grants = await readGrants(session, place);
  await changes.run(place, drop);
  await changes.run(place, create);
  for (const grant of grants) await changes.run(place, grant);
}

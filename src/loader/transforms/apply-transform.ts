import { createHash } from 'node:crypto';
import { TerminalError } from '../../errors.js';
import { endEarlierAttempts } from '../end-earlier-attempts.js';
import type { LoaderLimits } from '../limits.js';
import { quoteName } from '../quote-name.js';
import { SchemaChanges } from '../schema-changes.js';
import type { Session } from '../session.js';
import { takeTurn } from '../take-turn.js';
import type { TransformRequest, TransformResult } from './transform.js';
import { transformKinds } from './transform-kinds.js';
import { TransformEntity } from './transform.entity.js';

/**
 * Everything that one transform does, inside one transaction: nothing where neither its SQL nor the rows that it is made
 * of have changed since it ran last, and what it is made of is written down with what it makes.
 */
export async function applyTransform(
  session: Session,
  request: TransformRequest,
  limits: LoaderLimits,
): Promise<TransformResult> {
  const { name, runId, pipeline, statements } = request;
  const { schema } = request.target;
  const place = { schema, table: name };
  await endEarlierAttempts(session, request);
  await takeTurn(session, place, limits);
  if (request.isServiceDatabase && !request.allowSuperuser) await refuseSuperuser(session, name);
  await session.query(`SET LOCAL search_path = ${quoteName('schema', schema)}, public`);
  const kind = transformKinds[request.as];
  const step = { session, place, statements, changes: new SchemaChanges(session, request) };
  const signature = await sign(session, request, kind.followsRows);
  const key = { pipeline, schemaName: schema, name };
  const last = await session.manager.findOneBy(TransformEntity, key);
  if (last?.signature === signature && (await kind.isThere(step))) {
    // Of this very run: an earlier attempt committed it.
    const isOurs = last.runId === runId;
    return { isUnchanged: !isOurs, rows: isOurs && last.rows !== null ? Number(last.rows) : null };
  }
  const rows = await kind.apply(step);
  const stored = { ...key, signature, runId, rows: rows === null ? null : String(rows), at: new Date() };
  await session.manager.upsert(TransformEntity, stored, ['pipeline', 'schemaName', 'name']);
  return { isUnchanged: false, rows };
}

/** A superuser of the server may read and write files and run programs on its machine, from SQL. */
async function refuseSuperuser(session: Session, name: string): Promise<void> {
  const { rows } = await session.query<{ role: string; isSuper: boolean }>(
    'SELECT rolname AS role, rolsuper AS "isSuper" FROM pg_catalog.pg_roles WHERE rolname = current_user',
  );
  if (!rows[0]?.isSuper) return;
  throw new TerminalError(
    'TRANSFORM_SUPERUSER',
    `transform ${name}: expected a database user who is no superuser to run SQL of a config, got ${rows[0].role} of the ` +
      `service's own database. Give the pipeline a target with a user of its own, or allow it by MILLRACE_SQL_AS_SUPERUSER=true`,
  );
}

async function sign(session: Session, request: TransformRequest, followsRows: boolean): Promise<string> {
  const { as, statements } = request;
  const rows = followsRows ? await listOrigins(session, request) : [];
  return createHash('sha256')
    .update(JSON.stringify([1, as, statements, rows]))
    .digest('hex');
}

/** Of each table that it is made of the load that changed its rows last, of each transform what that was made of. */
async function listOrigins(
  session: Session,
  { needs, target, pipeline }: TransformRequest,
): Promise<unknown[]> {
  const { rows: loads } = await session.query(
    `SELECT DISTINCT ON (table_name) table_name AS name, id::text AS origin FROM millrace.loads
      WHERE schema_name = $1 AND table_name = ANY ($2)
        AND (inserted + updated > 0 OR write_mode NOT IN ('append', 'insert'))
      ORDER BY table_name, committed_at DESC`,
    [target.schema, needs],
  );
  const { rows: transforms } = await session.query(
    `SELECT name, signature AS origin FROM millrace.transforms
      WHERE pipeline = $1 AND schema_name = $2 AND name = ANY ($3) ORDER BY name`,
    [pipeline, target.schema, needs],
  );
  return [loads, transforms];
}

import { LoadOvertaken } from './check-carried.js';
import type { LoadRequest } from './load.js';
import { TOLD_REJECTS } from './load-contents.js';
import type { Session } from './session.js';

/**
 * Gives a load the rejects of its carried files, under the names that these have now.
 *
 * @returns how many there are
 * @throws LoadOvertaken when some have gone since
 */
export async function carryRejects(session: Session, request: LoadRequest, loadId: string): Promise<number> {
  const { stage, runId, pipeline, configVersion, table, target } = request;
  const files = stage.files.filter(({ carriedAs, rejected }) => carriedAs && rejected > 0);
  if (!stage.goesOnFrom || files.length === 0) return 0;
  const places = files.map(({ source, name, carriedAs }) => ({ source, name, was: carriedAs }));
  const before = [stage.goesOnFrom.loadId, JSON.stringify(places)];
  const { rowCount } = await session.queryLong(REJECTS, [
    ...before,
    runId,
    loadId,
    pipeline,
    configVersion,
    table,
  ]);
  if (rowCount !== files.reduce((sum, { rejected }) => sum + rejected, 0))
    throw new LoadOvertaken(`table ${target.schema}.${table}`);
  await session.queryLong(LAYOUTS, [...before, runId, table]);
  return rowCount;
}

/** $2: the files as they are called now, and as they were called then. */
const PLACES = `(SELECT (place->>'source')::integer AS source, place->>'name' AS name,
    (place->'was'->>'source')::integer AS was_source, place->'was'->>'name' AS was_name
  FROM jsonb_array_elements($2::jsonb) AS place) p`;

const REJECTS = `
  INSERT INTO millrace.rejects
    (run_id, load_id, pipeline, config_version, table_name, source, file, line, column_name, reason, raw, flaw)
  SELECT $3, $4::uuid, $5, $6::integer, $7, p.source, p.name, r.line, r.column_name, r.reason, r.raw, r.flaw
    FROM ${TOLD_REJECTS} JOIN ${PLACES} ON r.source = p.was_source AND r.file = p.was_name
   WHERE l.id = $1 ORDER BY r.id`;

const LAYOUTS = `
  INSERT INTO millrace.reject_files (run_id, table_name, source, file, fingerprint, layout)
  SELECT $3, $4, p.source, p.name, f.fingerprint, f.layout
    FROM millrace.loads l JOIN millrace.reject_files f ON f.run_id = l.run_id AND f.table_name = l.table_name
    JOIN ${PLACES} ON f.source = p.was_source AND f.file = p.was_name
   WHERE l.id = $1`;

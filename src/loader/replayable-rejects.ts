import { createWriteStream } from 'node:fs';
import { pipeline } from 'node:stream/promises';
import { RejectFileEntity } from './reject-file.entity.js';
import type { RejectFile, RejectsLeft, RejectsOf, ReplayableRejects, ReplayableTable } from './replay.js';
import type { Session } from './session.js';

/**
 * Of the alias `r`, a reject of that run: its raw text is the record, and how it was read is known. IS TRUE keeps the
 * search from becoming a join, which goes by statistics that a new run has not got: the files are hashed, once.
 *
 * @param runId as SQL
 */
const isReplayable = (runId: string) => `
  r.flaw IS NULL AND ((r.table_name, r.source, r.file) IN (
    SELECT f.table_name, f.source, f.file FROM millrace.reject_files f WHERE f.run_id = ${runId})) IS TRUE`;

/** The tables that a run has rejects of, by name, with how many of them can be read again. */
export async function countReplayable(session: Session, runId: string): Promise<ReplayableTable[]> {
  const { rows } = await session.query<{ table: string; total: string; replayable: string }>(
    `SELECT r.table_name AS "table", count(*) AS total, count(*) FILTER (WHERE ${isReplayable('$1')}) AS replayable
       FROM millrace.rejects r WHERE r.run_id = $1 GROUP BY 1 ORDER BY 1`,
    [runId],
  );
  return rows.map(({ table, total, replayable }) => ({
    table,
    total: Number(total),
    replayable: Number(replayable),
  }));
}

/** The files that have rejects which can be read again. */
async function findRejectFiles(session: Session, { runId, table }: RejectsOf): Promise<RejectFile[]> {
  const files = await session.manager.findBy(RejectFileEntity, { runId, tableName: table });
  return files.map(({ source, file, fingerprint, layout }) => ({ source, file, fingerprint, layout }));
}

/** Why rejects cannot be read again, and how many, by file. */
async function countLeft(session: Session, { runId, table }: RejectsOf): Promise<RejectsLeft[]> {
  const { rows } = await session.query<Omit<RejectsLeft, 'count'> & { count: string }>(
    `SELECT r.source, r.file, r.flaw, count(*) AS count FROM millrace.rejects r
      WHERE r.run_id = $1 AND r.table_name = $2 AND NOT (${isReplayable('$1')})
      GROUP BY 1, 2, 3 ORDER BY 1, 2, 3`,
    [runId, table],
  );
  return rows.map((row) => ({ ...row, count: Number(row.count) }));
}

/**
 * Writes the rejects that can be read again to a file, one JSON object a line, those of a file together: `id`, `source`,
 * `file` and `raw`. Tells how to read them, and what stays.
 */
export async function exportReplayable(
  session: Session,
  of: RejectsOf,
  path: string,
): Promise<ReplayableRejects> {
  await writeReplayable(session, of, path);
  return { files: await findRejectFiles(session, of), left: await countLeft(session, of) };
}

async function writeReplayable(session: Session, of: RejectsOf, path: string): Promise<void> {
  const runId = literal(of.runId);
  const rows = `
    SELECT json_build_object('id', r.id::text, 'source', r.source, 'file', r.file, 'raw', r.raw)
      FROM millrace.rejects r WHERE r.run_id = ${runId} AND r.table_name = ${literal(of.table)}
       AND ${isReplayable(runId)} ORDER BY r.source, r.file, r.id`;
  // JSON holds neither of these two signs, so that nothing is quoted.
  const format = `FORMAT csv, DELIMITER E'\\x01', QUOTE E'\\x02', ENCODING 'UTF8'`;
  await pipeline(session.copyOut(`COPY (${rows}) TO STDOUT (${format})`), createWriteStream(path));
}

/** COPY takes no parameters. */
function literal(text: string): string {
  return `E'${text.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`;
}

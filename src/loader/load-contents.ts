import type { FilePlace } from '../schema/stage.js';
import { findColumns, findFiles } from './ledger.js';
import type { LoadContents } from './load.js';
import type { Session } from './session.js';

/**
 * SQL of the rejects `r` of a load `l` that are there as it has told them: without those that were removed since, and
 * without those that a replay through another config has told anew.
 */
export const TOLD_REJECTS = `millrace.loads l JOIN millrace.rejects r
  ON r.run_id = l.run_id AND r.load_id = l.id AND r.config_version = l.config_version`;

/** What a load was made of. */
export async function findContents(session: Session, loadId: string): Promise<LoadContents> {
  const columns = await findColumns(session, loadId);
  if (!columns) return { columns, files: [] };
  const files = await findFiles(session, loadId);
  const kept = files.some(({ rejected }) => rejected > 0)
    ? await countKept(session, loadId)
    : new Map<string, number>();
  return { columns, files: files.map((file) => ({ ...file, keptRejects: kept.get(placeOf(file)) ?? 0 })) };
}

/** By the place of their file. */
async function countKept(session: Session, loadId: string): Promise<Map<string, number>> {
  const { rows } = await session.queryLong<FilePlace & { kept: string }>(
    `SELECT r.source, r.file AS name, count(*) AS kept FROM ${TOLD_REJECTS} WHERE l.id = $1 GROUP BY 1, 2`,
    [loadId],
  );
  return new Map(rows.map((file) => [placeOf(file), Number(file.kept)]));
}

const placeOf = ({ source, name }: FilePlace) => `${source}/${name}`;

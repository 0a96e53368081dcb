import { createReadStream } from 'node:fs';
import { createInterface } from 'node:readline';
import type { StageReject } from '../schema/stage.js';
import type { Session } from './session.js';

/** What each reject of a stream carries besides its own place. */
export interface RejectOrigin {
  runId: string;
  loadId: string | null;
  pipeline: string;
  configVersion: number;
  table: string;
}

const COLUMNS =
  'run_id, load_id, pipeline, config_version, table_name, source, file, line, column_name, reason, raw';
const MAX_TEXT = 65_536;
const CHUNK_BYTES = 65_536;

/**
 * Writes the rejects of an NDJSON file of `StageReject` into `millrace.rejects`. Those that an attempt without a load has
 * left for the same run and table give way.
 *
 * @returns the number of rejects that the database took
 */
export async function copyRejects(session: Session, origin: RejectOrigin, path: string): Promise<number> {
  await session.queryLong(
    'DELETE FROM millrace.rejects WHERE run_id = $1 AND table_name = $2 AND load_id IS NULL',
    [origin.runId, origin.table],
  );
  const sql = `COPY millrace.rejects (${COLUMNS}) FROM STDIN (FORMAT csv, NULL '', ENCODING 'UTF8')`;
  const { rows } = await session.copyIn(sql, rejectChunks(origin, path));
  return rows;
}

async function* rejectChunks(origin: RejectOrigin, path: string): AsyncGenerator<Buffer> {
  const { runId, loadId, pipeline, configVersion, table } = origin;
  const start = toCsv([runId, loadId, pipeline, configVersion, table]);
  let text = '';
  for await (const line of createInterface({ input: createReadStream(path), crlfDelay: Infinity })) {
    if (line === '') continue;
    const { source, file, line: at, column, reason, raw } = JSON.parse(line) as StageReject;
    text += `${start},${toCsv([source, file, at, column, reason, raw])}\n`;
    if (text.length >= CHUNK_BYTES) {
      yield Buffer.from(text);
      text = '';
    }
  }
  if (text) yield Buffer.from(text);
}

/** Every value quoted: on PostgreSQL 17 and older COPY ends at a line that is only `\.`. */
export function toCsv(values: (string | number | null)[]): string {
  return values.map((value) => (value === null ? '' : quote(String(value)))).join(',');
}

function quote(value: string): string {
  const text = value.slice(0, MAX_TEXT).replaceAll('\0', '\u2400').replaceAll('"', '""');
  return `"${text}"`;
}

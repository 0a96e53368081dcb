import { readLines } from '../read-lines.js';
import type { StagedLayout, StageReject } from '../schema/stage.js';
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
  'run_id, load_id, pipeline, config_version, table_name, source, file, line, column_name, reason, raw, flaw';
const MAX_TEXT = 65_536;
const CHUNK_BYTES = 65_536;

/**
 * Writes the lines of a stage's rejects file into `millrace.rejects` and `millrace.reject_files`. Those that an attempt
 * without a load has left for the same run and table give way.
 *
 * @returns the number of rejects that the database took
 */
export async function copyRejects(session: Session, origin: RejectOrigin, path: string): Promise<number> {
  const { runId, loadId, pipeline, configVersion, table } = origin;
  await session.queryLong(
    'DELETE FROM millrace.rejects WHERE run_id = $1 AND table_name = $2 AND load_id IS NULL',
    [runId, table],
  );
  await session.queryLong('DELETE FROM millrace.reject_files WHERE run_id = $1 AND table_name = $2', [
    runId,
    table,
  ]);
  const start = toCsv([runId, loadId, pipeline, configVersion, table]);
  const line = ({ source, file, line: at, column, reason, raw, flaw }: StageReject) =>
    `${start},${toCsv([source, file, at, column, reason, raw, flaw ?? null])}`;
  const sql = `COPY millrace.rejects (${COLUMNS}) FROM STDIN (FORMAT csv, NULL '', ENCODING 'UTF8')`;
  const { rows } = await session.copyIn(sql, inChunks(stageRejects(path), line));
  await copyLayouts(session, origin, path);
  return rows;
}

async function copyLayouts(session: Session, { runId, table }: RejectOrigin, path: string): Promise<void> {
  const start = toCsv([runId, table]);
  const line = ({ source, file, fingerprint, layout }: StagedLayout) =>
    `${start},${toCsv([source, file, fingerprint])},${quote(JSON.stringify(layout))}`;
  const columns = 'run_id, table_name, source, file, fingerprint, layout';
  const sql = `COPY millrace.reject_files (${columns}) FROM STDIN (FORMAT csv, NULL '', ENCODING 'UTF8')`;
  await session.copyIn(sql, inChunks(stagedLayouts(path), line));
}

/** What a line about a file begins with; all the others are rejects. Only what is asked for is parsed. */
const LAYOUT = '{"layout":';

/** The rejects of a stage's rejects file, many at a time. */
export async function* stageRejects(path: string): AsyncGenerator<StageReject[]> {
  for await (const lines of readLines(path))
    yield parsed<StageReject>(lines.filter((line) => !line.startsWith(LAYOUT)));
}

async function* stagedLayouts(path: string): AsyncGenerator<StagedLayout[]> {
  for await (const lines of readLines(path))
    yield parsed<StagedLayout>(lines.filter((line) => line.startsWith(LAYOUT)));
}

function parsed<T>(lines: string[]): T[] {
  return lines.map((line) => JSON.parse(line) as T);
}

/** Lines for COPY, one an item, in chunks of 64 KiB or more. */
export async function* inChunks<T>(
  batches: AsyncIterable<T[]>,
  toLine: (item: T) => string,
): AsyncGenerator<Buffer> {
  let text = '';
  for await (const items of batches) {
    for (const item of items) text += `${toLine(item)}\n`;
    if (text.length < CHUNK_BYTES) continue;
    yield Buffer.from(text);
    text = '';
  }
  if (text) yield Buffer.from(text);
}

/** Every value quoted: on PostgreSQL 17 and older COPY ends at a line that is only `\.`. */
export function toCsv(values: (string | number | null)[]): string {
  return values
    .map((value) =>
      value === null ? '' : quote(String(value).slice(0, MAX_TEXT).replaceAll('\0', '\u2400')),
    )
    .join(',');
}

function quote(value: string): string {
  return `"${value.replaceAll('"', '""')}"`;
}

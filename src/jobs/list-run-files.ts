import type { Repository } from 'typeorm';
import { TerminalError } from '../errors.js';
import type { Page } from './page.js';
import type { FileReport, FileState } from './run-report.js';
import type { Run } from './run.entity.js';

export interface FileFilter {
  table?: string;
  state?: FileState;
  cursor?: string;
  limit: number;
}

export type FileOfRun = FileReport & { table: string };

/** Cut into pages by the database: all files of a run may be megabytes. */
const PAGE = `
  SELECT s.n::int AS stream, f.n::int AS file, runs.streams->(s.n::int - 1)->>'table' AS table, f.report
    FROM millrace.runs, jsonb_array_elements(files) WITH ORDINALITY AS s(part, n),
         jsonb_array_elements(s.part->'files') WITH ORDINALITY AS f(report, n)
   WHERE id = $1 AND (s.n, f.n) > ($2, $3)
     AND ($4::text IS NULL OR runs.streams->(s.n::int - 1)->>'table' = $4)
     AND ($5::text IS NULL OR f.report->>'state' = $5)
   ORDER BY s.n, f.n LIMIT $6`;

interface Row {
  stream: number;
  file: number;
  table: string;
  report: FileReport;
}

/**
 * One page of a run's files, in the order of its streams and sources.
 * @throws TerminalError `INVALID_CURSOR`
 */
export async function listRunFiles(
  runs: Repository<Run>,
  id: string,
  { table, state, cursor, limit }: FileFilter,
): Promise<Page<FileOfRun>> {
  const after = cursor === undefined ? [0, 0] : decodePlace(cursor);
  const rows: Row[] = await runs.query(PAGE, [id, ...after, table ?? null, state ?? null, limit + 1]);
  const shown = rows.slice(0, limit);
  const last = shown.at(-1);
  return {
    items: shown.map(({ table: of, report }) => ({ table: of, ...report })),
    nextCursor: rows.length > limit && last ? encodePlace(last) : null,
  };
}

function encodePlace({ stream, file }: Pick<Row, 'stream' | 'file'>): string {
  return Buffer.from(`${stream}.${file}`).toString('base64url');
}

function decodePlace(cursor: string): [stream: number, file: number] {
  const [, stream, file] =
    /^([1-9]\d{0,8})\.([1-9]\d{0,8})$/.exec(Buffer.from(cursor, 'base64url').toString()) ?? [];
  if (stream && file) return [Number(stream), Number(file)];
  const message = `cursor: expected the nextCursor of an earlier answer, got "${cursor}"`;
  throw new TerminalError('INVALID_CURSOR', message);
}

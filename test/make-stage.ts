import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type {
  AfterRefusal,
  FileTally,
  PlacedRows,
  Refusal,
  Stage,
  StageColumn,
  StagedFile,
  StageReject,
} from '../src/schema/stage.js';

/** A row's values as text, in the order of the columns. */
export type Row = (string | null)[];

export interface MadeFile {
  name: string;
  rows: Row[];
  rejects?: Omit<StageReject, 'source' | 'file'>[];
  /** A copy of that file: brings nothing. */
  copyOf?: string;
}

export interface StagePlan {
  columns: StageColumn[];
  files: MadeFile[];
  /** For the rejects; exists. */
  folder: string;
  /** Default: rows can be refused. */
  keepsPlaces?: boolean;
  /** `keep`: the n-th occurrence of a row is a row of its own. */
  duplicates?: 'drop' | 'keep';
  /** Called before each chunk of rows but the first. */
  betweenChunks?: () => Promise<void>;
  /** Rows in a chunk; default: as many as make 64 KiB. */
  rowsAtOnce?: number;
}

interface IdentifiedRow {
  /** Number in the stage. */
  row: number;
  /** In its file, below a header. */
  line: number;
  file: number;
  identity: string;
  csv: string;
}

/** A stage of rows given as values: the same promises as the real one, held in memory. */
export async function makeStage({
  columns,
  files,
  folder,
  keepsPlaces = true,
  duplicates,
  ...pace
}: StagePlan): Promise<Stage> {
  const rows = files.flatMap(({ rows: values, copyOf }, file) =>
    copyOf
      ? []
      : values.map((row, index) => ({
          row: 0,
          line: index + 2,
          file,
          identity: identify(columns, row),
          csv: toCsv(row),
        })),
  );
  rows.forEach((row, index) => (row.row = index));
  if (duplicates === 'keep') numberRepeats(rows);
  const identities = [...new Set(rows.map(({ identity }) => identity))].sort();
  const rejects = files.flatMap(({ name, rejects = [] }) =>
    rejects.map((reject) => ({ source: 0, file: name, ...reject })),
  );
  const counts = {
    files: files.map(describeFile),
    rows: rows.length,
    rejected: rejects.length,
    nulled: [],
    rejectsPath: rejects.length > 0 ? await writeRejects(folder, rejects) : null,
  };
  return {
    columns,
    ...counts,
    identities: identities.length,
    keepsPlaces,
    placedLines: (which) => placedChunks(rows, which, pace),
    refuse: (refusal) => refuseRows(rows, counts, { ...refusal, rejects }),
    identityLines: () => inChunks(identities),
    rowLines: (unseen) => rowChunks(rows, unseen, pace),
    writeCombined: () => Promise.reject(new Error('not part of a load')),
    combinedRows: () => inChunks([]),
    writeDistinct: () => Promise.reject(new Error('not part of a load')),
    newestOf: () => Promise.reject(new Error('not part of a load')),
    hasRepeats: async (names) => hasRepeats(columns, files, names),
    tally: (unseen) => tallyRows(rows, unseen, files.length),
    close: () => Promise.resolve(),
  };
}

function hasRepeats(columns: StageColumn[], files: MadeFile[], names: string[]): boolean {
  const indexes = names.map((name) => columns.findIndex((column) => column.name === name));
  const rows = files.flatMap(({ rows: values, copyOf }) => (copyOf ? [] : values));
  const keys = new Set(rows.map((row) => JSON.stringify(indexes.map((index) => row[index]))));
  return keys.size < rows.length;
}

function describeFile({ name, rows, rejects = [], copyOf }: MadeFile): StagedFile {
  const rejected = rejects.length;
  const fingerprint = createHash('sha256')
    .update(copyOf ?? name)
    .digest('hex');
  const counts = copyOf ? { read: 0, rejected: 0 } : { read: rows.length + rejected, rejected };
  return { source: 0, name, fingerprint, ...counts, copyOf: copyOf ?? null };
}

async function writeRejects(folder: string, rejects: StageReject[]): Promise<string> {
  await mkdir(folder, { recursive: true });
  const path = join(folder, `rejects-${rejects.length}.ndjson`);
  await writeFile(path, rejects.map((reject) => `${JSON.stringify(reject)}\n`).join(''));
  return path;
}

function numberRepeats(rows: IdentifiedRow[]): void {
  const seen = new Map<string, number>();
  for (const row of rows) {
    const occurrence = seen.get(row.identity) ?? 0;
    seen.set(row.identity, occurrence + 1);
    if (occurrence > 0) row.identity = toUuid(`${row.identity} ${occurrence}`);
  }
}

function identify(columns: StageColumn[], row: Row): string {
  const pairs = columns
    .map(({ name }, index) => [name, row[index] ?? null])
    .filter(([, value]) => value !== null)
    .sort(([a], [b]) => (a! < b! ? -1 : 1));
  return toUuid(JSON.stringify(pairs));
}

function toUuid(text: string): string {
  const hex = createHash('sha256').update(text).digest('hex');
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20, 32)}`;
}

function toCsv(row: Row): string {
  return row.map((value) => (value === null ? '' : `"${value.replaceAll('"', '""')}"`)).join(',');
}

async function* inChunks(lines: Iterable<string>, linesAtOnce = Infinity): AsyncGenerator<Buffer> {
  let chunk: string[] = [];
  let length = 0;
  for (const line of lines) {
    chunk.push(`${line}\n`);
    length += line.length;
    if (length < 65_536 && chunk.length < linesAtOnce) continue;
    yield Buffer.from(chunk.join(''));
    chunk = [];
    length = 0;
  }
  if (chunk.length > 0) yield Buffer.from(chunk.join(''));
}

async function* rowChunks(
  rows: IdentifiedRow[],
  unseen: string | null,
  pace: Pick<StagePlan, 'betweenChunks' | 'rowsAtOnce'>,
): AsyncGenerator<Buffer> {
  const wanted = (await readUnseen(unseen)) ?? new Set(rows.map(({ identity }) => identity));
  const first = rows.filter(({ identity }) => wanted.delete(identity)).map(({ csv }) => csv);
  yield* atPace(inChunks(first, pace.rowsAtOnce), pace);
}

async function* placedChunks(
  rows: IdentifiedRow[],
  which: PlacedRows,
  pace: Pick<StagePlan, 'betweenChunks' | 'rowsAtOnce'>,
): AsyncGenerator<Buffer> {
  const areAll = which === 'all' || which === 'unidentified';
  const unseen = areAll || !('unseen' in which) ? null : await readUnseen(which.unseen);
  const first = unseen ?? new Set(rows.map(({ identity }) => identity));
  const isWanted = ({ file, identity }: IdentifiedRow) => {
    if (areAll) return true;
    return 'files' in which ? which.files.includes(file) : first.delete(identity);
  };
  const lines = rows
    .filter(isWanted)
    .map(
      ({ row, file, identity, csv }) => `${row},${file},${which === 'unidentified' ? '' : identity},${csv}`,
    );
  yield* atPace(inChunks(lines, pace.rowsAtOnce), pace);
}

async function* atPace(
  chunks: AsyncIterable<Buffer>,
  { betweenChunks }: Pick<StagePlan, 'betweenChunks'>,
): AsyncGenerator<Buffer> {
  let isFirst = true;
  for await (const chunk of chunks) {
    if (!isFirst) await betweenChunks?.();
    isFirst = false;
    yield chunk;
  }
}

async function refuseRows(
  rows: IdentifiedRow[],
  { files, rows: count }: Pick<Stage, 'files' | 'rows'>,
  { list, withRepeats, path, rejects }: Refusal & { rejects: StageReject[] },
): Promise<AfterRefusal> {
  const listed = new Map<string, StageReject>();
  for await (const line of createInterface({ input: createReadStream(list) })) {
    const [, row, column, reason = ''] = /^(\d+),([^,]*),(?:"?)(.*?)(?:"?)$/.exec(line) ?? [];
    const known = rows[Number(row)]!;
    const reject = { source: 0, file: '', line: null, column: column || null, reason, raw: '' };
    listed.set(withRepeats ? known.identity : String(known.row), reject);
  }
  const refused = rows.flatMap((one): (StageReject & { index: number })[] => {
    const reject = listed.get(withRepeats ? one.identity : String(one.row));
    const place = { file: files[one.file]!.name, line: one.line, raw: one.csv, index: one.file };
    return reject ? [{ ...reject, ...place }] : [];
  });
  const all = [...rejects, ...refused.map(({ index: _index, ...reject }) => reject)];
  await writeFile(path, all.map((reject) => `${JSON.stringify(reject)}\n`).join(''));
  const after = files.map((file, index) => {
    return { ...file, rejected: file.rejected + refused.filter((one) => one.index === index).length };
  });
  return { files: after, rows: count - refused.length, rejected: all.length, rejectsPath: path };
}

async function readUnseen(path: string | null): Promise<Set<string> | null> {
  if (path === null) return null;
  const lines = new Set<string>();
  for await (const line of createInterface({ input: createReadStream(path) })) lines.add(line);
  return lines;
}

async function tallyRows(rows: IdentifiedRow[], path: string | null, files: number): Promise<FileTally[]> {
  const unseen = (await readUnseen(path)) ?? new Set(rows.map(({ identity }) => identity));
  const tally = Array.from({ length: files }, (_, file) => ({ file, unseen: 0, duplicate: 0 }));
  for (const { file, identity } of rows) {
    if (unseen.delete(identity)) tally[file]!.unseen += 1;
    else tally[file]!.duplicate += 1;
  }
  return tally;
}

import { open, type FileHandle } from 'node:fs/promises';
import type { DuckDBConnection } from '@duckdb/node-api';
import { describeFault } from './describe-fault.js';
import type { Row } from './engine.js';
import { RecordFinder } from './record-finder.js';
import { RAW_BYTES, type RejectsFile } from './rejects-file.js';
import type { SettledColumn } from './settled-column.js';
import { FAULT } from './stage-sql.js';
import type { LandedText } from './stage-request.js';
import { streamRows } from './stream-rows.js';

/** What one file put into the stage. */
export interface FileCount {
  file: number;
  /** Records staged, good and refused ones. */
  rows: number;
  refused: number;
  /** Place of its first record in the stage. */
  first: number;
}

/** The refused records of a stage, by the stage's own checks. */
export interface RefusedSource {
  connection: DuckDBConnection;
  /** A table expression over the stage with its row numbers. */
  stage: string;
  columns: SettledColumn[];
  /** By file, the place of its first record in the stage. */
  firsts: Map<number, number>;
  signal?: AbortSignal;
}

interface RejectContext {
  rejects: RejectsFile;
  signal?: AbortSignal;
}

/** What has to be known of a file to find its records again. */
export type ReadableText = Pick<
  LandedText,
  'source' | 'name' | 'format' | 'path' | 'rawPath' | 'rawStart' | 'dialect' | 'columns'
>;

/** A refused record of the stage. */
export interface Refused {
  /** Index of its file. */
  file: number;
  /** Number among the records that were staged from its file, from 0. */
  ordinal: number;
  column: string | null;
  reason: string;
  bad: string | null;
  line: number | null;
  at: number | null;
  length: number | null;
  raw: string | null;
}

/**
 * Writes a reject for every record that was refused, with its place and its raw text.
 *
 * @param refused in the order of the stage: those of a file stand together
 */
export async function collectRejects(
  context: RejectContext,
  files: ReadableText[],
  refused: AsyncIterable<Refused>,
): Promise<void> {
  const all = refused[Symbol.asyncIterator]();
  let next = await all.next();
  while (!next.done) {
    const first = next.value;
    const ofFile = async function* () {
      while (!next.done && next.value.file === first.file) {
        yield next.value;
        next = await all.next();
      }
    };
    await collectOfFile(context, files[first.file]!, { first, refused: ofFile() });
  }
}

async function collectOfFile(
  context: RejectContext,
  file: ReadableText,
  { first, refused }: { first: Refused; refused: AsyncIterable<Refused> },
): Promise<void> {
  const { rejects } = context;
  const add = (refused: Refused, line: number | null, raw: string | Buffer) => {
    const { column, reason } = refused;
    rejects.add({ source: file.source, file: file.name, line, column, reason, raw });
    return rejects.flush();
  };
  if (file.format === 'parquet') {
    for await (const record of refused) await add(record, null, record.raw ?? '');
  } else if (first.at === null) {
    await locate(context, file, refused, add);
  } else {
    await quote(file, refused, add);
  }
}

type Add = (refused: Refused, line: number | null, raw: string | Buffer) => Promise<void>;

/** Numbered records: their text is read from where they say it is. */
async function quote(file: ReadableText, refused: AsyncIterable<Refused>, add: Add): Promise<void> {
  const start = file.rawStart ?? 0;
  const text = await open(file.rawPath);
  try {
    for await (const record of refused)
      await add(record, record.line, await slice(text, start + record.at!, record.length!));
  } finally {
    await text.close();
  }
}

async function slice(text: FileHandle, at: number, length: number): Promise<Buffer> {
  // One more than is kept tells that it goes on.
  const bytes = Buffer.alloc(Math.min(length, RAW_BYTES + 1));
  await text.read(bytes, 0, bytes.length, at);
  return bytes;
}

/** Records of the fast reader are known by their number only: the file is walked once more to find them. */
async function locate(context: RejectContext, file: ReadableText, refused: AsyncIterable<Refused>, add: Add) {
  const finder = await RecordFinder.open(file.path, file.dialect!, context.signal);
  try {
    for await (const record of refused) {
      const found = await finder.find(record.ordinal);
      if (!found)
        throw new Error(`record ${record.ordinal} of ${file.name} was staged and is not in the file`);
      confirm(record, found.bytes, file.name);
      await add(record, found.line, found.bytes);
    }
  } finally {
    await finder.close();
  }
}

/** The two readers must mean the same record; otherwise a reject would name the wrong line. */
function confirm({ bad }: Refused, bytes: Buffer, name: string): void {
  if (bad === null || bad.includes('"') || bytes.includes(bad.trim())) return;
  throw new Error(`a refused record of ${name} was not found where its number says`);
}

/** The records that the stage refused, gone through once, however many files there are. */
export async function* refusedRecords({
  connection,
  stage,
  columns,
  firsts,
  signal,
}: RefusedSource): AsyncGenerator<Refused> {
  const query =
    `SELECT file_row_number AS "#row", "#file", "#error", "#bad", "#line", "#at", "#length", "#raw" FROM ${stage} ` +
    `WHERE "#error" IS NOT NULL ORDER BY 1`;
  for await (const rows of streamRows(connection, query, signal))
    for (const row of rows) yield describe(row, columns, firsts);
}

/** What tells where a record stood, from a row that has it. */
export function placeOf(row: Row, firsts: Map<number, number>) {
  const file = Number(row['#file']);
  return {
    file,
    ordinal: Number(row['#row']) - firsts.get(file)!,
    line: number(row['#line']),
    at: number(row['#at']),
    length: number(row['#length']),
    raw: row['#raw'] as string | null,
  };
}

const number = (value: unknown) => (value === null ? null : Number(value));

function describe(row: Row, columns: SettledColumn[], firsts: Map<number, number>): Refused {
  const error = Number(row['#error']);
  const column = columns[error % FAULT.required];
  const bad = row['#bad'] as string | null;
  return {
    ...placeOf(row, firsts),
    column: column?.name ?? null,
    reason: describeFault(error, column, bad),
    // An expression's result need not stand in the record.
    bad: column?.derived ? null : bad,
  };
}

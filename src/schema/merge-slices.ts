import { rm } from 'node:fs/promises';
import type { DuckDBConnection } from '@duckdb/node-api';
import { TerminalError } from '../errors.js';
import { cutEvenly, cutInto } from './cut-evenly.js';
import { lacksMemory, readPath, run } from './engine.js';
import { readFiles } from './read-files.js';
import { PLACE, type ReadableFile } from './readable-file.js';
import { csvText, mergeRows } from './slice-sql.js';
import { besideEachOther, type Part, type Slicing, writePart } from './slice-files.js';
import { fewAtATime, VECTOR_ROWS } from './stage-parquet.js';

/** Fields of CSV lines that are written by one statement, for each column that is typed by one: they take less. */
const FIELDS_A_COLUMN = 3;
/** Bytes of the rows' texts that are put together at a time; fewer where the memory does not bear so many. */
const BYTES_AT_A_TIME = [4 << 20, 1 << 20, 1 << 18];

/** The slices of a stage, as they were written. */
interface Sliced {
  slicing: Slicing;
  /** Indexes of each slice's columns. */
  slices: number[][];
  parts: Part[];
  /** So many rows are put together at a time. */
  rows: number;
}

/** The slices could not be put together, a few rows at a time. */
export class MergeLacksMemory extends TerminalError {
  constructor({ code, message, details, cause }: TerminalError) {
    super(code, message, details, { cause });
  }
}

/**
 * Puts the slices of a wide stage together to its records.
 *
 * @throws MergeLacksMemory
 */
export async function mergeSlices(slicing: Slicing, slices: number[][], parts: Part[]): Promise<void> {
  const fattest = await fattestVector(slicing, parts);
  for (const bytes of BYTES_AT_A_TIME) {
    const rows = Math.max(Math.floor((VECTOR_ROWS * bytes) / Math.max(fattest, bytes)), 1);
    try {
      return await mergeSome({ slicing, slices, parts, rows });
    } catch (error) {
      if (!lacksMemory(error)) throw error;
      if (bytes === BYTES_AT_A_TIME.at(-1)) throw new MergeLacksMemory(error);
    }
  }
}

/** Bytes of the texts of as many rows as a vector holds, where they are longest. */
async function fattestVector({ connection, request }: Slicing, parts: Part[]): Promise<number> {
  let bytes = 0;
  for (const [n, { path, field }] of parts.entries()) {
    const lengths = `SELECT strlen(${field}."#text${n}") AS length, file_row_number // ${VECTOR_ROWS} AS "vector"`;
    const sums = `SELECT sum(length) AS total FROM (${lengths} FROM read_parquet(${readPath(path)}, file_row_number = true)) GROUP BY "vector"`;
    const [row] = await run(
      connection,
      `SELECT coalesce(max(total), 0) AS bytes FROM (${sums})`,
      request.signal,
    );
    bytes += Number(row!['bytes']);
  }
  return bytes;
}

async function mergeSome(sliced: Sliced): Promise<void> {
  const { slicing, slices, parts, rows: most } = sliced;
  const { plan, path, width } = slicing;
  const temporary: Part[] = [];
  const add = async (part: Part, rows: string) => {
    temporary.push(part);
    await writePart(slicing, rows, part, 1);
  };
  try {
    for (const [n, part] of parts.entries()) {
      const known = [`"#text${n}"`, `"#fault${n}"`, `"#bad${n}"`, ...(n === 0 ? PLACES : [])];
      const rows = `SELECT ${known.join(', ')} FROM (${fewAtATime(besideEachOther([part]), most)})`;
      await add({ path: `${path}.text${n}`, field: `text${n}` }, rows);
    }
    const fragments = cutEvenly([...plan.columns.keys()], width * FIELDS_A_COLUMN);
    for (const [n, own] of fragments.entries()) {
      const fields = own.map((index) => ({ index, column: plan.columns[index]! }));
      const needed = parts.filter((_, at) => slices[at]!.some((index) => own.includes(index)));
      const rows = `SELECT ${csvText(fields)} AS "#csv${n}" FROM (${fewAtATime(besideEachOther(needed), most)})`;
      await add({ path: `${path}.csv${n}`, field: `fragment${n}` }, rows);
    }
    const raws = await writeRaw(sliced, add);
    const counts = { slices: slices.length, fragments: fragments.length, raws };
    const rows = mergeRows(`(${besideEachOther(temporary)})`, counts, plan.rules);
    await writePart(slicing, rows, { path, field: 'staged' }, 1);
  } finally {
    for (const part of temporary) await rm(part.path, { force: true });
  }
}

const PLACES = ['#file', ...PLACE].map((name) => `"${name}0"`);

/** The records of Parquet files as JSON, for those that are refused or may be; how many parts that takes. */
async function writeRaw(
  { slicing, parts, rows: most }: Sliced,
  add: (part: Part, rows: string) => Promise<void>,
): Promise<number> {
  const { connection, request, plan, path, width } = slicing;
  const widest = Math.max(
    0,
    ...plan.readable.map(({ format, columns }) => (format === 'parquet' ? columns.length : 0)),
  );
  if (widest === 0 || !(plan.rules.keepPlaces || (await hasFaults(connection, parts, request.signal))))
    return 0;
  const count = Math.ceil(widest / width);
  const read = { path: `${path}.read`, field: 'read' };
  try {
    for (let n = 0; n < count; n++) {
      const files = plan.readable.map((file) => withPart(file, n, count));
      const raw = `SELECT "#raw" AS "#raw${n}" FROM (${readFiles(files, [], plan.rows)})`;
      await writePart(slicing, raw, read, Math.min(plan.rows, VECTOR_ROWS));
      const rows = `SELECT "#raw${n}" FROM (${fewAtATime(besideEachOther([read]), most)})`;
      await add({ path: `${path}.raw${n}`, field: `raw${n}` }, rows);
    }
  } finally {
    await rm(read.path, { force: true });
  }
  return count;
}

function withPart(file: ReadableFile, n: number, count: number): ReadableFile {
  if (file.format !== 'parquet') return file;
  const columns = cutInto(file.columns, count)[n]!;
  return { ...file, columns, expressions: cutInto(file.expressions!, count)[n]! };
}

async function hasFaults(
  connection: DuckDBConnection,
  parts: Part[],
  signal?: AbortSignal,
): Promise<boolean> {
  for (const [n, part] of parts.entries()) {
    const [row] = await run(
      connection,
      `SELECT count("#fault${n}") > 0 AS "has" FROM (${besideEachOther([part])})`,
      signal,
    );
    if (row!['has'] === true) return true;
  }
  return false;
}

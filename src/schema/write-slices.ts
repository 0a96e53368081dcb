import { rename, rm } from 'node:fs/promises';
import type { DuckDBConnection } from '@duckdb/node-api';
import { readPart, type StagePlan } from './column-part.js';
import { cutEvenly, cutInto } from './cut-evenly.js';
import { readPath, run } from './engine.js';
import { readFiles } from './read-files.js';
import { PLACE, type ReadableFile } from './readable-file.js';
import { compareNames } from './row-identity.js';
import { csvText, fewAtATime, mergeRows, sliceRows } from './slice-sql.js';
import { LEAST_ROWS, readStaged, writeFields } from './stage-parquet.js';
import type { StageRequest } from './stage-request.js';
import { slicePath } from './staged-rows.js';

/** Fields of CSV lines that are written by one statement, for each column that is typed by one: they take less. */
const FIELDS_A_COLUMN = 3;
/** Bytes of the rows' texts that are put together at a time. */
const BYTES_AT_A_TIME = 4 << 20;
/** The engine's vectors are no smaller than this share of 2,048 rows: it gathers fewer. */
const MOST_DIVIDED = 32;

export interface Slicing {
  connection: DuckDBConnection;
  request: StageRequest;
  plan: StagePlan;
  /** Where the records go; the slices lie beside it. */
  path: string;
  /** The most columns of a slice. */
  width: number;
  /** Told with the share that is done. */
  onStep: (share: number) => void;
}

interface Part {
  path: string;
  field: string;
}

/**
 * Writes a wide stage: each slice of its columns goes through the files by itself, and the slices are then put together
 * to the records. Slices follow the order of names, as a row's identity does; lines of CSV that of the columns.
 *
 * @returns the indexes of each slice's columns; null: a file has to be read in another way, which `isFaulty` tells
 */
export async function writeSlices(
  slicing: Slicing,
  isFaulty: () => Promise<boolean>,
): Promise<number[][] | null> {
  const { connection, request, plan, path, width, onStep } = slicing;
  const { columns } = plan;
  const byName = columns
    .map((_, n) => n)
    .toSorted((a, b) => compareNames(columns[a]!.name, columns[b]!.name));
  const slices = cutEvenly(byName, width);
  const unwanted = cutInto(
    plan.unwanted.map((_, n) => n),
    slices.length,
  );
  const parts: Part[] = slices.map((_, n) => ({ path: slicePath(path, n), field: `slice${n}` }));
  let records: number | null = null;
  for (const [n, own] of slices.entries()) {
    const part = await readPart(connection, request, { plan, own, unwanted: unwanted[n]! });
    const rows = sliceRows(part, n, columns.length);
    const written = await write(slicing, rows, parts[n]!);
    if (await isFaulty()) return null;
    records ??= written;
    if (written !== records)
      throw new Error(`the records of ${request.table} are not the same at every look`);
    onStep((n + 1) / (slices.length + 2));
  }
  await mergeSlices(slicing, slices, parts);
  return slices;
}

async function mergeSlices(slicing: Slicing, slices: number[][], parts: Part[]): Promise<void> {
  const { plan, path, width } = slicing;
  const temporary: Part[] = [];
  const add = async (part: Part, rows: string) => {
    temporary.push(part);
    await write(slicing, rows, part, 1);
  };
  try {
    const divisor = await divisorOf(slicing, parts);
    for (const [n, part] of parts.entries()) {
      const known = [`"#text${n}"`, `"#fault${n}"`, `"#bad${n}"`, ...(n === 0 ? PLACES : [])];
      const rows = `SELECT ${known.join(', ')} FROM ${fewAtATime(besideEachOther([part]), divisor)}`;
      await add({ path: `${path}.text${n}`, field: `text${n}` }, rows);
    }
    const fragments = cutEvenly([...plan.columns.keys()], width * FIELDS_A_COLUMN);
    for (const [n, own] of fragments.entries()) {
      const fields = own.map((index) => ({ index, column: plan.columns[index]! }));
      const needed = parts.filter((_, at) => slices[at]!.some((index) => own.includes(index)));
      const rows = `SELECT ${csvText(fields)} AS "#csv${n}" FROM ${fewAtATime(besideEachOther(needed), divisor)}`;
      await add({ path: `${path}.csv${n}`, field: `fragment${n}` }, rows);
    }
    const raws = await writeRaw(slicing, parts, { divisor, add });
    const counts = { slices: slices.length, fragments: fragments.length, raws };
    const rows = mergeRows(besideEachOther(temporary), counts, plan.rules);
    await write(slicing, rows, { path, field: 'staged' }, 1);
  } finally {
    for (const part of temporary) await rm(part.path, { force: true });
  }
}

const PLACES = ['#file', ...PLACE].map((name) => `"${name}0"`);

/** So many times fewer rows than a vector holds are put together at a time. */
async function divisorOf({ connection, request }: Slicing, parts: Part[]): Promise<number> {
  let bytes = 0;
  for (const [n, part] of parts.entries()) {
    const average = `SELECT coalesce(avg(strlen("#text${n}")), 0) AS bytes FROM ${besideEachOther([part])}`;
    const [row] = await run(connection, average, request.signal);
    bytes += Number(row!['bytes']);
  }
  const needed = Math.ceil((bytes * LEAST_ROWS) / BYTES_AT_A_TIME);
  return Math.min(Math.max(needed, 1), MOST_DIVIDED);
}

/** The records of Parquet files as JSON, for those that are refused or may be; how many parts that takes. */
async function writeRaw(
  slicing: Slicing,
  parts: Part[],
  { divisor, add }: { divisor: number; add: (part: Part, rows: string) => Promise<void> },
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
      await write(slicing, `SELECT "#raw" AS "#raw${n}" FROM (${readFiles(files, [])})`, read);
      const rows = `SELECT "#raw${n}" FROM ${fewAtATime(besideEachOther([read]), divisor)}`;
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
      `SELECT count("#fault${n}") > 0 AS "has" FROM ${besideEachOther([part])}`,
      signal,
    );
    if (row!['has'] === true) return true;
  }
  return false;
}

/** Row by row, by one thread; one that is alone stands beside itself. */
function besideEachOther(parts: Part[]): string {
  const fields = parts.map(({ field }) => `${field}.*`).join(', ');
  const files = parts.map(({ path, field }) => `read_parquet(${readPath(path)}) file_${field}`);
  if (parts.length === 1) files.push(`read_parquet(${readPath(parts[0]!.path)}) again(itself)`);
  return `(SELECT ${fields} FROM ${files.join(' POSITIONAL JOIN ')})`;
}

async function write(
  { connection, request }: Slicing,
  rows: string,
  { path, field }: Part,
  rowGroup?: number,
): Promise<number> {
  const [counted] = await run(connection, writeFields(rows, path, field, rowGroup), request.signal);
  return Number(counted!['Count']);
}

/**
 * `duplicates: keep`: the n-th occurrence of a row gets an identity of its own, as `numberRepeats` gives it. The records stay
 * where they are, for their columns lie beside them.
 */
export async function renumberRecords(
  connection: DuckDBConnection,
  path: string,
  signal?: AbortSignal,
): Promise<void> {
  const hashes = { path: `${path}.hashes`, field: 'numbered' };
  const once = `${path}.once`;
  const slim = `(SELECT "#hash", file_row_number AS "#row" FROM ${readStaged(path, 0)})`;
  const nth = `SELECT "#hash", "#row", row_number() OVER (PARTITION BY "#hash" ORDER BY "#row") AS "#nth" FROM ${slim}`;
  const again = `left(sha256(concat("#hash", ':', "#nth")), 32)::UUID`;
  const numbered = `SELECT CASE WHEN "#hash" IS NULL OR "#nth" = 1 THEN "#hash" ELSE ${again} END AS "#own" FROM (${nth}) ORDER BY "#row"`;
  const base = { path, field: 'staged' };
  const rows = `SELECT * EXCLUDE ("#own") REPLACE ("#own" AS "#hash") FROM ${besideEachOther([base, hashes])}`;
  try {
    await run(connection, writeFields(numbered, hashes.path, hashes.field), signal);
    await run(connection, writeFields(rows, once, base.field), signal);
    await rename(once, path);
  } finally {
    await rm(hashes.path, { force: true });
  }
}

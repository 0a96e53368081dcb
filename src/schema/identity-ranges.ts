import { mkdtemp, readdir, rm } from 'node:fs/promises';
import path from 'node:path';
import { literal, readPath } from './engine.js';

/** Identities of a stage. */
export interface Identities {
  /** A table expression with the column `#hash`; those that are NULL are left out. */
  rows: string;
  /** How many there are, about. */
  count: number;
}

export interface RangeLimits {
  /** Identities that may be sorted or counted in one go, where more would be cut. */
  whole: number;
  /** Identities of a range. */
  range: number;
  /** Ranges that may be cut out of one file: each of them reads all of it. */
  cuts: number;
}

export interface RangeWalk {
  /** Takes a folder with copies of the identities while they are gone through, where they are many. */
  folder: string;
  /** Runs one statement of the engine. */
  execute: (sql: string) => Promise<unknown>;
  limits?: RangeLimits;
}

/**
 * A hash table of a million identities takes about 70 MB, and a sort of them by one thread 60 MB; of half a million 50 and 45 MB,
 * for half as much time again. To read one file 16 to 32 times costs as much as to write it once in 16 parts.
 */
const LIMITS: RangeLimits = { whole: 1 << 20, range: 1 << 20, cuts: 32 };
const DIGITS = [...'0123456789abcdef'];
/** Ranges are told by so many digits of an identity, behind those that all of a file have in common. */
const TOLD = 4;

/** All identities as one range, if so many can be; else null. */
export function onlyRange({ rows, count }: Identities, { whole } = LIMITS): string | null {
  return count <= whole ? `(SELECT "#hash" FROM ${rows} WHERE "#hash" IS NOT NULL)` : null;
}

/**
 * Goes through identities in ascending ranges of about a million, so that whoever sorts or counts them needs memory for
 * one range: hashes lie evenly. Where they are so many that reading all of them for each range would take long, they are copied
 * into 16 files by their next hexadecimal digit first, as often as it takes: 16 bytes of disk for each.
 *
 * @yields table expressions with the column `#hash`, to be used before the next is asked for
 */
export async function* identityRanges(identities: Identities, walk: RangeWalk): AsyncGenerator<string, void> {
  const only = onlyRange(identities, walk.limits);
  if (only !== null) return yield only;
  const folder = await mkdtemp(path.join(walk.folder, 'identities-'));
  try {
    yield* rangesOf({ ...identities, front: '' }, { ...walk, folder });
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** Identities that have their first digits in common. */
interface Portion extends Identities {
  front: string;
}

async function* rangesOf(portion: Portion, walk: RangeWalk): AsyncGenerator<string, void> {
  const { range, cuts } = walk.limits ?? LIMITS;
  const count = Math.max(Math.ceil(portion.count / range), 1);
  if (count <= cuts) return yield* cutEvenly(portion, count);
  const folder = path.join(walk.folder, `in-${portion.front}`);
  await walk.execute(splitByDigit(portion, folder));
  for (const digit of DIGITS) {
    const files = await filesOf(path.join(folder, `digit=${digit}`));
    if (files.length === 0) continue;
    const rows = `read_parquet([${files.map(readPath).join(', ')}])`;
    yield* rangesOf({ rows, count: portion.count / DIGITS.length, front: portion.front + digit }, walk);
    for (const file of files) await rm(file);
  }
}

function* cutEvenly({ rows, front }: Portion, count: number): Generator<string, void> {
  const start = (n: number) => Math.floor((n * 16 ** TOLD) / count);
  const digits = (at: number) => front + at.toString(16).padStart(TOLD, '0');
  for (let n = 0; n < count; n++) {
    const first = toUuid(digits(start(n)), '0');
    const last = toUuid(digits(start(n + 1) - 1), 'f');
    yield `(SELECT "#hash" FROM ${rows} WHERE "#hash" BETWEEN '${first}'::UUID AND '${last}'::UUID)`;
  }
}

function splitByDigit({ rows, front }: Portion, folder: string): string {
  const at = toUuid(front, 'x').indexOf('x') + 1;
  const digit = `substr("#hash"::VARCHAR, ${at}, 1) AS digit`;
  const select = `SELECT "#hash", ${digit} FROM ${rows} WHERE "#hash" IS NOT NULL`;
  // Hashes are random: to compress them only takes time.
  return `COPY (${select}) TO ${literal(folder)} (FORMAT parquet, COMPRESSION uncompressed, PARTITION_BY (digit))`;
}

/** The text of a UUID with these first digits and the others all the same. */
const toUuid = (digits: string, other: string) =>
  digits.padEnd(32, other).replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');

/** No identity may have the digit. */
async function filesOf(folder: string): Promise<string[]> {
  try {
    return (await readdir(folder)).map((name) => path.join(folder, name));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw error;
  }
}

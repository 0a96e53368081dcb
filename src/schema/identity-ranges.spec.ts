import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type DuckDBConnection, DuckDBInstance } from '@duckdb/node-api';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { identityRanges, onlyRange, type RangeLimits } from './identity-ranges.js';

const ROWS = 'hashes';

let connection: DuckDBConnection;
let folder: string;

beforeAll(async () => {
  connection = await (await DuckDBInstance.create(':memory:', { threads: '2' })).connect();
});
afterAll(() => connection.closeSync());
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "millrace [ranges] it's "));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

async function values(sql: string): Promise<string[]> {
  return (await connection.runAndReadAll(sql)).getRows().map(([value]) => String(value));
}

const asText = (hash: bigint) =>
  hash
    .toString(16)
    .padStart(32, '0')
    .replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');

/** null: the row has none. */
async function fill(hashes: (bigint | null)[]): Promise<string[]> {
  const texts = hashes.map((hash) => (hash === null ? null : asText(hash)));
  const list = texts.map((text) => (text === null ? 'NULL' : `'${text}'`)).join(', ');
  await connection.run(
    `CREATE OR REPLACE TABLE ${ROWS} AS SELECT unnest([${list}]::UUID[]) AS "#hash", 1 AS other`,
  );
  return texts.filter((text) => text !== null).toSorted();
}

/** The identities of each range in order, and how many statements wrote copies. */
async function walk(count: number, limits: RangeLimits) {
  const ranges: string[][] = [];
  let copies = 0;
  const execute = async (sql: string) => {
    copies++;
    await connection.run(sql);
  };
  for await (const range of identityRanges({ rows: ROWS, count }, { folder, execute, limits })) {
    ranges.push(await values(`SELECT "#hash" FROM ${range} ORDER BY 1`));
  }
  return { ranges, copies };
}

/** Evenly, as hashes lie. */
const spread = (count: number) =>
  Array.from({ length: count }, (_, n) => (BigInt(n) << 128n) / BigInt(count));

describe('identityRanges', () => {
  it('is one range for a million, and reads it where it lies', async () => {
    const all = await fill([3n, null, 1n]);
    expect(onlyRange({ rows: ROWS, count: 1 << 20 })).not.toBeNull();
    expect(onlyRange({ rows: ROWS, count: (1 << 20) + 1 })).toBeNull();
    expect(await walk(3, { whole: 3, range: 1, cuts: 1 })).toEqual({ ranges: [all], copies: 0 });
  });

  it('is ranges of about a million for more of them, and copies nothing for thirty-two million', async () => {
    const execute = () => Promise.reject(new Error('expected no copy'));
    const ranges = await Array.fromAsync(identityRanges({ rows: ROWS, count: 1 << 25 }, { folder, execute }));
    expect(ranges).toHaveLength(32);
    expect(ranges[1]).toContain(
      `BETWEEN '08000000-0000-0000-0000-000000000000'::UUID AND '0fffffff-ffff-ffff-ffff-ffffffffffff'::UUID`,
    );
  });

  it.each([
    { levels: 0, count: 12, limits: { whole: 1, range: 1, cuts: 12 }, copies: 0, ranges: 12 },
    { levels: 1, count: 32, limits: { whole: 8, range: 2, cuts: 8 }, copies: 1, ranges: 16 },
    { levels: 2, count: 48, limits: { whole: 8, range: 1, cuts: 2 }, copies: 17, ranges: 48 },
  ])('copies $levels times over', async ({ count, limits, copies, ranges }) => {
    const all = await fill(spread(count));
    const found = await walk(count, limits);
    expect(found.ranges.flat()).toEqual(all);
    expect(found.copies).toBe(copies);
    expect(found.ranges.filter(({ length }) => length > 0)).toHaveLength(ranges);
  });

  // Only one in sixteen digits is there at each level but the last, or the test would take long.
  it.each([3, 9])('copies %d times over, by digits on both sides of a hyphen', async (levels) => {
    const all = await fill([7n, 1n, 14n].map((digit) => digit << BigInt(4 * (32 - levels))));
    const found = await walk(16 ** levels, { whole: 1, range: 1, cuts: 1 });
    expect(found).toEqual({ ranges: all.map((one) => [one]), copies: levels });
  });

  it('gives each identity once and in order, whatever they are and however many were expected', async () => {
    const nearby = fc.tuple(fc.constantFrom(0n, 1n << 127n, (1n << 128n) - 1n), fc.bigInt(0n, 300n));
    const hash = fc.oneof(
      fc.bigInt(0n, (1n << 128n) - 1n),
      nearby.map(([corner, by]) => (corner > 1n << 127n ? corner - by : corner + by)),
    );
    const hashes = fc.array(fc.option(hash, { freq: 9 }), { minLength: 1, maxLength: 60 });
    const limits = fc.record({
      whole: fc.nat(4),
      range: fc.integer({ min: 1, max: 4 }),
      cuts: fc.integer({ min: 1, max: 20 }),
    });
    const expected = fc.integer({ min: 0, max: 70 });
    await fc.assert(
      fc.asyncProperty(hashes, expected, limits, async (list, count, within) => {
        const all = await fill(list);
        expect((await walk(count, within)).ranges.flat()).toEqual(all);
        expect(await readdir(folder)).toEqual([]);
      }),
      { numRuns: 60 },
    );
  });

  it.each(['given up', 'a failing statement'])('leaves no copy behind after %s', async (end) => {
    await fill(spread(64));
    let copies = 0;
    const execute = async (sql: string) => {
      if (++copies > 1 && end !== 'given up') throw new Error('no room');
      await connection.run(sql);
    };
    const go = async () => {
      const limits = { whole: 1, range: 1, cuts: 1 };
      for await (const _ of identityRanges({ rows: ROWS, count: 64 }, { folder, execute, limits })) {
        expect(await readdir(folder)).toHaveLength(1);
        return;
      }
    };
    if (end === 'given up') await go();
    else await expect(go()).rejects.toThrow('no room');
    expect(copies).toBe(2);
    expect(await readdir(folder)).toEqual([]);
  });
});

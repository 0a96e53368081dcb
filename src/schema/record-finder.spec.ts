import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { hasRegularRecords } from './check-records.js';
import { RecordFinder } from './record-finder.js';
import { scanCsv } from './scan-csv.js';
import type { Dialect } from './stage-request.js';

const PLAIN: Dialect = { delimiter: ',', quote: '"', header: false, nulls: [''], isRegular: true };

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'millrace-find-'));
});
afterAll(() => rm(folder, { recursive: true }));

let files = 0;
async function write(content: string | Buffer): Promise<string> {
  const file = path.join(folder, `${files++}.csv`);
  await writeFile(file, content);
  return file;
}

type Place = [ordinal: number, line: number, text: string];

async function find(file: string, dialect: Dialect, ordinals: number[]): Promise<(Place | null)[]> {
  const finder = await RecordFinder.open(file, dialect);
  try {
    const found: (Place | null)[] = [];
    for (const ordinal of ordinals) {
      const record = await finder.find(ordinal);
      found.push(record && [ordinal, record.line, record.bytes.toString()]);
    }
    return found;
  } finally {
    await finder.close();
  }
}

async function scan(file: string, dialect: Dialect): Promise<Place[]> {
  const found: Place[] = [];
  for await (const batch of scanCsv(file, dialect, 2))
    for (const { line, bytes } of batch) found.push([found.length, line, bytes.toString()]);
  return found;
}

describe('RecordFinder', () => {
  it('finds what scanCsv counts, whichever records are asked for', async () => {
    const cell = fc.oneof(
      fc.string({ unit: fc.constantFrom('a', 'é', ' ', '\0'), maxLength: 4 }),
      fc
        .string({ unit: fc.constantFrom('a', '""', ',', '\n', '\r\n', '\r', '€'), maxLength: 5 })
        .map((text) => `"${text}"`),
    );
    const line = fc.array(cell, { minLength: 1, maxLength: 3 }).map((cells) => cells.join(','));
    const text = fc.record({
      mark: fc.constantFrom('', '\ufeff'),
      lines: fc.array(fc.tuple(line, fc.constantFrom('\n', '\r\n', '\r', '\n\n', '\r\n\r\n')), {
        maxLength: 12,
      }),
      isEnded: fc.boolean(),
      header: fc.boolean(),
    });
    await fc.assert(
      fc.asyncProperty(text, fc.nat(), async ({ mark, lines, isEnded, header }, mask) => {
        const content = lines.map(([cells, end], n) => cells + (isEnded || n + 1 < lines.length ? end : ''));
        const file = await write(mark + content.join(''));
        const dialect = { ...PLAIN, header };
        fc.pre(await hasRegularRecords(file, dialect));
        const all = await scan(file, dialect);
        const wanted = all.filter((_, n) => (mask >> n) & 1);
        const ordinals = wanted.map(([ordinal]) => ordinal);
        expect(await find(file, dialect, ordinals)).toEqual(wanted);
        expect(await find(file, dialect, [...ordinals, all.length])).toEqual([...wanted, null]);
      }),
      { numRuns: 300 },
    );
  });

  it('takes quotes for text where the dialect has none, and has any delimiter and quote', async () => {
    const unquoted = await write('"a;b\n1;2"\n');
    expect(await find(unquoted, { ...PLAIN, delimiter: ';', quote: null }, [1])).toEqual([[1, 2, '1;2"']]);
    const piped = await write("|a\nb|,c\nd,'e\n");
    expect(await find(piped, { ...PLAIN, quote: '|' }, [0, 1])).toEqual([
      [0, 1, '|a\nb|,c'],
      [1, 3, "d,'e"],
    ]);
  });

  it.each([
    ['\n', 3 << 20],
    ['\r\n', 700],
    ['\r', (1 << 20) - 1],
  ])('finds records that lie across its windows, ended by %j', async (end, length) => {
    const count = Math.ceil((7 << 20) / length);
    const record = (n: number) => `${n},"${'x'.repeat(length)}${end}""${n}"`;
    const file = await write(Array.from({ length: count }, (_, n) => record(n)).join(end));
    const wanted = [...new Set([0, 1, count >> 1, count - 1])];
    expect(await find(file, PLAIN, wanted)).toEqual(wanted.map((n) => [n, 2 * n + 1, record(n)]));
  });
});

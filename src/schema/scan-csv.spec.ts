import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { hasRegularRecords } from './check-records.js';
import { scanCsv, UnclosedQuote } from './scan-csv.js';
import type { Dialect } from './stage-request.js';

const PLAIN: Dialect = { delimiter: ',', quote: '"', header: false, nulls: [''], isRegular: false };

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'millrace-scan-'));
});
afterAll(() => rm(folder, { recursive: true }));

let files = 0;
async function write(content: string | Buffer): Promise<string> {
  const file = path.join(folder, `${files++}.csv`);
  await writeFile(file, content);
  return file;
}

async function scan(content: string | Buffer, fields: number, dialect: Partial<Dialect> = {}) {
  const found = [];
  for await (const batch of scanCsv(await write(content), { ...PLAIN, ...dialect }, fields)) {
    for (const { line, at, bytes, problem } of batch)
      found.push([line, at, bytes.toString('latin1'), problem]);
  }
  return found;
}

const after = 'expected a delimiter or a line end after a closing quote, got more text';

describe('scanCsv', () => {
  it.each([
    [
      'plain',
      '1,2\n3,4\n',
      [
        [1, 0, '1,2', null],
        [2, 4, '3,4', null],
      ],
    ],
    ['no line end at the end', '1,2', [[1, 0, '1,2', null]]],
    [
      'CRLF',
      '1,2\r\n3,4\r\n',
      [
        [1, 0, '1,2', null],
        [2, 5, '3,4', null],
      ],
    ],
    [
      'all three line ends',
      '1,2\r\n3,4\n5,6\r7,8',
      [
        [1, 0, '1,2', null],
        [2, 5, '3,4', null],
        [3, 9, '5,6', null],
        [4, 13, '7,8', null],
      ],
    ],
    [
      'blank lines',
      '\n1,2\n\n\r\n3,4\n',
      [
        [2, 1, '1,2', null],
        [5, 8, '3,4', null],
      ],
    ],
    [
      'a line end in quotes',
      '"a\nb",2\n"a\r\nb\rc",4\n5,6',
      [
        [1, 0, '"a\nb",2', null],
        [3, 8, '"a\r\nb\rc",4', null],
        [6, 19, '5,6', null],
      ],
    ],
    ['doubled quotes', '"a""b",""\n', [[1, 0, '"a""b",""', null]]],
    [
      'a short and a long row',
      '1\n1,2,3\n',
      [
        [1, 0, '1', 'expected 2 fields, got 1'],
        [2, 2, '1,2,3', 'expected 2 fields, got 3'],
      ],
    ],
    [
      'empty fields beyond the last',
      '1,2,,\n3,4,""\n',
      [
        [1, 0, '1,2,,', null],
        [2, 6, '3,4,""', 'expected 2 fields, got 3'],
      ],
    ],
    [
      'text after a closing quote',
      '"a"b,2\n3,4\n',
      [
        [1, 0, '"a"b,2', after],
        [2, 7, '3,4', null],
      ],
    ],
    [
      'a NUL',
      '1,\0\n3,4',
      [
        [1, 0, '1,\0', 'expected text, got a NUL character'],
        [2, 4, '3,4', null],
      ],
    ],
    ['a byte order mark', Buffer.from('\ufeff1,2\n'), [[1, 3, '1,2', null]]],
  ])('splits %s', async (_, content, expected) => {
    expect(await scan(content, 2)).toEqual(expected);
  });

  it('names bytes that are no UTF-8', async () => {
    expect(await scan(Buffer.from([0x31, 0x2c, 0xff, 0x0a, 0x33, 0x2c, 0x34]), 2)).toEqual([
      [1, 0, '1,\xff', 'expected UTF-8 text, got bytes that are none'],
      [2, 4, '3,4', null],
    ]);
  });

  it('leaves the header out, also one of two lines', async () => {
    expect(await scan('"a\nx",b\n1,2\n', 2, { header: true })).toEqual([[3, 8, '1,2', null]]);
  });

  it('takes quotes for text where the dialect has none', async () => {
    expect(await scan('"a,b"\n', 2, { quote: null })).toEqual([[1, 0, '"a,b"', null]]);
  });

  it('refuses a quote that nothing closes, with its line', async () => {
    const fault = scan('1,2\n"3,4\n5,6\n', 2);
    await expect(fault).rejects.toBeInstanceOf(UnclosedQuote);
    await expect(fault).rejects.toMatchObject({ line: 2, raw: '"3,4\n5,6\n' });
  });

  it('finds records across the ends of its chunks', async () => {
    const record = (n: number) => `${n},"${'x'.repeat(700)}\n""${n}"`;
    const numbers = Array.from({ length: 5000 }, (_, n) => n);
    const found = await scan(numbers.map(record).join('\r\n'), 2);
    expect(found.map(([, , bytes]) => bytes)).toEqual(numbers.map(record));
    expect(found.map(([line]) => line)).toEqual(numbers.map((n) => n * 2 + 1));
  });
});

describe('hasRegularRecords', () => {
  it.each([
    ['a,b\n1,2\n', true],
    ['"a","b"\n"1","x ""y"" z"\n', true],
    ['"a"', true],
    ['\ufeff"a",b\n', true],
    ['a,5\'10"\n', false],
    ['a,"b"c\n', false],
    ['a, "b"\n', false],
    ['a,"b\n', false],
  ])('%j: %s', async (content, expected) => {
    expect(await hasRegularRecords(await write(content), PLAIN)).toBe(expected);
  });

  const MIB = 1 << 20;
  const lines = (mib: number) => 'some, line\n'.repeat((mib * MIB) / 11);
  it.each([
    ['20 MiB of short records', `a,b\n${lines(20)}`, true],
    ['20 MiB of short records in quotes', `a,b\n${'"x",\n"""","\ny"\n'.repeat(MIB)}`, true],
    ['records of 3 MiB', `a,b\n${`1,${'x'.repeat(3 * MIB)}\n`.repeat(5)}`, true],
    ['a line of 6 MiB', `${lines(3)}1,${'x'.repeat(6 * MIB)}\n${lines(3)}`, false],
    ['a field of 6 MiB with line ends in it', `${lines(3)}1,"${lines(6)}"\n${lines(3)}`, false],
    ['a record of ten fields with line ends in them', `${`"${lines(1)}",`.repeat(10)}\n${lines(3)}`, false],
  ])('knows %s', async (_what, content, expected) => {
    const file = await write(content);
    expect(await hasRegularRecords(file, PLAIN)).toBe(expected);
    if (content.includes('"')) return;
    expect(await hasRegularRecords(file, { ...PLAIN, quote: null })).toBe(expected);
  });

  it('agrees with the scanner: regular text has no bare quote and no fault', async () => {
    const cell = fc.string({ unit: fc.constantFrom('a', '"', ',', '\n', ' ') });
    await fc.assert(
      fc.asyncProperty(fc.array(cell, { minLength: 1, maxLength: 6 }), async (cells) => {
        const file = await write(cells.join(','));
        const isRegular = await hasRegularRecords(file, PLAIN);
        let isClean = true;
        try {
          for await (const batch of scanCsv(file, PLAIN, 1)) {
            isClean &&= batch.every(
              (record) => !record.hasBareQuote && (record.problem ?? 'fields').includes('fields'),
            );
          }
        } catch {
          isClean = false;
        }
        expect(isRegular).toBe(isClean);
      }),
      { numRuns: 300 },
    );
  });
});

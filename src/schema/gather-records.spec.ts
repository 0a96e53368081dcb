import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { hasRegularRecords } from './check-records.js';
import { gatherRecords, mostGathered } from './gather-records.js';
import { scanCsv } from './scan-csv.js';
import type { Dialect } from './stage-request.js';

const PLAIN: Dialect = { delimiter: ',', quote: '"', header: false, nulls: [''], isRegular: true };
const PREFIX = Buffer.from('12,');

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'millrace-gather-'));
});
afterAll(() => rm(folder, { recursive: true }));

/** null: left to the engine. */
function gather(text: string, fields: number, dialect: Partial<Dialect> = {}): string | null {
  const bytes = Buffer.from(text);
  const out = Buffer.alloc(5 + mostGathered(bytes.length, PREFIX));
  const end = gatherRecords(
    bytes,
    { dialect: { ...PLAIN, ...dialect }, fields, prefix: PREFIX },
    { out, at: 5 },
  );
  return end === -1 ? null : out.toString('utf8', 5, end);
}

describe('gatherRecords', () => {
  it.each<[text: string, gathered: string | null, dialect?: Partial<Dialect>]>([
    ['1,2\n3,4\n', '12,1,2\n12,3,4\n'],
    ['1,2\r\n3,4', '12,1,2\n12,3,4\n'],
    ['a,b\n1,2\n', '12,1,2\n', { header: true }],
    ['\ufeffa,b\n1,2\n', '12,1,2\n', { header: true }],
    ['"a\n","b"\n1,2\n', '12,1,2\n', { header: true }],
    ['a,b\n', '', { header: true }],
    ['\n\n1,2\n\n\n3,4\n\n', '12,1,2\n12,3,4\n'],
    ['"x\r\ny","he said ""no"""\r\n,\r\n', '12,"x\r\ny","he said ""no"""\n12,,\n'],
    ['"1,"2\n', '12,"1,"2\n', { quote: null }],
    ['1;2\n', null],
    ['1,2\n3\n', null],
    ['1,2\n3,4,5\n', null],
    ['', ''],
  ])('%j: %j', (text, gathered, dialect = {}) => {
    expect(gather(text, 2, dialect)).toBe(gathered);
  });

  it('agrees with the careful scan about every regular text', async () => {
    const cell = fc.oneof(
      fc.constantFrom('', 'a', 'é', '""', '"a,b"', '"x\ny"', '"say ""hi"""', '\r'),
      fc.string({ unit: fc.constantFrom('a', '"', ',', ' ') }),
    );
    const row = fc.array(cell, { minLength: 1, maxLength: 3 }).map((cells) => cells.join(','));
    const end = fc.constantFrom('\n', '\r\n');
    await fc.assert(
      fc.asyncProperty(fc.array(row), end, fc.boolean(), async (rows, lineEnd, header) => {
        const text = rows.map((one) => one.replace('\r', '').replaceAll('\n', lineEnd)).join(lineEnd);
        const file = path.join(folder, 'a.csv');
        await writeFile(file, text);
        if (!(await hasRegularRecords(file, PLAIN))) return;
        const records = (await Array.fromAsync(scanCsv(file, { ...PLAIN, header }, 2))).flatMap((batch) =>
          batch.map(({ bytes, problem }) => ({ text: bytes.toString(), problem })),
        );
        const gathered = gather(text, 2, { header });
        if (gathered === null) return;
        expect(records.map(({ problem }) => problem)).toEqual(records.map(() => null));
        expect(gathered).toBe(records.map((record) => `12,${record.text}\n`).join(''));
      }),
      { numRuns: 300 },
    );
  });
});

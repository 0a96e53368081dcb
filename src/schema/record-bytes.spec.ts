import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { ReadableFile } from './readable-file.js';
import { recordBytes } from './record-bytes.js';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'millrace-records-'));
});
afterAll(() => rm(folder, { recursive: true }));

async function file(name: string, text: string, more: Partial<ReadableFile> = {}): Promise<ReadableFile> {
  const path = join(folder, name);
  await writeFile(path, text);
  return { path, format: 'csv', dialect: { quote: '"' }, ...more } as ReadableFile;
}

describe('recordBytes', () => {
  it.each([
    ['lines', `${'x'.repeat(99)}\n`.repeat(50), 100],
    ['lines that end as on Windows', `${'x'.repeat(98)}\r\n`.repeat(50), 100],
    ['lines that end as on an old Mac', `${'x'.repeat(99)}\r`.repeat(50), 100],
    ['line ends and quotes inside quotes', `1,"${'a\n""b'.repeat(20)}"\n`.repeat(50), 105],
    ['more than is looked at', `${'x'.repeat(1023)}\n`.repeat(5_000), 1024],
    ['one record alone', 'x'.repeat(70), 70],
    ['nothing', '', 0],
  ])('is what a record has on average in %s', async (_what, text, bytes) => {
    expect(await recordBytes([await file('one.csv', text)])).toBe(bytes);
  });

  it('takes the file with the largest records, and leaves Parquet out', async () => {
    const small = await file('small.csv', '1\n'.repeat(10));
    const large = await file('large.ndjson', `{"a":"${'b'.repeat(92)}"}\n`.repeat(10), {
      format: 'ndjson',
      dialect: null,
    });
    const parquet = await file('other.parquet', 'x'.repeat(500), { format: 'parquet' });
    expect(await recordBytes([small, large, small, parquet])).toBe(101);
    expect(await recordBytes([parquet])).toBe(0);
  });

  it('looks at some of many files, the first among them', async () => {
    const first = await file('first.csv', `${'x'.repeat(9)}\n`);
    const others = Array.from({ length: 1_000 }, (_, n) => ({ ...first, path: join(folder, `gone-${n}`) }));
    await expect(recordBytes([first, ...others])).rejects.toThrow('ENOENT');
    const more = await Promise.all(Array.from({ length: 50 }, (_, n) => file(`${n}.csv`, 'x\n')));
    expect(await recordBytes([first, ...more])).toBe(10);
  });
});

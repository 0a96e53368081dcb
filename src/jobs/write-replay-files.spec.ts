import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { RecordLayout } from '../schema/stage.js';
import { writeReplayFiles } from './write-replay-files.js';

let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'millrace-raw-'));
});
afterAll(() => rm(folder, { recursive: true }));

const known = (source: number, file: string, format: RecordLayout['format']) => {
  return {
    source,
    file,
    fingerprint: file,
    layout: { format, dialect: null, columns: ['a'], types: [null] },
  };
};

describe('writeReplayFiles', () => {
  it('writes a file for each that rejects come from, and where each record begins', async () => {
    const exported = join(folder, 'exported');
    const rejects = [
      { id: '7', source: 0, file: 'a"1.csv', raw: '1,"x\u2028\ny"' },
      { id: '9', source: 0, file: 'a"1.csv', raw: '2,z' },
      { id: '3', source: 1, file: 'a"1.csv', raw: '{"a":\n1}' },
      { id: '4', source: 1, file: 'a"1.csv', raw: '{"a":2}' },
    ];
    await writeFile(exported, rejects.map((reject) => `${JSON.stringify(reject)}\n`).join(''));
    const records = join(folder, 'records');
    const files = await writeReplayFiles(
      exported,
      [known(1, 'a"1.csv', 'json'), known(0, 'a"1.csv', 'csv'), known(2, 'none.csv', 'csv')],
      { folder, records },
    );
    expect(files.map(({ source, records: count, layout }) => [source, count, layout.format])).toEqual([
      [0, 2, 'csv'],
      [1, 2, 'json'],
    ]);
    expect(await readFile(files[0]!.path, 'utf8')).toBe('\ufeff1,"x\u2028\ny"\n2,z\n');
    expect(await readFile(files[1]!.path, 'utf8')).toBe('{"a": 1}\n{"a":2}\n');
    const places = ['7,0,"a""1.csv",1', '9,0,"a""1.csv",3', '3,1,"a""1.csv",1', '4,1,"a""1.csv",2'];
    expect(await readFile(records, 'utf8')).toBe(`${places.join('\n')}\n`);
  });
});

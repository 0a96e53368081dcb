import { appendFileSync, readFileSync, unlinkSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { DataFolder, sourceOf } from '../../test/extraction-support.js';
import { FileChanged } from './file-errors.js';
import { fingerprintFile } from './fingerprint-file.js';
import { landFile } from './land-file.js';
import { landFiles } from './land-files.js';
import type { LandedFile } from './landed-file.js';
import { verifyPaths } from './open-file.js';
import type { SeenFile } from './seen-file.js';

let data: DataFolder;

beforeEach(() => {
  data = new DataFolder();
});

afterEach(() => data.remove());

const kinds: [string, string | Buffer][] = [
  ['plain.csv', 'a,b\n1,"x\n"\n'],
  ['semicolon.csv', '\ufeffa;b\r\n1;2\r\n'],
  ['packed.csv.gz', gzipSync('a,b\n1,2\n')],
  ['cut.csv.gz', gzipSync('a,b\n1,2\n').subarray(0, 20)],
  ['latin.csv', Buffer.from('n\xe4me,b\n1,2\n', 'latin1')],
  ['wide.csv', Buffer.from('\ufeffa,b\n1,2\n', 'utf16le')],
  ['damaged.csv', Buffer.concat([Buffer.from('a,b\né,1\n'), Buffer.from([0xff, 0x0a])])],
  ['empty.csv', ''],
  ['blank.csv', ' \n'],
  ['twice.csv', 'a,a\n1,2\n'],
  ['open.csv', '"a,b\n1,2\n'],
  ['one.json', '[{"a":1},{"a":{"b":[1]}}]'],
  ['broken.json', '[{"a":1},{"a"'],
  ['lines.ndjson', '{"a":1}\n{"a":\n{"a":2}\n'],
  ['prose.txt', 'one\ntwo\n'],
  ['elements.xml', '<r><a>1</a></r>'],
  ['no.parquet', 'PAR1'],
  ['large.csv', `a,b\n${'1,2\n'.repeat(50_000)}`],
];

/** So many that a thread reads them. */
async function seeMany(): Promise<SeenFile[]> {
  for (let n = 0; n < 70; n++) {
    const [name, content] = kinds[n % kinds.length]!;
    data.write(
      `${n}-${name}`,
      typeof content === 'string' ? content + ' '.repeat(n === 60 ? 1 : 0) : content,
    );
  }
  return data.see(sourceOf('.', { include: ['*'] }));
}

const placeOf = () => ({ source: sourceOf('.'), folder: data.root });

/** What was landed, with what was written of it. */
const wholeOf = (landed: LandedFile) => {
  const copy = landed.path.includes('/landed/') ? readFileSync(landed.path, 'utf8') : null;
  return { ...landed, copy, refused: landed.rejects && readFileSync(landed.rejects.path, 'utf8') };
};

describe('many files', () => {
  it('are known as they are one by one', async () => {
    const files = await seeMany();
    expect(files).toHaveLength(70);
    for (const { fingerprint, text, ...file } of files)
      expect(await fingerprintFile(file)).toMatchObject({ fingerprint, text });
  });

  it('land as they do one by one', async () => {
    const files = await seeMany();
    const told: string[] = [];
    const landed = await landFiles(files, { placeOf, onLanded: ({ name }) => told.push(name) });
    const many = landed.map(wholeOf);
    for (const [n, file] of files.entries()) {
      const { source, folder } = placeOf();
      expect(many[n]).toEqual(wholeOf(await landFile(file, source, { folder })));
    }
    expect(told.sort()).toEqual(files.map(({ name }) => name).sort());
  });

  const changes: [string, (path: string) => void][] = [
    ['grew', (path) => appendFileSync(path, '3,4\n')],
    ['was written again', (path) => writeFileSync(path, readFileSync(path))],
    ['was touched', (path) => utimesSync(path, 1, 1)],
    ['is gone', (path) => unlinkSync(path)],
  ];
  it.each(changes)('are not taken when one of them %s', async (_name, change) => {
    const files = await seeMany();
    await verifyPaths(files);
    change(join(data.root, '36-plain.csv'));
    await expect(landFiles(files, { placeOf, onLanded: () => {} })).rejects.toThrow(FileChanged);
    await expect(verifyPaths(files)).rejects.toThrow(FileChanged);
  });
});

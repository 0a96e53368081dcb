import { readFileSync } from 'node:fs';
import { gzipSync, zstdCompressSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { array, assert, asyncProperty, constantFrom, integer, string } from 'fast-check';
import { DataFolder, sourceOf } from '../../test/extraction-support.js';
import { FileChanged, FileRefused } from './file-errors.js';
import { landFile } from './land-file.js';
import { Landing } from './landing.js';
import type { LocalSource } from './local-source.js';
import { openFile } from './open-file.js';
import { transcode } from './transcode.js';
import { unpackFile } from './unpack-file.js';

let data: DataFolder;

beforeEach(() => {
  data = new DataFolder();
});

afterEach(() => data.remove());

const text = 'name,n\nZoë – “€5”,1\n';
const utf16be = (s: string): Buffer => Buffer.from(s, 'utf16le').swap16();
const windows1252 = Buffer.from('name,n\nZo\xeb \x96 \x935\x80\x94,1\n', 'latin1');

describe('encodings', () => {
  const cases: [string, Buffer, LocalSource['csv']['encoding'], string, string][] = [
    ['UTF-8', Buffer.from(text), 'utf-8', 'utf-8', text],
    ['UTF-8 with a mark', Buffer.from(`\ufeff${text}`), 'utf-8', 'utf-8-bom', `\ufeff${text}`],
    ['UTF-16LE with a mark', Buffer.from(`\ufeff${text}`, 'utf16le'), 'utf-8', 'utf-16le', text],
    ['UTF-16BE with a mark', utf16be(`\ufeff${text}`), 'utf-8', 'utf-16be', text],
    ['UTF-16LE, declared', Buffer.from(text, 'utf16le'), 'utf-16le', 'utf-16le', text],
    ['UTF-16BE, declared', utf16be(text), 'utf-16be', 'utf-16be', text],
    ['UTF-16 of unknown order', utf16be(text), 'utf-16', 'utf-16be', text],
    ['UTF-16 without a mark, auto', Buffer.from(text, 'utf16le'), 'auto', 'utf-16le', text],
    ['UTF-8, auto', Buffer.from(text), 'auto', 'utf-8', text],
    ['windows-1252, auto', windows1252, 'auto', 'windows-1252', text.replace('€5', '5€')],
    ['windows-1252, declared', windows1252, 'windows-1252', 'windows-1252', text.replace('€5', '5€')],
    ['Latin-1, declared', Buffer.from('a\n\xe9\x80\n', 'latin1'), 'latin-1', 'latin-1', 'a\né\u0080\n'],
    [
      'a mark against what was declared',
      Buffer.from(`\ufeff${text}`, 'utf16le'),
      'latin-1',
      'utf-16le',
      text,
    ],
  ];
  it.each(cases)('%s', async (_title, bytes, encoding, detected, expected) => {
    const { file } = await data.land('a.csv', bytes, { csv: { encoding } });
    expect(file.detected.encoding).toBe(detected);
    expect(readFileSync(file.path, 'utf8')).toBe(expected);
    expect(file.dialect?.isRegular).toBe(true);
    expect(file.rawPath).toBe(file.path);
  });

  it.each([
    ['a short file', 0],
    ['beyond the first chunk', 3 << 20],
  ])('UTF-8 with a damaged line stays UTF-8 for auto: %s', async (_title, before) => {
    const bytes = Buffer.concat([
      Buffer.from(`a,b\n${'x,y\n'.repeat(before / 4)}1,\xff\n`, 'latin1'),
      Buffer.from('2,ö\n'),
    ]);
    const { file } = await data.land('a.csv', bytes, { csv: { encoding: 'auto' } });
    expect(file.detected.encoding).toBe('utf-8');
    expect(file.dialect?.isRegular).toBe(false);
  });

  const broken: [string, Buffer, string, number][] = [
    [
      'a lone surrogate',
      Buffer.from('\ufeffa\n\ud800x\n', 'utf16le'),
      'expected valid utf-16le, got the lone surrogate U+D800',
      2,
    ],
    [
      'half a pair at the end',
      utf16be('\ufeffa\n\ud83d'),
      'expected whole utf-16be characters, got 2 bytes too many at the end',
      2,
    ],
    [
      'an odd byte',
      Buffer.concat([Buffer.from('\ufeffa\n', 'utf16le'), Buffer.from('b')]),
      'expected whole utf-16le characters, got 1 bytes too many at the end',
      2,
    ],
  ];
  it.each(broken)('refuses UTF-16 with %s', async (_title, bytes, reason, line) => {
    const { rejects } = await data.land('a.csv', bytes);
    expect(rejects).toEqual([{ line, column: null, reason, raw: '' }]);
  });

  it('is exact however the bytes are cut', async () => {
    const cut = async function* (bytes: Buffer, sizes: number[]): AsyncGenerator<Buffer> {
      let at = 0;
      for (const size of sizes) yield Buffer.from(bytes.subarray(at, (at += size)));
      yield Buffer.from(bytes.subarray(at));
    };
    await assert(
      asyncProperty(
        string({ unit: 'binary' }),
        array(integer({ min: 0, max: 9 })),
        constantFrom('utf-16le', 'utf-16be', 'latin-1'),
        async (any, sizes, encoding) => {
          const source = encoding === 'latin-1' ? Buffer.from(any).toString('latin1') : any;
          const bytes =
            encoding === 'utf-16be'
              ? utf16be(source)
              : Buffer.from(source, encoding === 'utf-16le' ? 'utf16le' : 'latin1');
          const parts: Buffer[] = [];
          for await (const part of transcode(cut(bytes, sizes), encoding)) parts.push(part);
          expect(Buffer.concat(parts).toString()).toBe(source);
        },
      ),
      { numRuns: 500 },
    );
  });
});

describe('compression', () => {
  const big = Buffer.from(
    `a,b\n${Array.from({ length: 60_000 }, (_, i) => `${i},${(i * 7919) % 100_003}`).join('\n')}\n`,
  );
  const half = Math.floor(big.length / 2);
  const cases: [string, string, Buffer, string | null][] = [
    ['gzip', 'a.csv.gz', gzipSync(big), 'gzip'],
    ['zstd', 'a.csv.zst', zstdCompressSync(big), 'zstd'],
    [
      'gzip in two members',
      'a.csv.gz',
      Buffer.concat([gzipSync(big.subarray(0, half)), gzipSync(big.subarray(half))]),
      'gzip',
    ],
    [
      'zstd in two frames',
      'a.csv.zst',
      Buffer.concat([zstdCompressSync(big.subarray(0, half)), zstdCompressSync(big.subarray(half))]),
      'zstd',
    ],
    [
      'zstd in many frames',
      'a.csv.zst',
      Buffer.concat(
        Array.from({ length: Math.ceil(big.length / 9999) }, (_, i) =>
          zstdCompressSync(big.subarray(i * 9999, (i + 1) * 9999)),
        ),
      ),
      'zstd',
    ],
    ['gzip with zeros behind', 'a.csv.gz', Buffer.concat([gzipSync(big), Buffer.alloc(1000)]), 'gzip'],
    ['a name that lies about gzip', 'a.csv', gzipSync(big), 'gzip'],
    ['a name that lies about plain text', 'a.csv.gz', big, null],
  ];
  it.each(cases)('%s', async (_title, name, bytes, compression) => {
    const { file, rejects } = await data.land(name, bytes);
    expect(rejects).toEqual([]);
    expect(file.detected.compression).toBe(compression);
    expect(readFileSync(file.path).equals(big)).toBe(true);
    expect(file).toMatchObject({ bytes: bytes.length, columns: ['a', 'b'], dialect: { isRegular: true } });
  });

  it('lands JSON and UTF-16 from inside an archive', async () => {
    const { records } = await data.land('a.json.gz', gzipSync(Buffer.from('\ufeff[{"a":"€"}]', 'utf16le')));
    expect(records).toEqual([{ a: '€' }]);
  });

  const packed = gzipSync(big);
  const frame = zstdCompressSync(big);
  const broken: [string, Buffer, RegExp][] = [
    ['gzip cut short', packed.subarray(0, -20), /^expected whole gzip data, got: unexpected end of file$/],
    ['gzip cut in its trailer', packed.subarray(0, -3), /^expected whole gzip data/],
    ['zstd cut short', frame.subarray(0, -20), /^expected whole zstd data, got: unexpected end of file$/],
    ['gzip with a wrong byte', Buffer.from(packed).fill(0xff, 5000, 5010), /^expected whole gzip data/],
    [
      'zstd with garbage behind',
      Buffer.concat([frame, Buffer.from('garbage')]),
      /^expected zstd data up to the end of the file, got other bytes at byte \d+$/,
    ],
    ['gzip with garbage behind', Buffer.concat([packed, Buffer.from('garbage')]), /^expected .*gzip data/],
    [
      'gzip in gzip',
      gzipSync(packed),
      /^expected delimited text, got gzip data inside other compressed data$/,
    ],
    [
      'zeros without end',
      zstdCompressSync(Buffer.alloc(80 * 2 ** 20)),
      /^expected at most 1000 decompressed bytes for each packed one, got more$/,
    ],
  ];
  it.each(broken)('refuses %s', async (_title, bytes, reason) => {
    const { rejects, records } = await data.land('a.csv.gz', bytes);
    expect(records).toEqual([]);
    expect(rejects).toMatchObject([{ column: null, reason: expect.stringMatching(reason) }]);
  });

  it('stops at the bound of decoded bytes', async () => {
    data.write('a.csv.gz', packed);
    const source = sourceOf('a.csv.gz');
    const [seen] = await data.see(source);
    if (seen === undefined) throw new Error('expected a file');
    const landing = new Landing(seen, source, `${data.root}/landed`);
    const original = landing.keep(await openFile(seen.path));
    const unpacking = unpackFile(landing, original, { most: 100_000, ratio: 1_000, ratioFrom: 1e9 });
    await expect(unpacking).rejects.toThrow(
      new FileRefused('expected at most 100000 bytes after decompression, got more'),
    );
    await landing.close();
  });
});

describe('landFile', () => {
  it('takes Parquet by its mark at both ends', async () => {
    expect((await data.land('a.parquet', 'PAR1........PAR1')).file).toMatchObject({
      format: 'parquet',
      columns: null,
      rejects: null,
    });
    const { rejects } = await data.land('b.parquet', 'PAR1........');
    expect(rejects).toMatchObject([
      { line: null, reason: 'expected a Parquet file, got a file with no "PAR1" at its end (cut short?)' },
    ]);
    expect((await data.land('c.parquet', 'a,b\n1,2\n')).rejects).toMatchObject([
      { reason: 'expected a Parquet file, got a file with no "PAR1" at its start' },
    ]);
  });

  it('throws FILE_CHANGED for a file that is not what was seen', async () => {
    data.write('a.json', '[{"a":1}]');
    const source = sourceOf('a.json');
    const [seen] = await data.see(source);
    if (seen === undefined) throw new Error('expected a file');
    data.write('a.json', '[{"a":22}]');
    await expect(landFile(seen, source, { folder: data.root })).rejects.toThrow(FileChanged);
    await expect(
      landFile({ ...seen, path: `${seen.path}.gone` }, source, { folder: data.root }),
    ).rejects.toThrow(FileChanged);
  });

  it('stops when it is told to', async () => {
    data.write('a.json', '[{"a":1}]');
    const source = sourceOf('a.json');
    const [seen] = await data.see(source);
    if (seen === undefined) throw new Error('expected a file');
    const landing = landFile(seen, source, { folder: data.root, signal: AbortSignal.abort() });
    await expect(landing).rejects.toMatchObject({ name: 'AbortError' });
  });
});

import { brotliCompressSync, deflateRawSync, deflateSync, gzipSync, zstdCompressSync } from 'node:zlib';
import { describe, expect, it } from '@jest/globals';
import { readEncoding, unpackBody } from './unpack-body.js';

const TEXT = Buffer.from('0123456789'.repeat(50_000));

const PACKED: [string, string, Buffer][] = [
  ['gzip', 'gzip', gzipSync(TEXT)],
  ['x-gzip', 'x-gzip', gzipSync(TEXT)],
  ['gzip of two members', 'gzip', Buffer.concat([gzipSync(TEXT.subarray(0, 7)), gzipSync(TEXT.subarray(7))])],
  ['deflate', 'deflate', deflateSync(TEXT)],
  ['deflate without the header', 'deflate', deflateRawSync(TEXT)],
  ['brotli', 'br', brotliCompressSync(TEXT)],
  ['zstd', 'zstd', zstdCompressSync(TEXT)],
];

async function unpack(encoding: string, packed: Buffer, pieceSize = packed.length): Promise<Buffer> {
  const pieces = function* () {
    for (let at = 0; at < packed.length; at += pieceSize) yield packed.subarray(at, at + pieceSize);
  };
  const source = (async function* () {
    yield* pieces();
  })();
  return Buffer.concat(await Array.fromAsync(unpackBody(source, encoding, 'http://api')));
}

describe('unpackBody', () => {
  it.each(PACKED)('unpacks %s', async (_name, encoding, packed) => {
    expect((await unpack(encoding, packed)).equals(TEXT)).toBe(true);
  });

  it.each(PACKED)('unpacks %s that comes byte by byte', async (_name, encoding, packed) => {
    expect((await unpack(encoding, packed, 1)).equals(TEXT)).toBe(true);
  });

  it.each(PACKED)('finds out that %s was cut (C7)', async (_name, encoding, packed) => {
    for (const length of [packed.length - 1, packed.length >> 1, 3]) {
      await expect(unpack(encoding, packed.subarray(0, length))).rejects.toMatchObject({
        code: 'API_BODY_CUT',
        message: `http://api: expected a whole body packed as ${encoding}, got one that ends too early`,
      });
    }
  });

  it.each(PACKED)('refuses bytes behind the end of %s', async (_name, encoding, packed) => {
    for (const size of [1, 10, 1_000_000]) {
      for (const rest of ['<html>', '\0\0\0']) {
        const longer = Buffer.concat([packed, Buffer.from(rest)]);
        await expect(unpack(encoding, longer, size)).rejects.toMatchObject({ code: 'API_BODY_DAMAGED' });
      }
    }
  });

  it.each(['gzip', 'br', 'zstd'])('refuses a text that says it is %s', async (encoding) => {
    await expect(unpack(encoding, Buffer.from('{"id": 1, "name": "one"}'))).rejects.toMatchObject({
      code: 'API_BODY_DAMAGED',
    });
  });

  it('takes nothing for nothing', async () => {
    expect(await unpack('gzip', Buffer.alloc(0))).toHaveLength(0);
  });

  it('passes on what the source throws', async () => {
    const source = (async function* () {
      yield gzipSync(TEXT).subarray(0, 20);
      throw new RangeError('source');
    })();
    await expect(Array.fromAsync(unpackBody(source, 'gzip', 'http://api'))).rejects.toThrow('source');
  });
});

describe('readEncoding', () => {
  it.each([
    [undefined, null],
    ['', null],
    ['identity', null],
    ['GZIP', 'gzip'],
    [' br ', 'br'],
    ['identity, zstd', 'zstd'],
  ])('%j: %s', (header, expected) => {
    expect(readEncoding(header, 'http://api')).toBe(expected);
  });

  it.each(['compress', 'gzip, br', 'gzip, gzip', 'constructor', 'gzip;q=1'])('refuses %s', (header) => {
    expect(() => readEncoding(header, 'http://api')).toThrow(
      `http://api: expected a content encoding of gzip, deflate, br, zstd, got "${header}"`,
    );
  });
});

import { isUtf8 } from 'node:buffer';
import { describe, expect, it } from '@jest/globals';
import { array, assert, constantFrom, integer, property, tuple } from 'fast-check';
import { TextProbe, type TextTraits } from './text-probe.js';

function probe(bytes: Buffer, sizes: number[]): TextTraits {
  const it = new TextProbe();
  let at = 0;
  for (const size of sizes) {
    it.update(bytes.subarray(at, at + size));
    at += size;
  }
  it.update(bytes.subarray(at));
  return it.finish();
}

function naiveLineEnds(bytes: Buffer): TextTraits['lineEnds'] {
  const text = bytes.toString('latin1');
  const kinds = new Set(text.match(/\r\n|\r|\n/g) ?? []);
  if (kinds.size === 0) return 'none';
  if (kinds.size > 1 || kinds.has('\r')) return 'mixed';
  return kinds.has('\n') ? 'lf' : 'crlf';
}

describe('TextProbe', () => {
  const piece = constantFrom('a', '\n', '\r\n', '\r', 'é', '€', '\u{1f600}', 'plain text', '').map((s) =>
    Buffer.from(s),
  );
  const broken = constantFrom(
    [0xff],
    [0xc3],
    [0xe2, 0x82],
    [0xf0, 0x9f, 0x98],
    [0x80],
    [0],
    [0xed, 0xa0, 0x80],
  ).map((b) => Buffer.from(b));

  it('tells the same as a look at the whole, however it is cut', () => {
    for (const pieces of [array(piece), array(constantFrom('\r\n', 'x').map((s) => Buffer.from(s)))]) {
      assert(
        property(
          tuple(pieces, array(broken, { maxLength: 1 }), pieces),
          array(integer({ min: 0, max: 5 })),
          ([before, bad, after], sizes) => {
            const bytes = Buffer.concat([...before, ...bad, ...after]);
            expect(probe(bytes, sizes)).toEqual({
              isUtf8: isUtf8(bytes),
              hasNul: bytes.includes(0),
              lineEnds: naiveLineEnds(bytes),
            });
          },
        ),
        { numRuns: 1_000 },
      );
    }
  });
});

import { Readable } from 'node:stream';
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import type { LineStep } from '../extraction/compare-lines.js';
import { mergeRows } from './merge-rows.js';

/** In chunks of that many bytes, whose memory is used again. */
async function* chunksOf(text: string, length: number): AsyncGenerator<Buffer> {
  const bytes = Buffer.from(text);
  const room = Buffer.alloc(length);
  for (let at = 0; at < bytes.length; at += length) {
    const copied = bytes.copy(room, 0, at);
    yield room.subarray(0, copied);
    room.fill('!');
  }
}

async function merge(before: string, added: string, steps: LineStep[], length = 7): Promise<string> {
  const merged = mergeRows(chunksOf(before, length), chunksOf(added, length + 2), steps);
  return Buffer.concat(await Array.fromAsync(merged)).toString();
}

describe('mergeRows', () => {
  it.each<[before: string, added: string, steps: LineStep[], merged: string]>([
    ['id\n1\n2\n', '', [[2, 0, 0]], 'id\n1\n2\n'],
    ['id\n1\n2\n', '3\n', [[2, 0, 1]], 'id\n1\n2\n3\n'],
    [
      'id\n1\n2\n3\n',
      '9\n',
      [
        [1, 1, 1],
        [1, 0, 0],
      ],
      'id\n1\n9\n3\n',
    ],
    [
      'id\n1\n2\n',
      '0\n5\n',
      [
        [0, 0, 1],
        [1, 1, 1],
      ],
      'id\n0\n1\n5\n',
    ],
    ['"i\nd"\n"a\n""\nb"\n2\n', '"x\ny"\n', [[1, 1, 1]], '"i\nd"\n"a\n""\nb"\n"x\ny"\n'],
    ['id\n', '', [], 'id\n'],
  ])('%j and %j by %j', async (before, added, steps, merged) => {
    for (const length of [1, 3, 100]) expect(await merge(before, added, steps, length)).toBe(merged);
  });

  it.each<[what: string, before: string, added: string, steps: LineStep[]]>([
    ['fewer rows', 'id\n1\n', '', [[2, 0, 0]]],
    ['more rows', 'id\n1\n2\n', '', [[1, 0, 0]]],
    ['fewer new rows', 'id\n1\n', '', [[1, 0, 1]]],
    ['more new rows', 'id\n1\n', '2\n3\n', [[1, 0, 1]]],
    ['no header', '', '', []],
  ])('refuses %s than the steps tell', async (_what, before, added, steps) => {
    await expect(merge(before, added, steps)).rejects.toThrow('the combined CSV has');
  });

  it('does what the steps tell, whatever the rows are', async () => {
    const row = fc.constantFrom('1', '', 'é,2', '"a\nb"', '"say ""hi"""', '",\n"');
    const rows = (count: number) => fc.array(row, { minLength: count, maxLength: count });
    const step = fc
      .tuple(fc.nat(3), fc.nat(3), fc.nat(3))
      .chain(([kept, gone, added]) => fc.tuple(rows(kept), rows(gone), rows(added)));
    await fc.assert(
      fc.asyncProperty(fc.array(step), fc.integer({ min: 1, max: 20 }), async (parts, length) => {
        const text = (lines: string[]) => lines.map((line) => `${line}\n`).join('');
        const before = text(['"h\n"', ...parts.flatMap(([kept, gone]) => [...kept, ...gone])]);
        const merged = text(['"h\n"', ...parts.flatMap(([kept, , added]) => [...kept, ...added])]);
        const steps = parts.map((lists) => lists.map((list) => list.length) as LineStep);
        expect(await merge(before, text(parts.flatMap(([, , added]) => added)), steps, length)).toBe(merged);
      }),
      { numRuns: 300 },
    );
  });

  it('hands out a long text in parts', async () => {
    const before = `id\n${'123456789\n'.repeat(100_000)}`;
    const parts = await Array.fromAsync(
      mergeRows(Readable.from([Buffer.from(before)]), Readable.from([]), [[100_000, 0, 0]]),
    );
    expect(parts.length).toBeGreaterThan(3);
    expect(Buffer.concat(parts).toString()).toBe(before);
  });
});

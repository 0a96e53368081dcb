import { describe, expect, it } from '@jest/globals';
import { array, assert, asyncProperty, constantFrom, nat, uuid } from 'fast-check';
import { Readable } from 'node:stream';
import { packIdentities } from './pack-identities.js';

async function pack(texts: string[], tableId: number | null): Promise<string> {
  const chunks = Readable.from(texts.map((text) => Buffer.from(text)));
  return Buffer.concat(await Array.fromAsync(packIdentities(chunks, tableId))).toString('hex');
}

const HEADER = Buffer.from('PGCOPY\n\xff\r\n\0', 'latin1').toString('hex') + '00000000'.repeat(2);

describe('packIdentities', () => {
  it('packs each line, wherever the chunks are cut', async () => {
    const law = asyncProperty(
      array(uuid()),
      array(nat({ max: 400 })),
      constantFrom(null, 7, 70_000),
      async (lines, cuts, tableId) => {
        const text = lines.map((line) => `${line}\n`).join('');
        const edges = [0, ...cuts.sort((a, b) => a - b), text.length];
        const chunks = edges.slice(1).map((edge, index) => text.slice(edges[index], edge));
        const id = tableId === null ? '0001' : `000200000004${tableId.toString(16).padStart(8, '0')}`;
        const tuples = lines.map((line) => `${id}00000010${line.replaceAll('-', '')}`);
        expect(await pack(chunks, tableId)).toBe(`${HEADER}${tuples.join('')}ffff`);
      },
    );
    await assert(law);
  });

  it.each([
    ['a part of a line', '0c5b8c9e-1c33-4b43-8f0e-5f6d3f1a2b3c\n0c5b'],
    ['other characters', '0c5b8c9e-1c33-4b43-8f0e-5f6d3f1a2b3g\n'],
  ])('refuses %s', async (_what, text) => {
    await expect(pack([text], null)).rejects.toThrow('expected lines of UUIDs');
  });
});

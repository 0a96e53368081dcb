import { describe, expect, it } from '@jest/globals';
import { array, assert, asyncProperty, constantFrom, nat, string } from 'fast-check';
import { Readable } from 'node:stream';
import { prefixLines } from './remember-unseen.js';

describe('prefixLines', () => {
  it('puts the prefix in front of each line, wherever the chunks are cut', async () => {
    const line = string({ unit: constantFrom('a', 'b', '-'), maxLength: 5 });
    const law = asyncProperty(array(line), array(nat({ max: 60 })), async (lines, cuts) => {
      const text = lines.map((one) => `${one}\n`).join('');
      const edges = [0, ...cuts.sort((a, b) => a - b), text.length];
      const chunks = edges.slice(1).map((edge, index) => Buffer.from(text.slice(edges[index], edge)));
      const prefixed = await Array.fromAsync(prefixLines(Readable.from(chunks), '7\t'));
      const whole = Buffer.concat(prefixed).toString();
      expect(whole).toBe(lines.map((one) => `7\t${one}\n`).join(''));
    });
    await assert(law);
  });
});

import { describe, expect, it } from '@jest/globals';
import { chooseKept } from './choose-kept.js';

/** Sizes by fingerprint, those that were written last at the end. */
function choose(sizes: Record<string, number>, mostBytes: number): string[] {
  const files = Object.entries(sizes).map(([fingerprint, bytes], at) => {
    const stamp = {
      size: String(bytes),
      mtimeNs: `179${at}000000000000000`,
      ctimeNs: '0',
      inode: '1',
      device: '1',
    };
    return { fingerprint, bytes, stamp };
  });
  return chooseKept(files, mostBytes);
}

describe('chooseKept', () => {
  it.each([
    ['all that fit', { a: 5, b: 5 }, 10, ['b', 'a']],
    ['the last ones', { a: 5, b: 5, c: 5 }, 10, ['c', 'b']],
    ['what still fits beside them', { a: 1, b: 6, c: 5 }, 6, ['c', 'a']],
    ['none where there is no room', { a: 1 }, 0, []],
  ])('takes %s', (_what, sizes, mostBytes, expected) => {
    expect(choose(sizes, mostBytes)).toEqual(expected);
  });
});

import { describe, expect, it } from '@jest/globals';
import { orderStreams } from './order-streams.js';

/** `c: a b` is a stream c that needs a and b. */
function order(...streams: string[]): string {
  const parsed = streams.map((text) => {
    const [table = '', needs = ''] = text.split(':');
    return { table, needs: needs.split(' ').filter((name) => name !== '') };
  });
  return orderStreams(parsed)
    .map((index) => parsed[index]!.table)
    .join(' ');
}

describe('orderStreams', () => {
  it.each([
    [[], ''],
    [['a', 'b', 'c'], 'a b c'],
    [['c: a', 'b', 'a'], 'a c b'],
    [['a', 'c: b', 'b: a', 'd: a'], 'a b c d'],
    [['d: b c', 'c: a', 'b: a', 'a'], 'a b c d'],
    [['b: elsewhere', 'a'], 'b a'],
    [['b: a a', 'a'], 'a b'],
  ])('%j becomes %s', (streams, expected) => {
    expect(order(...streams)).toBe(expected);
  });

  it.each([
    [['x', 'a: b', 'b: c', 'c: a'], 'a -> b -> c -> a'],
    [['a: a'], 'a -> a'],
    [['y: a', 'a: b', 'b: a'], 'a -> b -> a'],
  ])('%j has none, and says why', (streams, names) => {
    expect(() => order(...streams)).toThrow(`got ${names}`);
  });
});

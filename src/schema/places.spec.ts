import { describe, expect, it } from '@jest/globals';
import { columnsAtOnce, Places, stagesAtOnce } from './places.js';

describe('stagesAtOnce', () => {
  it.each([
    ['100MB', 1],
    ['256MB', 2],
    ['512MB', 4],
    ['2GB', 15],
  ])('%s bears %i', (memory, expected) => {
    expect(stagesAtOnce(memory)).toBe(expected);
  });
});

describe('columnsAtOnce', () => {
  it.each([
    ['256MB', 1, 96],
    ['256MB', 2, 48],
    ['2GB', 2, 48],
    ['100MB', 2, 37],
    ['256MB', 64, 8],
  ])('%s with %i threads bears %i', (memory, threads, expected) => {
    expect(columnsAtOnce(memory, threads)).toBe(expected);
  });
});

describe('Places', () => {
  it('lets in so many at a time, in the order in which they came', async () => {
    const places = new Places(2);
    const begun: number[] = [];
    const leave: (() => void)[] = [];
    const stay = (number: number) =>
      places.take(() => {
        begun.push(number);
        return new Promise<void>((resolve) => leave.push(resolve));
      });
    const all = [0, 1, 2, 3].map(stay);
    await new Promise(setImmediate);
    expect(begun).toEqual([0, 1]);
    for (const [at, expected] of [
      [0, 1, 2],
      [0, 1, 2, 3],
      [0, 1, 2, 3],
    ].entries()) {
      leave[at]!();
      await new Promise(setImmediate);
      expect(begun).toEqual(expected);
    }
    leave[3]!();
    await Promise.all(all);
  });

  it('keeps no place for one that gave up, nor for one that failed', async () => {
    const places = new Places(1);
    await expect(places.take(() => Promise.reject(new Error('broken')))).rejects.toThrow('broken');
    let leave!: () => void;
    const first = places.take(() => new Promise<void>((resolve) => (leave = resolve)));
    const gone = new AbortController();
    const second = places.take(async () => 'second', gone.signal);
    const third = places.take(async () => 'third');
    gone.abort(new Error('gone'));
    await expect(second).rejects.toThrow('gone');
    leave();
    await first;
    expect(await third).toBe('third');
  });
});

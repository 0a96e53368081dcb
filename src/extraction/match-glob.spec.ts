import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { globMatcher, isGlob } from './match-glob.js';

const cases: [string, string[], string[]][] = [
  ['*.csv', ['a.csv', '.csv', 'a.b.csv', '\u{1f600}.csv'], ['a.CSV', 'x/a.csv', 'a.csvx']],
  ['a?c', ['abc', 'a\u{1f600}c'], ['ac', 'a/c', 'abbc']],
  ['**/*.csv', ['a.csv', 'x/a.csv', 'x/y/a.csv'], ['a.txt', 'x/y']],
  ['x/**', ['x/a', 'x/y/a'], ['y/a', 'xa']],
  ['x/**/y/*.csv', ['x/y/a.csv', 'x/1/2/y/a.csv'], ['x/a.csv', 'xy/a.csv', 'x/1y/a.csv']],
  ['a**b', ['ab', 'a12b'], ['a/b']],
  ['{in,out}/*.{csv,json}', ['in/a.csv', 'out/a.json'], ['in/a.txt', 'up/a.csv', 'in,out/a.csv']],
  ['{a/b,{c,d}*}/x', ['a/b/x', 'c/x', 'd12/x'], ['a/x', 'b/x']],
  ['{**/,}a', ['a', 'x/y/a'], ['b']],
  ['[a-c]x[!0-9]', ['axx', 'cx-'], ['dxx', 'ax1', 'ax/']],
  ['[]a]', [']', 'a'], ['[', 'b']],
  ['\\*.csv', ['*.csv'], ['a.csv']],
  ['a (1).csv', ['a (1).csv'], ['a 1.csv']],
  ['{a}[', ['{a}['], ['a[']],
  ['([a]+)+', ['([a]+)+'.replace('[a]', 'a')], ['aaa']],
];

describe('globMatcher', () => {
  it.each(cases)('%s', (glob, matching, others) => {
    const matches = globMatcher(glob);
    expect(matching.filter((name) => !matches(name))).toEqual([]);
    expect(others.filter((name) => matches(name))).toEqual([]);
  });

  it('takes a text without special characters as itself', () => {
    const plain = fc.string({ unit: 'grapheme' }).filter((text) => !/[*?[\]{}\\]/.test(text));
    fc.assert(
      fc.property(plain, plain, (text, other) => {
        expect([isGlob(text), globMatcher(text)(text)]).toEqual([false, true]);
        expect(globMatcher(text)(other)).toBe(text === other);
      }),
    );
  });

  it.each([
    ['stars', `${'*a'.repeat(120)}*b.csv`],
    ['globstars', `${'**/'.repeat(80)}b`],
    ['nested braces', `${'{*a,'.repeat(60)}b${'}'.repeat(60)}${'*'.repeat(9)}c`],
    ['a hundred thousand open braces', '{'.repeat(100_000)],
    ['repeated groups', '([a]+)+b'],
  ])('answers at once for %s', (_title, glob) => {
    const start = performance.now();
    expect(globMatcher(glob)(`${'a'.repeat(220)}.csv`)).toBe(false);
    // Generous, for a machine that is busy; a matcher that goes back over every star would take for ever.
    expect(performance.now() - start).toBeLessThan(10_000);
  });
});

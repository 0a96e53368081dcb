import { describe, expect, it } from '@jest/globals';
import { TerminalError } from '../errors.js';
import { findVariables, resolveVariables } from './variables.js';

const values: Record<string, string> = {
  TARGET_HOST: 'db',
  TARGET_PASSWORD: '$1 ${TARGET_HOST} $&',
  EMPTY: '',
};
const lookup = (name: string) => values[name];

describe('resolveVariables', () => {
  const cases: [string, unknown, unknown][] = [
    ['a whole text', '${TARGET_HOST}', 'db'],
    ['part of a text, twice', 'a-${TARGET_HOST}-${TARGET_HOST}', 'a-db-db'],
    ['a value that looks like a variable', '${TARGET_PASSWORD}', '$1 ${TARGET_HOST} $&'],
    ['an empty value', 'a${EMPTY}b', 'ab'],
    ['an escape', '$${TARGET_HOST} $x $', '${TARGET_HOST} $x $'],
    ['deep values', { a: ['${TARGET_HOST}', 5, null, true] }, { a: ['db', 5, null, true] }],
  ];
  it.each(cases)('resolves %s', (_name, value, expected) => {
    expect(resolveVariables(value, lookup)).toEqual(expected);
  });

  it('names the variables that are not set, and no value', () => {
    const value = { target: { host: '${TARGET_HOST}', user: '${TARGET_USER}' }, list: ['${SOURCE_X}'] };
    let thrown: unknown;
    try {
      resolveVariables(value, lookup);
    } catch (error) {
      thrown = error;
    }
    expect(thrown).toBeInstanceOf(TerminalError);
    expect(thrown).toMatchObject({
      code: 'VARIABLE_UNSET',
      message: 'target.user: expected the variable TARGET_USER to be set, got nothing',
      details: [{ path: 'target.user' }, { path: 'list[0]' }],
    });
  });
});

describe('findVariables', () => {
  it('finds names in order, with their places, and skips escapes', () => {
    expect(findVariables({ a: 'x${B}${C}', d: ['$${E}', '${F}'] })).toEqual([
      { path: ['a'], name: 'B' },
      { path: ['a'], name: 'C' },
      { path: ['d', 1], name: 'F' },
    ]);
  });
});

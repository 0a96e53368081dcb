import { describe, expect, it } from '@jest/globals';
import { parseJson } from '../parse-json.js';
import { compileFields } from './pick-fields.js';

const RECORD =
  '{"id":12345678901234567890,"user":{"name":"Ann","price":1.10,"tags":["a","b"]},"a-b":true,"none":null}';

describe('compileFields', () => {
  it.each([
    ['id', '12345678901234567890'],
    ['user.name', '"Ann"'],
    ['$.user.price', '1.10'],
    ['user.tags', '["a","b"]'],
    ['user.tags[1]', '"b"'],
    ['user.tags[*]', '["a","b"]'],
    ['user.tags[:1]', '"a"'],
    ["$['a-b']", 'true'],
    ['user', '{"name":"Ann","price":1.10,"tags":["a","b"]}'],
    ['none', 'null'],
    ['missing.deeper', 'null'],
    ['id.deeper', 'null'],
    ['$', RECORD],
  ])('picks %s', (path, expected) => {
    const pick = compileFields([{ name: 'x', path }]);
    expect(JSON.stringify(pick(parseJson(RECORD)))).toBe(`{"x":${expected}}`);
  });

  it('renames, in the order of the config, and leaves out the rest', () => {
    const fields = [
      { name: 'b', path: 'user.name' },
      { name: 'a', path: 'none' },
    ];
    expect(Object.entries(compileFields(fields)(parseJson(RECORD)) as object)).toEqual([
      ['b', 'Ann'],
      ['a', null],
    ]);
  });

  it.each([[5], ['x'], [null], [[{ a: 1 }]]])('leaves %j to be refused', (value) => {
    expect(compileFields([{ name: 'a', path: 'a' }])(value)).toBe(value);
  });

  it('leaves a record as it is without fields', () => {
    const record = { a: 1 };
    expect(compileFields(null)(record)).toBe(record);
  });
});

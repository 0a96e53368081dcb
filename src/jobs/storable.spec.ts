import { describe, expect, it } from '@jest/globals';
import { storable } from './storable.js';

describe('storable', () => {
  const cases: [string, object, unknown][] = [
    ['what jsonb takes', { a: ['é😀', 1, null, true], b: undefined }, { a: ['é😀', 1, null, true] }],
    ['a time', { at: new Date(0) }, { at: '1970-01-01T00:00:00.000Z' }],
    ['NUL', { a: [{ name: 'x\0y\0' }] }, { a: [{ name: 'x␀y␀' }] }],
    ['the first half of a pair', { name: 'x\ud83d' }, { name: 'x\ufffd' }],
    ['the second half of a pair', { name: '\udc00x' }, { name: '\ufffdx' }],
    ['what only looks like an escape', { name: '\\u0000' }, { name: '\\u0000' }],
  ];
  it.each(cases)('gives %s', (_what, value, expected) => {
    expect(storable(value)).toEqual(expected);
  });
});

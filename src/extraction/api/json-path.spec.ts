import { describe, expect, it } from '@jest/globals';
import { compilePath, textAt } from './json-path.js';
import { parseJson } from './parse-json.js';

const PAGE = parseJson(
  '{"data":{"items":[{"id":12345678901234567890},{"id":1.10}],"next":null,"total":2500},"a-b":true}',
);

describe('compilePath', () => {
  it.each([
    ['$', [PAGE]],
    ['$.data.total', [2500]],
    ['data.total', [2500]],
    ['a-b', [true]],
    ['$.data.nothing.deeper', []],
    ['$.data.total.deeper', []],
    ['$["data"]["total"]', [2500]],
    ['$.data.items[*].missing', []],
  ])('finds the values at %s', (path, expected) => {
    expect(compilePath(path)(PAGE)).toEqual(expected);
  });

  it.each(['$.data.items[0].id', '$..items[0].id'])('keeps every digit of the number at %s', (path) => {
    expect(textAt(PAGE, compilePath(path))).toBe('12345678901234567890');
  });

  it('keeps the zeros of a decimal', () => {
    expect(textAt(PAGE, compilePath('$.data.items[1].id'))).toBe('1.10');
  });

  it('takes null for nothing', () => {
    expect(textAt(PAGE, compilePath('$.data.next'))).toBeNull();
  });

  it.each(['$.[', '$.a[', '$.a[?', '$..'])('refuses %s', (path) => {
    expect(() => compilePath(path)).toThrow(Error);
  });
});

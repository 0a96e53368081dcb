import { afterEach, describe, expect, it, jest } from '@jest/globals';
import { isJson } from './is-json.js';

afterEach(() => void jest.restoreAllMocks());

const deep = (levels: number) => '['.repeat(levels) + ']'.repeat(levels);

describe('isJson', () => {
  it.each([
    ['{"a":[1,"]"]}', true],
    ['{"a":[1,2}', false],
    ['[1 2]', false],
    ['[', false],
    ['"text"', true],
    ['1.5', true],
    ['word', false],
    ['', false],
    [deep(65), true],
    [deep(65).replace('[]', '[,]'), false],
    [deep(65).slice(1), false],
  ])('tells %j: %j', (text, expected) => {
    expect(isJson(text)).toBe(expected);
  });

  it('builds nothing of a text that is all brackets', () => {
    const parse = jest.spyOn(JSON, 'parse');
    expect(isJson(deep(1_000_000))).toBe(true);
    expect(parse).not.toHaveBeenCalled();
  });
});

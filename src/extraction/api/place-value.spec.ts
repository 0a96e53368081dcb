import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import type { RequestPlace } from '../../config-history/api-source-config.js';
import { ApiRefused } from './api-errors.js';
import type { ApiRequest } from './api-request.js';
import { parseJson } from './parse-json.js';
import { placeValue, withoutParameters } from './place-value.js';

const request = (part: Partial<ApiRequest> = {}): ApiRequest => ({
  method: 'GET',
  url: 'https://api.example.com/orders',
  headers: {},
  ...part,
});
const query = (name: string): RequestPlace => ({ in: 'query', name });
const body = (name: string): RequestPlace => ({ in: 'body', name });

describe('placeValue in a query', () => {
  it.each<[string, string, unknown, string]>([
    ['/a', 'page', 2, '/a?page=2'],
    ['/a?', 'page', 2, '/a?page=2'],
    ['/a?b=1', 'page', 2, '/a?b=1&page=2'],
    ['/a?page=1&b=1', 'page', 2, '/a?page=2&b=1'],
    ['/a?b=1&page=1&c=%7E&page=7', 'page', 2, '/a?b=1&page=2&c=%7E'],
    ['/a?b=x+y%20z&&c', 'page', 2, '/a?b=x+y%20z&c&page=2'],
    ['/a?page%5Boffset%5D=0&b', 'page[offset]', 5, '/a?page%5Boffset%5D=5&b'],
    ['/a?page[offset]=0', 'page[offset]', 5, '/a?page[offset]=5'],
    ['/a', '$skip', 5, '/a?$skip=5'],
    ['/a?bad=%zz&%zz=1', 'page', 2, '/a?bad=%zz&%zz=1&page=2'],
    ['/a?pages=3&Page=4', 'page', 2, '/a?pages=3&Page=4&page=2'],
    ['/a?page=1#top', 'page', 2, '/a?page=2#top'],
    ['/a#top?page=1', 'page', 2, '/a?page=2#top?page=1'],
    ['/a', 'cursor', 'a&b=c #%+ü/:', '/a?cursor=a%26b%3Dc%20%23%25%2B%C3%BC/:'],
    ['/a', 'id', 'gt.2026-01-01T00:00:00', '/a?id=gt.2026-01-01T00:00:00'],
    ['/a', 'id', 'half \ud800', '/a?id=half%20%EF%BF%BD'],
    ['/a', 'after', ['x', 1], '/a?after=%5B%22x%22,1%5D'],
    ['/a', 'id', parseJson('12345678901234567890'), '/a?id=12345678901234567890'],
  ])('%s with %s = %j', (path, name, value, expected) => {
    const whole = `https://api.example.com${path}`;
    expect(placeValue(request({ url: whole }), query(name), value).url).toBe(
      `https://api.example.com${expected}`,
    );
  });

  it('comes out of the query as it went in, beside what was there', () => {
    const text = fc.string({ unit: 'grapheme' });
    fc.assert(
      fc.property(text, text, text, text, (name, value, other, otherValue) => {
        fc.pre(name !== other);
        const before = new URL('https://api.example.com/');
        before.searchParams.append(other, otherValue);
        const after = new URL(placeValue(request({ url: before.href }), query(name), value).url).searchParams;
        expect([after.getAll(name), after.getAll(other)]).toEqual([[value], [otherValue]]);
      }),
    );
  });
});

describe('placeValue in headers and cookies', () => {
  it.each<[RequestPlace, Record<string, string>, string, Record<string, string>]>([
    [
      { in: 'header', name: 'X-Cursor' },
      { 'x-cursor': 'a', accept: '*/*' },
      'b',
      { 'x-cursor': 'b', accept: '*/*' },
    ],
    [{ in: 'cookie', name: 'sid' }, {}, 'a b;c', { cookie: 'sid=a%20b%3Bc' }],
    [
      { in: 'cookie', name: 'sid' },
      { cookie: 'a=1; sid=old;sid2=x' },
      'new',
      { cookie: 'a=1; sid2=x; sid=new' },
    ],
    [{ in: 'cookie', name: 'sid' }, {}, 'YWJj+/==', { cookie: 'sid=YWJj+/==' }],
  ])('%j beside %j', (place, headers, value, expected) => {
    expect(placeValue(request({ headers }), place, value).headers).toEqual(expected);
  });

  it.each(['a\r\nx-admin: 1', 'a\u0000', '\u20ac'])('refuses %j in a header without showing it', (value) => {
    const place = () => placeValue(request(), { in: 'header', name: 'x-cursor' }, `secret${value}`);
    expect(place).toThrow(ApiRefused);
    expect(place).toThrow(/^(?!.*secret)header x-cursor: expected characters that a header may hold/);
  });
});

describe('placeValue in a body', () => {
  it.each<[unknown, string, unknown, string]>([
    [undefined, 'offset', 10, '{"offset":10}'],
    [null, 'page.offset', 10, '{"page":{"offset":10}}'],
    [{ q: 'x', page: { size: 5, offset: 0 } }, 'page.offset', 10, '{"q":"x","page":{"size":5,"offset":10}}'],
    [{ page: null }, 'page.offset', '10', '{"page":{"offset":"10"}}'],
    [{}, '__proto__.x', 1, '{"__proto__":{"x":1}}'],
    [{ size: 1 }, 'search_after', parseJson('[1.10,"b"]'), '{"size":1,"search_after":[1.10,"b"]}'],
  ])('%j at %s', (before, name, value, expected) => {
    const text = JSON.stringify(before);
    expect(JSON.stringify(placeValue(request({ body: before }), body(name), value).body)).toBe(expected);
    expect(JSON.stringify(before)).toBe(text);
  });

  it.each<[unknown, string, string]>([
    [[1], 'page', 'a list'],
    ['x', 'page', 'a text'],
    [{ page: 3 }, 'page.offset', 'a number'],
    [parseJson('{"page":1.10}'), 'page.offset', 'a number'],
  ])('refuses %j at %s', (before, name, got) => {
    expect(() => placeValue(request({ body: before }), body(name), 1)).toThrow(
      `body member ${name}: expected an object to put it in, got ${got}`,
    );
  });
});

describe('withoutParameters', () => {
  it.each([
    ['/a?key=1&b=%20&key=2', '/a?b=%20'],
    ['/a?key=1', '/a'],
    ['/a?%6bey=1#x', '/a#x'],
    ['/a?keys=1', '/a?keys=1'],
  ])('%s', (url, expected) => {
    expect(withoutParameters(url, ['key'])).toBe(expected);
  });
});

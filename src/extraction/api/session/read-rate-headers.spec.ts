import { describe, expect, it } from '@jest/globals';
import * as fc from 'fast-check';
import { readPause } from './read-rate-headers.js';

const NOW = Date.parse('2026-03-01T12:00:00Z');
const IN_30 = NOW / 1000 + 30;

describe('readPause', () => {
  it.each([
    ['seconds', '7', 7_000],
    ['a fraction', '0.5', 500],
    ['none', '0', 0],
    ['absurd seconds', '99999999999999999999', 120_000],
    ['as many as there are digits for', '9'.repeat(400), 120_000],
    ['a date', 'Sun, 01 Mar 2026 12:00:45 GMT', 45_000],
    ['a date of RFC 850', 'Sunday, 01-Mar-26 12:00:45 GMT', 45_000],
    ['a date of C', 'Sun Mar  1 12:00:45 2026', 45_000],
    ['an absurd date', 'Fri, 31 Dec 9999 23:59:59 GMT', 120_000],
    ['a date that is over', 'Sun, 01 Mar 2026 11:00:00 GMT', 0],
    ['a negative number', '-5', 0],
    ['an exponent', '1e9', 0],
    ['no date', 'Sun, soon', 0],
    ['nonsense', 'soon', 0],
    ['nothing', '', 0],
    ['two', '5, 7', 5_000],
  ])('C2: Retry-After with %s', (_name, value, expected) => {
    expect(readPause(429, { 'retry-after': value }, NOW)).toBe(expected);
    expect(readPause(503, { 'retry-after': value }, NOW)).toBe(expected);
  });

  it('takes a date by the clock of who wrote it', () => {
    const headers = { date: 'Sun, 01 Mar 2026 15:00:00 GMT', 'retry-after': 'Sun, 01 Mar 2026 15:00:10 GMT' };
    expect(readPause(503, headers, NOW)).toBe(10_000);
  });

  it('takes no Retry-After from a good answer', () => {
    expect(readPause(200, { 'retry-after': '9' }, NOW)).toBe(0);
  });

  it.each<{ name: string; status?: number; headers: Record<string, string>; expected: number }>([
    { name: 'some is left', headers: { 'ratelimit-remaining': '1', 'ratelimit-reset': '30' }, expected: 0 },
    { name: 'seconds', headers: { 'ratelimit-remaining': '0', 'ratelimit-reset': '30' }, expected: 30_000 },
    {
      name: 'X, seconds',
      headers: { 'x-ratelimit-remaining': '0', 'x-ratelimit-reset': '30' },
      expected: 30_000,
    },
    {
      name: 'X, a fraction',
      headers: { 'x-ratelimit-remaining': '0', 'x-ratelimit-reset': '0.4' },
      expected: 400,
    },
    {
      name: 'X, epoch',
      headers: { 'x-ratelimit-remaining': '0', 'x-ratelimit-reset': `${IN_30}` },
      expected: 30_000,
    },
    {
      name: 'X, epoch in milliseconds',
      headers: { 'x-ratelimit-remaining': '0', 'x-ratelimit-reset': `${IN_30 * 1000}` },
      expected: 30_000,
    },
    {
      name: 'X, epoch, their clock an hour ahead',
      headers: {
        date: 'Sun, 01 Mar 2026 13:00:00 GMT',
        'x-ratelimit-remaining': '0',
        'x-ratelimit-reset': `${IN_30 + 3600}`,
      },
      expected: 30_000,
    },
    {
      name: 'X, over',
      headers: { 'x-ratelimit-remaining': '0', 'x-ratelimit-reset': `${IN_30 - 60}` },
      expected: 0,
    },
    {
      name: 'X, far',
      headers: { 'x-ratelimit-remaining': '0', 'x-ratelimit-reset': '3600' },
      expected: 120_000,
    },
    {
      name: 'X, a date',
      headers: { 'x-rate-limit-remaining': '0', 'x-rate-limit-reset': 'Sun, 01 Mar 2026 12:00:09 GMT' },
      expected: 9_000,
    },
    { name: 'nothing said of when', headers: { 'x-ratelimit-remaining': '0' }, expected: 0 },
    { name: 'nothing said of what is left', headers: { 'x-ratelimit-reset': '30' }, expected: 0 },
    {
      name: '429, nothing said of what is left',
      status: 429,
      headers: { 'x-ratelimit-reset': '30' },
      expected: 30_000,
    },
    {
      name: '429, some is left',
      status: 429,
      headers: { 'x-ratelimit-remaining': '4', 'x-ratelimit-reset': '30' },
      expected: 0,
    },
    {
      name: 'nonsense',
      headers: { 'x-ratelimit-remaining': 'none', 'x-ratelimit-reset': 'later' },
      expected: 0,
    },
    { name: 'the draft', headers: { ratelimit: '"default";r=0;t=30' }, expected: 30_000 },
    { name: 'the draft, some is left', headers: { ratelimit: '"default";r=50;t=30' }, expected: 0 },
    {
      name: 'the draft, one of two',
      headers: { ratelimit: '"hour";r=9;t=60, "a;r=0;t=99,";r=0;t=5' },
      expected: 5_000,
    },
    {
      name: 'the draft before it',
      headers: { ratelimit: 'limit=100, remaining=0, reset=30' },
      expected: 30_000,
    },
    { name: 'the draft, nonsense', headers: { ratelimit: ';;,=r=;t' }, expected: 0 },
    {
      name: 'Retry-After before the rest',
      status: 429,
      headers: { 'retry-after': '3', 'ratelimit-remaining': '0', 'ratelimit-reset': '30' },
      expected: 3_000,
    },
    {
      name: 'the longest of several',
      headers: { 'ratelimit-remaining': '0', 'ratelimit-reset': '3', ratelimit: '"a";r=0;t=8' },
      expected: 8_000,
    },
  ])('quota: $name', ({ status = 200, headers, expected }) => {
    expect(readPause(status, headers, NOW)).toBe(expected);
  });

  it('is between nothing and two minutes whatever is said', () => {
    const names = [
      'retry-after',
      'ratelimit',
      'ratelimit-remaining',
      'ratelimit-reset',
      'x-ratelimit-remaining',
      'x-ratelimit-reset',
      'date',
    ];
    const value = fc.oneof(
      fc.string(),
      fc.double().map(String),
      fc.bigInt().map(String),
      fc.constantFrom('0', '"a";r=0;t=1'),
    );
    fc.assert(
      fc.property(
        fc.dictionary(fc.constantFrom(...names), value),
        fc.constantFrom(200, 429, 503),
        (headers, status) => {
          const ms = readPause(status, headers, NOW);
          expect(ms >= 0 && ms <= 120_000 && Number.isInteger(ms)).toBe(true);
        },
      ),
    );
  });
});

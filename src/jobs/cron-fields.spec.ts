import { describe, expect, it } from '@jest/globals';
import { CronTime } from 'cron';
import fc from 'fast-check';
import { CronFields } from './cron-fields.js';

/** A field of a cron expression: a list of stars, values, ranges and steps. */
function field(low: number, high: number): fc.Arbitrary<string> {
  const value = fc.integer({ min: low, max: high });
  const range = fc.tuple(value, value).map(([one, other]) => [one, other].sort((a, b) => a - b).join('-'));
  const stepped = fc
    .tuple(fc.oneof(fc.constant('*'), value.map(String), range), fc.integer({ min: 1, max: high }))
    .map(([from, step]) => `${from}/${step}`);
  const part = fc.oneof(value.map(String), range, stepped);
  return fc.oneof(
    { weight: 2, arbitrary: fc.constant('*') },
    { weight: 3, arbitrary: fc.array(part, { minLength: 1, maxLength: 3 }).map((parts) => parts.join(',')) },
  );
}

const expression = fc
  .tuple(field(0, 59), field(0, 23), field(1, 28), field(1, 12), field(0, 7))
  .map((fields) => fields.join(' '));

describe('CronFields', () => {
  it('names the moments that the cron package names in UTC', () => {
    const start = fc.date({ min: new Date('2024-01-01'), max: new Date('2027-01-01'), noInvalidDate: true });
    fc.assert(
      fc.property(expression, start, (cron, from) => {
        const expected = new CronTime(cron, 'UTC').getNextDateFrom(from, 'UTC').toMillis();
        expect([cron, from, new CronFields(cron).next(from.getTime())]).toEqual([cron, from, expected]);
      }),
      { numRuns: 200 },
    );
  });

  it.each([
    ['0 6 * JAN,dec Mon-fri', '2026-02-01T00:00Z', '2026-12-01T06:00Z'],
    ['0 0 * * 5-7', '2026-03-14T12:00Z', '2026-03-15T00:00Z'],
    ['0 0 13 * fri', '2026-03-14T00:00Z', '2026-03-20T00:00Z'],
    ['0 0 31 * *', '2026-01-31T00:00Z', '2026-03-31T00:00Z'],
    ['0 0 29 2 *', '2096-02-29T00:00Z', '2104-02-29T00:00Z'],
  ])('%s', (cron, after, expected) => {
    expect(new CronFields(cron).next(Date.parse(after))).toBe(Date.parse(expected));
  });

  it('names nothing on 30 February', () => {
    expect(new CronFields('0 0 30 2 *').next(0)).toBe(Infinity);
  });
});

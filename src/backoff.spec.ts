import { describe, expect, it } from '@jest/globals';
import * as fc from 'fast-check';
import { backoffMs } from './backoff.js';

describe('backoffMs', () => {
  it.each([
    { name: 'no luck: none at all', attempt: 1, random: 0, retryAfterMs: 0, expected: 0 },
    { name: 'first failure: up to 2 s', attempt: 1, random: 0.5, retryAfterMs: 0, expected: 1_000 },
    { name: 'second failure: up to 4 s', attempt: 2, random: 0.5, retryAfterMs: 0, expected: 2_000 },
    { name: 'never above a minute', attempt: 30, random: 0.999999, retryAfterMs: 0, expected: 60_000 },
    { name: 'a wait asked for is kept', attempt: 1, random: 0, retryAfterMs: 7_000, expected: 7_000 },
    { name: 'an absurd wait is capped', attempt: 1, random: 0, retryAfterMs: 86_400_000, expected: 60_000 },
    { name: 'a negative wait is none', attempt: 1, random: 0, retryAfterMs: -5, expected: 0 },
  ])('$name', ({ attempt, random, retryAfterMs, expected }) => {
    expect(backoffMs(attempt, random, retryAfterMs)).toBe(expected);
  });

  it('spreads over the whole range and stays in it', () => {
    const random = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true });
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 10 }), random, (attempt, share) => {
        const ms = backoffMs(attempt, share);
        expect(ms).toBeGreaterThanOrEqual(0);
        expect(ms).toBeLessThanOrEqual(Math.min(60_000, 1_000 * 2 ** attempt));
      }),
    );
  });
});

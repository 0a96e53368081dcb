import { stat } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from '@jest/globals';
import { settlesWithin } from './settles-within.js';

describe('settlesWithin', () => {
  it.each([
    ['an answer', Promise.resolve('x')],
    ['an error', Promise.reject(new Error('x'))],
  ])('is true for %s', async (_what, promise) => {
    expect(await settlesWithin(promise, 100)).toBe(true);
  });

  it('is false for what never answers', async () => {
    expect(await settlesWithin(new Promise(() => {}), 100)).toBe(false);
  });

  it('is false for what answers later', async () => {
    expect(await settlesWithin(sleep(10_000, null, { ref: false }), 100)).toBe(false);
  });

  it('hears an answer that came while the process was held up', async () => {
    const answered = stat('.').then(() => stat('.'));
    const settles = settlesWithin(answered, 1_000);
    const end = performance.now() + 1_100;
    while (performance.now() < end);
    expect(await settles).toBe(true);
  });
});

import { describe, expect, it } from '@jest/globals';
import { ApiRefused, ApiUnavailable } from '../api-errors.js';
import { TokenCache } from './token-cache.js';

const START = 1_700_000_000_000;

/** A cache with a clock of its own, whose tokens are t1, t2, … */
function newCache(lifetimeMs: number | null, fail: (count: number) => Error | null = () => null) {
  const world = { time: START, issued: 0 };
  const issue = async () => {
    world.issued += 1;
    const error = fail(world.issued);
    if (error) throw error;
    return { token: `t${world.issued}`, lifetimeMs };
  };
  return { world, cache: new TokenCache(issue, () => world.time) };
}

describe('a held token', () => {
  it.each([
    { lifetimeMs: 3_600_000, afterMs: 3_569_999, token: 't1' },
    { lifetimeMs: 3_600_000, afterMs: 3_570_000, token: 't2' },
    { lifetimeMs: 10_000, afterMs: 8_999, token: 't1' },
    { lifetimeMs: 10_000, afterMs: 9_000, token: 't2' },
    { lifetimeMs: null, afterMs: 10 ** 12, token: 't1' },
  ])('of $lifetimeMs ms is $token after $afterMs ms', async ({ lifetimeMs, afterMs, token }) => {
    const { world, cache } = newCache(lifetimeMs);
    await cache.get();
    world.time += afterMs;
    expect(await cache.get()).toBe(token);
  });

  it('is asked for once by many at the same time', async () => {
    const { world, cache } = newCache(null);
    expect(await Promise.all(Array.from({ length: 50 }, () => cache.get()))).toEqual(Array(50).fill('t1'));
    expect(world.issued).toBe(1);
  });

  it('that is stale when it comes is used all the same, once', async () => {
    const world = { time: START, issued: 0 };
    const issue = async () => {
      world.time += 60_000;
      return { token: `t${++world.issued}`, lifetimeMs: 10_000 };
    };
    const cache = new TokenCache(issue, () => world.time);
    expect(await Promise.all([cache.get(), cache.get()])).toEqual(['t1', 't1']);
    expect(await cache.get()).toBe('t2');
  });
});

describe('a refused token', () => {
  it('is replaced once, however many requests it was in', async () => {
    const { world, cache } = newCache(null);
    await cache.get();
    expect([cache.refuse('t1'), cache.refuse('t1')]).toEqual([true, true]);
    expect(await Promise.all([cache.get(), cache.get()])).toEqual(['t2', 't2']);
    expect(cache.refuse('t1')).toBe(true);
    expect(await cache.get()).toBe('t2');
    expect(world.issued).toBe(2);
  });

  it.each([
    { lifetime: null, afterMs: 9_999, isWorthIt: false },
    { lifetime: null, afterMs: 10_000, isWorthIt: true },
    { lifetime: 2_000, afterMs: 1_799, isWorthIt: false },
    { lifetime: 2_000, afterMs: 1_800, isWorthIt: true },
  ])('that came for another is replaced after $afterMs ms: $isWorthIt', async ({ lifetime, ...after }) => {
    const { afterMs, isWorthIt } = after;
    const { world, cache } = newCache(lifetime);
    cache.refuse(await cache.get());
    const second = await cache.get();
    world.time += afterMs;
    expect(cache.refuse(second)).toBe(isWorthIt);
  });

  it('that came at the end of another is replaced', async () => {
    const { world, cache } = newCache(10_000);
    await cache.get();
    world.time += 10_000;
    expect(cache.refuse(await cache.get())).toBe(true);
  });
});

describe('a failure', () => {
  it('that is final stands for ten seconds without another request', async () => {
    const { world, cache } = newCache(null, (count) =>
      count === 1 ? new ApiRefused('AUTH_REFUSED', 'no') : null,
    );
    await expect(cache.get()).rejects.toThrow('no');
    world.time += 9_999;
    await expect(cache.get()).rejects.toThrow('no');
    expect(world.issued).toBe(1);
    world.time += 1;
    expect(await cache.get()).toBe('t2');
  });

  it('that may pass is tried again at once', async () => {
    const { cache } = newCache(null, (count) => (count === 1 ? new ApiUnavailable('DOWN', 'away') : null));
    await expect(cache.get()).rejects.toThrow('away');
    expect(await cache.get()).toBe('t2');
  });
});

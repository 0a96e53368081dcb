import { describe, expect, it } from '@jest/globals';
import { TerminalError, TransientError } from './errors.js';
import { retryTransient } from './retry.js';

const transient = () => new TransientError('LOST', 'connection lost');
const triedOut = () => Object.assign(transient(), { isTriedOut: true });
const terminal = () => new TerminalError('WRONG_PASSWORD', 'wrong password');

/** Fails with the errors one after the other, then succeeds; waits are noted and not waited for. */
function scene(errors: Error[]) {
  const waits: number[] = [];
  let calls = 0;
  const work = async () => {
    const error = errors[calls++];
    if (error) throw error;
    return 'done';
  };
  const wait = async (ms: number) => void waits.push(ms);
  return { work, options: { random: () => 0.5, wait }, waits, calls: () => calls };
}

describe('retryTransient', () => {
  it.each([
    { name: 'no failure', errors: [], calls: 1, waits: [], outcome: 'done' },
    { name: 'one passing failure', errors: [transient()], calls: 2, waits: [1000], outcome: 'done' },
    {
      name: 'two passing failures',
      errors: [transient(), transient()],
      calls: 3,
      waits: [1000, 2000],
      outcome: 'done',
    },
    {
      name: 'three: given up',
      errors: [transient(), transient(), transient()],
      calls: 3,
      waits: [1000, 2000],
      outcome: 'LOST',
    },
    {
      name: 'a terminal error at once',
      errors: [terminal()],
      calls: 1,
      waits: [],
      outcome: 'WRONG_PASSWORD',
    },
    {
      name: 'terminal after passing',
      errors: [transient(), terminal()],
      calls: 2,
      waits: [1000],
      outcome: 'WRONG_PASSWORD',
    },
    {
      name: 'what was tried out where it failed',
      errors: [triedOut()],
      calls: 1,
      waits: [],
      outcome: 'LOST',
    },
    { name: 'an unknown error at once', errors: [new Error('bug')], calls: 1, waits: [], outcome: 'bug' },
  ])('$name', async ({ errors, calls, waits, outcome }) => {
    const { work, options, ...seen } = scene(errors);
    const got = await retryTransient(work, options).catch(
      (error: { code?: string; message: string }) => error.code ?? error.message,
    );
    expect(got).toBe(outcome);
    expect(seen.calls()).toBe(calls);
    expect(seen.waits).toEqual(waits);
  });

  it('stops waiting when it is aborted', async () => {
    const abort = new AbortController();
    const stopped = new Error('shutting down');
    const retried = retryTransient(() => Promise.reject(transient()), {
      signal: abort.signal,
      random: () => 0.999,
      onRetry: () => abort.abort(stopped),
    });
    await expect(retried).rejects.toMatchObject({ name: 'AbortError', cause: stopped });
  });

  it('tells of each failure that it retries', async () => {
    const told: unknown[] = [];
    const { work, options } = scene([transient()]);
    await retryTransient(work, {
      ...options,
      onRetry: (error, attempt, ms) => told.push([error.code, attempt, ms]),
    });
    expect(told).toEqual([['LOST', 1, 1000]]);
  });
});

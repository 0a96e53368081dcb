import { setTimeout as delay } from 'node:timers/promises';
import { TransientError } from './errors.js';
import { backoffMs, MAX_ATTEMPTS } from './backoff.js';

export interface RetryOptions {
  signal?: AbortSignal;
  /** Told of each failure that will be tried again. */
  onRetry?: (error: TransientError, attempt: number, waitMs: number) => void;
  /** A number from 0 to 1. */
  random?: () => number;
  /** Waits; rejects when the signal aborts. */
  wait?: (ms: number, signal?: AbortSignal) => Promise<unknown>;
}

/**
 * Calls `work` until it succeeds, up to three times in all, and only where it failed with a TransientError that
 * was not tried out already; every other error is thrown at once. The wait between two attempts ends at once when the signal aborts.
 */
export async function retryTransient<T>(
  work: (attempt: number) => Promise<T>,
  options: RetryOptions = {},
): Promise<T> {
  const { signal, onRetry, random = Math.random, wait = waitFor } = options;
  for (let attempt = 1; ; attempt++) {
    signal?.throwIfAborted();
    try {
      return await work(attempt);
    } catch (error) {
      if (!(error instanceof TransientError) || error.isTriedOut || attempt === MAX_ATTEMPTS) throw error;
      const ms = backoffMs(attempt, random(), error.retryAfterMs);
      onRetry?.(error, attempt, ms);
      await wait(ms, signal);
    }
  }
}

function waitFor(ms: number, signal?: AbortSignal): Promise<unknown> {
  return delay(ms, undefined, { signal });
}

/** Attempts in all, the first one included. */
export const MAX_ATTEMPTS = 3;

const BASE_MS = 1_000;
const CAP_MS = 60_000;

/**
 * How long to wait after attempt number `attempt` (from 1) failed: exponential with full jitter, so that many runs
 * that failed together do not come back together. A wait that the other side asked for is kept, up to one minute.
 * See https://aws.amazon.com/blogs/architecture/exponential-backoff-and-jitter/
 * @param random a number from 0 (inclusive) to 1 (exclusive)
 */
export function backoffMs(attempt: number, random: number, retryAfterMs = 0): number {
  const ceiling = Math.min(CAP_MS, BASE_MS * 2 ** attempt);
  return Math.max(Math.round(ceiling * random), Math.min(Math.max(retryAfterMs, 0), CAP_MS));
}

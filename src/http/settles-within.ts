import { setTimeout as sleep } from 'node:timers/promises';

const TURN_MS = 50;

/**
 * Whether a promise settles within a time, told without its result. Time in which this process was held up itself does not count: what
 * has answered meanwhile is still heard. So it may take longer by the clock.
 */
export async function settlesWithin(promise: Promise<unknown>, limitMs: number): Promise<boolean> {
  const settled = promise.then(
    () => true,
    () => true,
  );
  for (let waited = 0; waited < limitMs; waited += TURN_MS) {
    if (await Promise.race([settled, sleep(TURN_MS, false, { ref: false })])) return true;
  }
  return false;
}

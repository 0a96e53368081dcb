import { setTimeout } from 'node:timers/promises';
import type { ListedFile } from './list-files.js';
import { findChanged } from './open-file.js';

/** What changed longer ago than this has stood still between the change and this look: that look is the second one. */
const youngMs = 60_000;
const waitMs = 1_200;

/** Time, so that tests need not wait for it. */
export interface Clock {
  now(): number;
  wait(ms: number, signal?: AbortSignal): Promise<void>;
}

export const systemClock: Clock = {
  now: () => Date.now(),
  wait: (ms, signal) => setTimeout(ms, undefined, { signal }),
};

/**
 * Tells the files that stand still from those that grow: whatever changed in the last minute is looked at again after one short wait
 * for all of them. A change after that wait cannot hide behind an equal stamp: its ctime is later.
 */
export async function awaitStill(
  files: ListedFile[],
  clock: Clock,
  signal?: AbortSignal,
): Promise<{ still: ListedFile[]; growing: ListedFile[] }> {
  const now = clock.now();
  const young = new Set(files.filter((file) => isYoung(file, now)));
  if (young.size === 0) return { still: files, growing: [] };
  await clock.wait(waitMs, signal);
  const growing = new Set(await findChanged([...young]));
  return { still: files.filter((file) => !growing.has(file)), growing: [...growing] };
}

/** A time in the future (a clock that was set back, a touched file) tells nothing, so it counts as young. */
function isYoung({ stamp }: ListedFile, now: number): boolean {
  return [stamp.mtimeNs, stamp.ctimeNs].some((ns) => now - Number(BigInt(ns) / 1_000_000n) < youngMs);
}

import type { Settings } from '../settings/settings.js';
import { firstIdAt } from './page.js';

/** What a sweep leaves. */
export interface SweepLimits {
  /** What is older goes. */
  before: Date;
  /** The lowest id of a run that is not older. */
  firstId: string;
  runs: number;
  rejects: number;
  logBytes: number;
}

const DAY_MS = 24 * 60 * 60_000;

export function limitsAt(now: Date, { days, runs, rejects, logMegabytes }: Settings['keep']): SweepLimits {
  const before = new Date(now.getTime() - days * DAY_MS);
  return { before, firstId: firstIdAt(before), runs, rejects, logBytes: logMegabytes * 2 ** 20 };
}

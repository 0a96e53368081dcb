import { join } from 'node:path';
import { RunFolder } from '../run-folder.js';

/** Where a plan works until it is through. */
export function planFolder(home: string, planId: string): RunFolder {
  return new RunFolder(home, planId, plansFolder(home));
}

export function plansFolder(home: string): string {
  return join(home, 'plans');
}

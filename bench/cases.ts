import type { Case } from './case.js';
import { againCases } from './cases/again-cases.js';
import { busyCases } from './cases/busy-cases.js';
import { loadCases } from './cases/load-cases.js';
import { rejectCases } from './cases/reject-cases.js';
import { writeModeCases } from './cases/write-mode-cases.js';

const ALL = [...loadCases, ...againCases, ...rejectCases, ...writeModeCases, ...busyCases];

const ORDER = ['first-load', 'declared', 'unchanged', 'new-file', 'changed-rows', 'renamed'];

/** Every case, in the order of the table. */
export const CASES: readonly Case[] = [
  ...ORDER.map((name) => ALL.find((one) => one.name === name)!),
  ...ALL.filter(({ name }) => !ORDER.includes(name)),
];

/** Those without which the question how fast it is has no answer: about ten minutes. */
const USUAL = [
  'first-load',
  'unchanged',
  'new-file',
  'changed-rows',
  'small-files',
  'json',
  'rejects-1',
  '10x',
  'latency',
  'pipelines',
];

/** Those that were asked for, `all` being those that take minutes and not hours; the usual ones where none was. */
export function chooseCases(names: string[] | null): Case[] {
  if (names?.join() === 'all') return CASES.filter(({ onDemand }) => !onDemand);
  if (names === null) return chooseCases(USUAL);
  return names.map((name) => {
    const found = CASES.find((one) => one.name === name);
    if (found) return found;
    throw new Error(`--cases: expected one of ${CASES.map((one) => one.name).join(', ')}, got ${name}`);
  });
}

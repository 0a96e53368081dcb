import { describe, expect, it } from '@jest/globals';
import { judgeLook, type LookFindings, type LookVerdict } from './judge-look.js';

type NewestRun = NonNullable<LookFindings['newest']>;

const NEWEST: NewestRun = { id: 'R', state: 'succeeded', signature: 'old', configVersion: 1 };

const UNCHANGED: LookFindings = {
  newest: NEWEST,
  configVersion: 1,
  signature: 'old',
  before: 'old',
  sight: { changes: {}, unsettled: 0 },
  missing: 0,
  isOverdue: false,
};

interface Case extends LookVerdict {
  name: string;
  newest?: Partial<NewestRun> | null;
  changes?: LookFindings['sight']['changes'];
  unsettled?: number;
  found?: Partial<LookFindings>;
}

const changed = { signature: 'now' };

const cases: Case[] = [
  { name: 'nothing changed', outcome: 'rest', says: 'unchanged' },
  {
    name: 'a rename alters no load',
    changes: { renamed: 1, copied: 2 },
    outcome: 'rest',
    says: 'renamed 1, copied 2: nothing to load',
  },
  {
    name: 'a new file is being written',
    unsettled: 2,
    outcome: 'rest',
    says: 'waiting: 2 files may still be being written',
  },
  {
    name: 'renamed, and another being written',
    changes: { renamed: 1 },
    unsettled: 1,
    outcome: 'rest',
    says: 'renamed 1: nothing to load; waiting: 1 file may still be being written',
  },
  {
    name: 'files changed',
    found: changed,
    changes: { appended: 1, new: 3 },
    outcome: 'run',
    says: 'changed (new 3, appended 1)',
  },
  { name: 'the config changed', found: { ...changed, configVersion: 2 }, outcome: 'run', says: 'changed' },
  { name: 'no run yet', newest: null, changes: { new: 1 }, outcome: 'run', says: 'changed (new 1)' },
  {
    name: 'the run on the same files failed',
    newest: { state: 'failed' },
    outcome: 'rest',
    says: 'unchanged: run R failed on the same files',
  },
  {
    name: 'the same, and the config was mended',
    newest: { state: 'failed' },
    found: { configVersion: 2 },
    outcome: 'run',
    says: 'changed',
  },
  {
    name: 'it failed for a passing reason',
    newest: { state: 'failed', signature: null },
    outcome: 'run',
    says: 'changed',
  },
  {
    name: 'the run on the same files was cancelled',
    newest: { state: 'cancelled' },
    outcome: 'rest',
    says: 'unchanged: run R was cancelled on the same files',
  },
  {
    name: 'it was cancelled before it looked',
    newest: { state: 'cancelled', signature: null },
    found: { signature: 'now', before: 'now' },
    changes: { new: 1 },
    outcome: 'rest',
    says: 'unchanged: run R was cancelled',
  },
  {
    name: 'the same, and no look has seen the files before',
    newest: { state: 'cancelled', signature: null },
    found: { signature: 'now', before: null },
    changes: { new: 1 },
    outcome: 'rest',
    says: 'unchanged: run R was cancelled',
  },
  {
    name: 'the same, under another config',
    newest: { state: 'cancelled', signature: null },
    found: { signature: 'now', before: null, configVersion: 2 },
    outcome: 'run',
    says: 'changed',
  },
  {
    name: 'the same, and files changed since',
    newest: { state: 'cancelled', signature: null },
    found: changed,
    changes: { new: 2 },
    outcome: 'run',
    says: 'changed (new 2)',
  },
  {
    name: 'only a file that a run had is being written',
    found: { ...changed, missing: 1, isOverdue: true },
    unsettled: 1,
    outcome: 'rest',
    says: 'waiting: 1 file may still be being written',
  },
  {
    name: 'only a file that a run had cannot be read',
    found: { ...changed, missing: 1, isOverdue: true },
    outcome: 'rest',
    says: 'waiting: 1 file that a run had before cannot be read now',
  },
  {
    name: 'others changed while it is being written',
    found: { ...changed, missing: 1 },
    changes: { new: 1 },
    unsettled: 1,
    outcome: 'waits',
    says: 'new 1; waiting: 1 file may still be being written',
  },
  {
    name: 'others have waited for it long enough',
    found: { ...changed, missing: 1, isOverdue: true },
    changes: { new: 1 },
    unsettled: 1,
    outcome: 'run',
    says: 'changed (new 1)',
  },
];

describe('judgeLook', () => {
  it.each(cases)('$name', ({ newest, changes = {}, unsettled = 0, found, outcome, says }) => {
    const run = newest === null ? null : { ...NEWEST, ...newest };
    const findings = { ...UNCHANGED, newest: run, sight: { changes, unsettled }, ...found };
    expect(judgeLook(findings)).toEqual({ outcome, says });
  });
});

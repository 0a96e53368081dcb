import { describe, expect, it } from '@jest/globals';
import { TerminalError } from '../errors.js';
import type { StagedFile } from '../schema/stage.js';
import { checkBalance, countCarried, countFiles, type Counted, sumCounts } from './balance-counts.js';

const file = (name: string, read: number, rejected: number, copyOf: string | null = null): StagedFile => ({
  source: 0,
  name,
  fingerprint: 'f',
  read,
  rejected,
  copyOf,
});

const FILES = [file('a.csv', 5, 1), file('b.csv', 2, 0), file('c.csv', 0, 0, 'a.csv')];
const none = { inserted: 0, updated: 0, duplicate: 0 };
const OUTCOMES = [
  { ...none, file: 1, duplicate: 2 },
  { ...none, file: 0, inserted: 2, updated: 1, duplicate: 1 },
];
const STAGE = { rows: 6, rejected: 1 };
const COUNTED: Counted = { rejects: 1, agreements: [['rows that were inserted', 1, 1]] };

describe('countFiles', () => {
  it('joins the outcomes to their files', () => {
    expect(countFiles(FILES, OUTCOMES)).toMatchObject([
      { name: 'a.csv', read: 5, inserted: 2, updated: 1, duplicate: 1, rejected: 1 },
      { name: 'b.csv', read: 2, inserted: 0, updated: 0, duplicate: 2, rejected: 0 },
      { name: 'c.csv', read: 0, inserted: 0, updated: 0, duplicate: 0, rejected: 0, copyOf: 'a.csv' },
    ]);
    const sums = { read: 7, inserted: 2, updated: 1, duplicate: 3, rejected: 1 };
    expect(sumCounts(countFiles(FILES, OUTCOMES))).toEqual(sums);
  });
});

describe('files that are carried over', () => {
  const files: StagedFile[] = [...FILES, { ...file('d.csv', 5, 1), carriedAs: { source: 0, name: 'd.csv' } }];
  const carried = countCarried(files);

  it('have all their rows in the table, whatever else is said of them', () => {
    const outcomes = [...OUTCOMES, { ...none, file: 3, inserted: 1 }];
    expect(countFiles(files, outcomes)[3]).toMatchObject({ read: 5, inserted: 0, duplicate: 4, rejected: 1 });
    expect(carried).toBe(4);
  });

  it('count besides the rows of the stage', () => {
    const counts = countFiles(files, OUTCOMES);
    const stage = { ...STAGE, rejected: 2 };
    const counted = { ...COUNTED, rejects: 2 };
    expect(() => checkBalance(stage, counts, { ...counted, carried }, 'table t')).not.toThrow();
    expect(() => checkBalance(stage, counts, counted, 'table t')).toThrow('every check: expected 6, got 10');
  });
});

describe('checkBalance', () => {
  it('refuses a count below zero, even where the sums agree', () => {
    const outcomes = [OUTCOMES[0]!, { ...none, file: 0, inserted: 5, duplicate: -1 }];
    expect(() => checkBalance(STAGE, countFiles(FILES, outcomes), COUNTED, 'table t')).toThrow(
      /a.csv: expected 5 records/,
    );
  });

  it('passes counts that balance', () => {
    expect(() => checkBalance(STAGE, countFiles(FILES, OUTCOMES), COUNTED, 'table t')).not.toThrow();
  });

  it.each<{ name: string; counted?: Partial<Counted>; stage?: Partial<typeof STAGE>; says: string }>([
    {
      name: 'what was done is not what was meant',
      counted: { agreements: [['rows that were inserted', 1, 2]] },
      says: 'rows that were inserted: expected 1, got 2',
    },
    { name: 'rejects were lost', counted: { rejects: 0 }, says: 'rejects stored: expected 1, got 0' },
    {
      name: 'the stage disagrees',
      stage: { rows: 7 },
      says: 'rows that passed every check: expected 7, got 6',
    },
  ])('refuses when $name', ({ counted, stage, says }) => {
    const check = () =>
      checkBalance(
        { ...STAGE, ...stage },
        countFiles(FILES, OUTCOMES),
        { ...COUNTED, ...counted },
        'table t',
      );
    expect(check).toThrow(new TerminalError('COUNTS_DO_NOT_BALANCE', `table t: ${says}`));
  });

  it('names the file that is off, and a copy that brings records', () => {
    const files = countFiles([file('a.csv', 5, 1), file('c.csv', 1, 1, 'a.csv')], [OUTCOMES[1]!]);
    const wrong = { ...files[0]!, read: 6 };
    expect(() => checkBalance(STAGE, [wrong, files[1]!], COUNTED, 'table t')).toThrow(
      'a.csv: expected 6 records, got 2 inserted + 1 updated + 1 duplicate + 1 rejected; c.csv: expected 1',
    );
  });
});

import { describe, expect, it } from '@jest/globals';
import { TerminalError } from '../errors.js';
import type { StagedFile } from '../schema/stage.js';
import { checkBalance, countFiles, sumCounts, type DatabaseCounts } from './balance-counts.js';

const file = (name: string, read: number, rejected: number, copyOf: string | null = null): StagedFile => ({
  source: 0,
  name,
  fingerprint: 'f',
  read,
  rejected,
  copyOf,
});

const FILES = [file('a.csv', 5, 1), file('b.csv', 2, 0), file('c.csv', 0, 0, 'a.csv')];
const TALLY = [
  { file: 1, unseen: 0, duplicate: 2 },
  { file: 0, unseen: 3, duplicate: 1 },
];
const STAGE = { rows: 6, rejected: 1 };
const DATABASE: DatabaseCounts = { unseen: 3, rows: 3, hashes: 3, rejects: 1 };

describe('countFiles', () => {
  it('joins the tally to its files', () => {
    expect(countFiles(FILES, TALLY)).toMatchObject([
      { name: 'a.csv', read: 5, inserted: 3, updated: 0, duplicate: 1, rejected: 1 },
      { name: 'b.csv', read: 2, inserted: 0, updated: 0, duplicate: 2, rejected: 0 },
      { name: 'c.csv', read: 0, inserted: 0, updated: 0, duplicate: 0, rejected: 0, copyOf: 'a.csv' },
    ]);
    const sums = { read: 7, inserted: 3, updated: 0, duplicate: 3, rejected: 1 };
    expect(sumCounts(countFiles(FILES, TALLY))).toEqual(sums);
  });
});

describe('checkBalance', () => {
  it('refuses a count below zero, even where the sums agree', () => {
    const tally = [TALLY[0]!, { file: 0, unseen: 5, duplicate: -1 }];
    const database = { ...DATABASE, unseen: 5, rows: 5, hashes: 5 };
    expect(() => checkBalance(STAGE, countFiles(FILES, tally), database, 'table t')).toThrow(
      /a.csv: expected 5 records/,
    );
  });

  it('passes counts that balance', () => {
    expect(() => checkBalance(STAGE, countFiles(FILES, TALLY), DATABASE, 'table t')).not.toThrow();
  });

  it.each<{ name: string; database?: Partial<DatabaseCounts>; stage?: Partial<typeof STAGE>; says: string }>([
    { name: 'COPY took fewer', database: { rows: 2 }, says: 'rows that COPY took: expected 3, got 2' },
    { name: 'hashes were lost', database: { hashes: 2 }, says: 'hashes stored: expected 3, got 2' },
    { name: 'rejects were lost', database: { rejects: 0 }, says: 'rejects stored: expected 1, got 0' },
    { name: 'the anti-join disagrees', database: { unseen: 4 }, says: 'unseen rows: expected 4, got 3' },
    {
      name: 'the stage disagrees',
      stage: { rows: 7 },
      says: 'rows that passed every check: expected 7, got 6',
    },
  ])('refuses when $name', ({ database, stage, says }) => {
    const check = () =>
      checkBalance({ ...STAGE, ...stage }, countFiles(FILES, TALLY), { ...DATABASE, ...database }, 'table t');
    expect(check).toThrow(new TerminalError('COUNTS_DO_NOT_BALANCE', `table t: ${says}`));
  });

  it('names the file that is off, and a copy that brings records', () => {
    const files = countFiles([file('a.csv', 5, 1), file('c.csv', 1, 1, 'a.csv')], [TALLY[1]!]);
    const wrong = { ...files[0]!, read: 6 };
    expect(() => checkBalance(STAGE, [wrong, files[1]!], DATABASE, 'table t')).toThrow(
      'a.csv: expected 6 records, got 3 inserted + 0 updated + 1 duplicate + 1 rejected; c.csv: expected 1',
    );
  });
});

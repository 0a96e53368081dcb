import { describe, expect, it } from '@jest/globals';
import * as fc from 'fast-check';
import { checkBalance, CountsDoNotBalance } from './check-balance.js';
import type { Counts } from './run-report.js';

function counts(inserted: number, updated: number, duplicate: number, rejected: number): Counts {
  return { read: inserted + updated + duplicate + rejected, inserted, updated, duplicate, rejected };
}

const count = fc.nat(1000);
const file = fc.tuple(count, count, count, count).map((parts) => ({ name: 'f.csv', ...counts(...parts) }));

function streamOf(files: ReturnType<typeof counts>[]) {
  const total = (kind: keyof Counts) => files.reduce((sum, one) => sum + one[kind], 0);
  const named = files.map((one, index) => ({ name: `f${index}.csv`, ...one }));
  return {
    table: 't',
    files: named,
    ...counts(total('inserted'), total('updated'), total('duplicate'), total('rejected')),
  };
}

describe('checkBalance', () => {
  it('takes whatever adds up', () => {
    fc.assert(fc.property(fc.array(file), (files) => checkBalance(streamOf(files))));
  });

  it('refuses any count that is off by any number', () => {
    const kind = fc.constantFrom(
      'read',
      'inserted',
      'updated',
      'duplicate',
      'rejected' as const,
    ) as fc.Arbitrary<keyof Counts>;
    fc.assert(
      fc.property(fc.array(file, { minLength: 1 }), kind, fc.integer({ min: 1 }), (files, off, by) => {
        const stream = streamOf(files);
        stream.files[0]![off] += by;
        expect(() => checkBalance(stream)).toThrow(CountsDoNotBalance);
      }),
    );
  });

  it.each([
    {
      name: 'a stream that is off',
      stream: { ...streamOf([counts(1, 0, 0, 0)]), read: 2 },
      says: 't: 2 read, 1 accounted for',
    },
    {
      name: 'a negative count',
      stream: streamOf([{ ...counts(2, 0, 0, 0), rejected: -1, read: 1 }]),
      says: 'f0.csv: 1 read',
    },
    {
      name: 'a file too many',
      stream: { ...streamOf([counts(1, 0, 0, 0)]), ...counts(0, 0, 0, 0) },
      says: 'read: expected 0, the files add up to 1',
    },
  ])('says what is off: $name', ({ stream, says }) => {
    expect(() => checkBalance(stream)).toThrow(says);
  });
});

import { describe, expect, it } from '@jest/globals';
import { TerminalError } from '../errors.js';
import { engineFault } from './engine.js';
import { MergeLacksMemory } from './merge-slices.js';
import { WRONG_ASSUMPTION } from './stage-sql.js';
import { type Attempt, firstAttempt, isSliced, nextAttempt } from './write-attempt.js';

const lacking = engineFault(new Error('Out of Memory Error: (90.0 MiB/95.3 MiB used)')) as TerminalError;

/** Rows and columns of each attempt until none is left. */
function attempts(first: Attempt, columns: number, error: Error = lacking): [number, number][] {
  const all: [number, number][] = [];
  const breadth = { columns, unwanted: 0 };
  for (let next: Attempt | null = first; next !== null; next = nextAttempt(next, error, breadth))
    all.push([next.rows, next.width]);
  return all;
}

describe('how a stage is tried again when the memory does not bear it', () => {
  const MERGE = new MergeLacksMemory(lacking);

  it.each<[string, number, Error, [number, number][]]>([
    [
      'narrow',
      5,
      lacking,
      [
        [50_000, 48],
        [2048, 48],
        [64, 48],
        [8, 2],
        [1, 1],
      ],
    ],
    [
      'of three slices',
      144,
      lacking,
      [
        [50_000, 48],
        [2048, 48],
        [64, 48],
        [8, 12],
        [1, 3],
        [1, 1],
      ],
    ],
    [
      'wide',
      400,
      lacking,
      [
        [50_000, 48],
        [64, 48],
        [8, 12],
        [1, 3],
        [1, 1],
      ],
    ],
    [
      'wide, in the merge',
      400,
      MERGE,
      [
        [50_000, 48],
        [64, 48],
        [8, 48],
        [1, 48],
      ],
    ],
  ])('%s', (_, columns, error, expected) => {
    expect(attempts(firstAttempt(50_000, 48), columns, error)).toEqual(expected);
  });

  it('slices a table that is wider than a slice, once few rows are too many', () => {
    const first = firstAttempt(50_000, 48);
    const few = { ...first, rows: 64 };
    const wide = (attempt: Attempt) => (columns: number) => isSliced(attempt, { columns, unwanted: 0 });
    expect([144, 145].map(wide(first))).toEqual([false, true]);
    expect([48, 49].map(wide(few))).toEqual([false, true]);
    expect([560, 561].map((unwanted) => isSliced(first, { columns: 4, unwanted }))).toEqual([false, true]);
  });

  it('has row groups of a vector at least, whatever batch_rows says', () => {
    expect(firstAttempt(10, 48)).toEqual({ assume: true, rows: 2048, width: 48 });
  });

  it('takes the types of a sample once, and tries nothing for other errors', () => {
    const wrong = new Error(`Invalid Input Error: ${WRONG_ASSUMPTION}`);
    const first = firstAttempt(50_000, 48);
    const narrow = { columns: 5, unwanted: 0 };
    const second = nextAttempt(first, wrong, narrow);
    expect(second).toEqual({ ...first, assume: false });
    expect(nextAttempt(second!, wrong, narrow)).toBeNull();
  });
});

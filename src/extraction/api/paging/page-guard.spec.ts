import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { PagingFailed } from '../api-errors.js';
import { digestBytes, PageBudget, PageGuard } from './page-guard.js';

const LIMITS = { maxPages: 1000, maxBytes: 1_000_000 };
type Step = [mark: string | null, body: string];

const page = (body: string) => {
  const bytes = Buffer.from(body);
  return { digest: digestBytes(bytes), records: body === '[]' ? 0 : 1, bytes: bytes.length };
};

/** Walks the steps; the error that ended it, as `code: message`. */
function walk(steps: Step[], limits = LIMITS, saved = 0): string | null {
  const guard = new PageGuard(new PageBudget(limits));
  try {
    guard.restore(steps.slice(0, saved).map(([mark, body]) => ({ ...page(body), mark })));
    for (const [mark, body] of steps.slice(saved)) {
      guard.goTo(mark);
      guard.take(page(body));
    }
  } catch (error) {
    if (error instanceof PagingFailed) return `${error.code}: ${error.message}`;
    throw error;
  }
  return null;
}

const cases: [name: string, steps: Step[], expected: RegExp | null][] = [
  [
    'pages that lead on',
    [
      [null, 'a'],
      ['2', 'b'],
      ['3', 'c'],
    ],
    null,
  ],
  [
    'one page at two addresses',
    [
      ['1', 'a'],
      ['2', 'b'],
      ['3', 'a'],
    ],
    /^PAGE_REPEATED: page 3: .* as page 1/,
  ],
  [
    'the page before, again',
    [
      ['1', 'a'],
      ['2', 'a'],
    ],
    /^PAGE_REPEATED: page 2: .* as page 1/,
  ],
  [
    'empty pages',
    [
      ['1', '[]'],
      ['2', '[]'],
      ['3', '[]'],
    ],
    null,
  ],
  [
    'a cursor that stands still',
    [
      [null, 'a'],
      ['x', 'b'],
      ['x', 'c'],
    ],
    /^CURSOR_STUCK: page 3: .* page 2 to lead on, .* to page 2/,
  ],
  [
    'a loop of three',
    [
      ['a', '1'],
      ['b', '2'],
      ['c', '3'],
      ['a', '4'],
    ],
    /^CURSOR_STUCK: page 4: .* to page 1/,
  ],
  [
    'a loop back to the first page, which has no mark',
    [
      [null, '1'],
      ['b', '2'],
      ['a', '1'],
    ],
    /^PAGE_REPEATED: page 3/,
  ],
  [
    'a loop of empty pages',
    [
      ['a', '[]'],
      ['b', '[]'],
      ['a', '[]'],
    ],
    /^CURSOR_STUCK/,
  ],
  [
    'no marks',
    [
      [null, 'a'],
      [null, 'b'],
    ],
    null,
  ],
];

describe('PageGuard', () => {
  it.each(cases)('%s', (_name, steps, expected) => {
    const ended = walk(steps);
    if (expected === null) expect(ended).toBeNull();
    else expect(ended).toMatch(expected);
  });

  it.each(cases)('%s, gone on with in a later attempt after any page', (_name, steps) => {
    const ended = walk(steps);
    for (let saved = 0; saved < steps.length; saved++) expect(walk(steps, LIMITS, saved)).toBe(ended);
  });

  it('never shows a mark', () => {
    expect(
      walk([
        ['s3cret', 'a'],
        ['s3cret', 'b'],
      ]),
    ).not.toContain('s3cret');
  });

  it('finds the first repetition in any series, and nothing in one without', () => {
    const series = fc.array(fc.tuple(fc.nat(40), fc.nat(40)), { maxLength: 40 });
    fc.assert(
      fc.property(series, (numbers) => {
        const steps = numbers.map(([mark, body]): Step => [`m${mark}`, `b${body}`]);
        const repeated = steps.findIndex(([mark, body], index) =>
          steps.slice(0, index).some((before) => before[0] === mark || before[1] === body),
        );
        const ended = walk(steps);
        expect(ended === null ? -1 : Number(/page (\d+):/.exec(ended)?.[1]) - 1).toBe(repeated);
      }),
    );
  });
});

describe('PageBudget', () => {
  const three: Step[] = [
    ['1', 'aaaa'],
    ['2', 'bbbb'],
    ['3', 'cccc'],
  ];

  it.each<[string, typeof LIMITS, RegExp | null]>([
    ['is enough', { maxPages: 3, maxBytes: 12 }, null],
    ['names max_pages', { maxPages: 2, maxBytes: 12 }, /^TOO_MANY_PAGES: max_pages: .* after 2,/],
    [
      'names max_bytes',
      { maxPages: 3, maxBytes: 11 },
      /^TOO_MANY_BYTES: max_bytes: .* 11 bytes .* 12 in 3 pages/,
    ],
  ])('%s', (_name, limits, expected) => {
    for (const saved of [0, 2]) {
      const ended = walk(three, limits, saved);
      if (expected === null) expect(ended).toBeNull();
      else expect(ended).toMatch(expected);
    }
  });

  it('is shared by all series, each of which may have the same pages', () => {
    const budget = new PageBudget({ maxPages: 3, maxBytes: 100 });
    let own = 0;
    const [one, other] = [new PageGuard(budget), new PageGuard(budget)];
    for (const guard of [one, other, one]) {
      guard.goTo(null);
      guard.take(page(guard === one ? `${(own += 1)}` : 'x'));
    }
    expect(() => other.goTo('2')).toThrow('max_pages');
  });
});

import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { compareLines, type LineStep } from './compare-lines.js';
import { HeldBytes } from './read-chunks.js';

interface Compared {
  steps: LineStep[] | null;
  /** The lines that are new. */
  added: string;
  /** What was read of the text before. */
  read: string;
}

async function compare(
  before: string,
  now: string,
  { aheadBytes = 64, mostBytes = 1_000, mostSteps = 1_000 } = {},
): Promise<Compared> {
  const added: Buffer[] = [];
  const read: Buffer[] = [];
  const [left, right] = [before, now].map((text) => new HeldBytes(Buffer.from(text)));
  const steps = await compareLines(left!, right!, {
    sink: { add: (lines) => void added.push(Buffer.from(lines)), flush: () => Promise.resolve() },
    onBefore: (bytes) => read.push(Buffer.from(bytes)),
    mostBytes,
    mostSteps,
    aheadBytes,
  });
  return { steps, added: Buffer.concat(added).toString(), read: Buffer.concat(read).toString() };
}

/** Lines as they are told apart: without the LF. */
const linesOf = (text: string) =>
  text.split('\n').slice(0, text.endsWith('\n') || text === '' ? -1 : undefined);

/** What the steps make of a text before and of the lines that are new. */
function apply(steps: LineStep[], before: string[], added: string[]): string[] {
  const lines: string[] = [];
  const [old, fresh] = [[...before], [...added]];
  for (const [kept, gone, more] of steps) {
    lines.push(...old.splice(0, kept));
    old.splice(0, gone);
    lines.push(...fresh.splice(0, more));
  }
  expect([old, fresh]).toEqual([[], []]);
  return lines;
}

describe('compareLines', () => {
  const cases: [before: string, now: string, steps: LineStep[], added: string][] = [
    ['', '', [], ''],
    ['a\nb\n', 'a\nb\n', [[2, 0, 0]], ''],
    ['a\nb\n', 'a\nb\nc\nd\n', [[2, 0, 2]], 'c\nd\n'],
    ['a\nb\nc\n', 'a\n', [[1, 2, 0]], ''],
    [
      'a\nb\nc\n',
      'a\nB\nc\n',
      [
        [1, 1, 1],
        [1, 0, 0],
      ],
      'B\n',
    ],
    [
      'a\nc\n',
      'a\nb\nc\n',
      [
        [1, 0, 1],
        [1, 0, 0],
      ],
      'b\n',
    ],
    [
      'a\nb\nc\n',
      'a\nc\n',
      [
        [1, 1, 0],
        [1, 0, 0],
      ],
      '',
    ],
    ['', 'a\n', [[0, 0, 1]], 'a\n'],
    ['a\n', '', [[0, 1, 0]], ''],
    ['a', 'a\n', [[1, 0, 0]], ''],
    ['a\n', 'a', [[1, 0, 0]], ''],
    ['a', 'a\nb', [[1, 0, 1]], 'b'],
    ['a', 'ab', [[0, 1, 1]], 'ab'],
    ['ab', 'a', [[0, 1, 1]], 'a'],
    ['a\nab', 'a\na', [[1, 1, 1]], 'a'],
    ['a\r\nb\r\n', 'a\r\nc\r\n', [[1, 1, 1]], 'c\r\n'],
    ['\n\n', '\n', [[1, 1, 0]], ''],
  ];

  it.each(cases)('%j, then %j', async (before, now, steps, added) => {
    expect(await compare(before, now)).toEqual({ steps, added, read: before });
  });

  const numbered = (from: number, to: number) =>
    Array.from({ length: to - from }, (_, at) => `${from + at}\n`).join('');
  const stretches: [what: string, before: string, now: string, steps: LineStep[]][] = [
    [
      'gone at the beginning',
      numbered(0, 500),
      numbered(400, 500),
      [
        [0, 400, 0],
        [100, 0, 0],
      ],
    ],
    [
      'gone inside',
      numbered(0, 500),
      numbered(0, 100) + numbered(300, 500),
      [
        [100, 200, 0],
        [200, 0, 0],
      ],
    ],
    [
      'new at the beginning',
      numbered(100, 300),
      numbered(0, 300),
      [
        [0, 0, 100],
        [200, 0, 0],
      ],
    ],
    [
      'gone at the beginning, new at the end',
      numbered(0, 500),
      numbered(400, 600),
      [
        [0, 400, 0],
        [100, 0, 100],
      ],
    ],
    [
      'gone in megabytes',
      numbered(0, 600_000),
      numbered(599_000, 600_000),
      [
        [0, 599_000, 0],
        [1_000, 0, 0],
      ],
    ],
    [
      'gone up to the last line',
      numbered(0, 500),
      '499\n',
      [
        [0, 499, 0],
        [1, 0, 0],
      ],
    ],
  ];
  it.each(stretches)(
    'passes more lines than it looks ahead that are %s',
    async (_what, before, now, steps) => {
      const { added, ...compared } = await compare(before, now);
      expect(compared).toEqual({ steps, read: before });
      expect(apply(steps, linesOf(before), linesOf(added))).toEqual(linesOf(now));
    },
  );

  it('gives up after many of them', async () => {
    const without = (count: number) => {
      const kept = Array.from({ length: count }, (_, at) => numbered(at * 1_000 + 200, at * 1_000 + 250));
      const before = kept.map((lines, at) => numbered(at * 1_000, at * 1_000 + 200) + lines);
      return compare(before.join(''), kept.join(''));
    };
    expect((await without(16)).steps).toHaveLength(17);
    expect((await without(17)).steps).toBeNull();
  });

  it('gives up a line that is longer than it looks ahead', async () => {
    const long = 'x'.repeat(300);
    expect((await compare(`a\n${long}\n`, `a\n${long}y\nb\n`)).steps).toBeNull();
  });

  it('gives up where no line in reach is in both', async () => {
    const text = (letter: string) => `${letter.repeat(3)}\n`.repeat(100);
    expect((await compare(text('a'), text('b'))).steps).toBeNull();
  });

  it('gives up when more is new than it shall hand out', async () => {
    expect((await compare('a\n', `a\n${'b\n'.repeat(50)}`, { mostBytes: 99 })).steps).toBeNull();
    expect((await compare('a\n', `a\n${'b\n'.repeat(50)}`, { mostBytes: 100 })).steps).toEqual([[1, 0, 50]]);
  });

  it('gives up when it changes in more places than it shall remember', async () => {
    const lines = (change: string) =>
      Array.from({ length: 40 }, (_, at) => `${at}${at % 2 ? change : ''}\n`).join('');
    expect((await compare(lines(''), lines('x'), { mostSteps: 19 })).steps).toBeNull();
    expect((await compare(lines(''), lines('x'), { mostSteps: 20 })).steps).toHaveLength(20);
  });

  it('lets others have their turn at the thread', async () => {
    const [before, now] = ['x', 'y'].map((odd) =>
      Array.from({ length: 40_000 }, (_, at) => `${at % 2 ? at : `${odd}${at}`}\n`).join(''),
    );
    let turns = 0;
    const count = () => {
      turns++;
      immediate = setImmediate(count);
    };
    let immediate = setImmediate(count);
    const most = { aheadBytes: 1 << 20, mostBytes: 1 << 20, mostSteps: 40_000 };
    const { steps } = await compare(before!, now!, most);
    clearImmediate(immediate);
    expect([steps!.length, turns > 3]).toEqual([20_001, true]);
  });

  it('tells how every text comes about from every other', async () => {
    const line = fc.oneof(fc.constantFrom('', 'a', 'b', 'c,"d'), fc.string({ maxLength: 12 }));
    const text = fc
      .tuple(
        fc.array(
          line.map((one) => one.replaceAll('\n', ' ')),
          { maxLength: 40 },
        ),
        fc.boolean(),
      )
      .map(([lines, isEnded]) => lines.join('\n') + (isEnded && lines.length > 0 ? '\n' : ''));
    const edit = fc.record({
      at: fc.nat(40),
      gone: fc.nat(4),
      added: fc.array(fc.constantFrom('new', 'a', 'é'), { maxLength: 4 }),
    });
    const pair = fc.oneof(
      fc.tuple(text, text),
      fc.tuple(text, fc.array(edit, { maxLength: 4 })).map(([before, edits]): [string, string] => {
        const lines = before.split('\n');
        for (const { at, gone, added } of edits) lines.splice(at, gone, ...added);
        return [before, lines.join('\n')];
      }),
    );
    let found = 0;
    await fc.assert(
      fc.asyncProperty(pair, fc.integer({ min: 13, max: 80 }), async ([before, now], aheadBytes) => {
        const { steps, added, read } = await compare(before, now, { aheadBytes });
        if (steps === null) return;
        found++;
        expect(read).toBe(before);
        expect(apply(steps, linesOf(before), linesOf(added))).toEqual(linesOf(now));
      }),
      { numRuns: 2_000 },
    );
    expect(found).toBeGreaterThan(500);
  });
});

import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { walkGraph } from './walk-graph.js';

/** Nodes that need only earlier ones, which of them fail, and how many may be under way. */
const graphs = fc.integer({ min: 1, max: 12 }).chain((count) =>
  fc.record({
    needs: fc.tuple(
      ...Array.from({ length: count }, (_, node) =>
        fc.uniqueArray(fc.nat({ max: Math.max(node - 1, 0) }), { maxLength: node }),
      ),
    ),
    failing: fc.uniqueArray(fc.nat({ max: count - 1 }), { maxLength: 3 }),
    turns: fc.array(fc.nat({ max: 5 }), { minLength: count, maxLength: count }),
    limit: fc.integer({ min: 1, max: 4 }),
  }),
);

async function pass(turns: number): Promise<void> {
  for (let turn = 0; turn < turns; turn++) await Promise.resolve();
}

describe('walkGraph', () => {
  it('walks each node once after those that it needs, or skips it because one of them failed', async () => {
    await fc.assert(
      fc.asyncProperty(graphs, async ({ needs, failing, turns, limit }) => {
        const done = new Map<number, 'walked' | 'failed' | 'skipped'>();
        let underWay = 0;
        await walkGraph({
          needs,
          order: [...needs.keys()],
          limit,
          walk: async (node) => {
            expect(done.has(node)).toBe(false);
            expect(needs[node]!.every((need) => done.get(need) === 'walked')).toBe(true);
            expect(++underWay).toBeLessThanOrEqual(limit);
            await pass(turns[node]!);
            underWay--;
            done.set(node, failing.includes(node) ? 'failed' : 'walked');
            return !failing.includes(node);
          },
          skip: async (node, parent) => {
            expect(needs[node]).toContain(parent);
            expect(['failed', 'skipped']).toContain(done.get(parent));
            done.set(node, 'skipped');
          },
        });
        expect(done.size).toBe(needs.length);
      }),
      { numRuns: 200 },
    );
  });

  it('walks nodes side by side that do not need each other', async () => {
    const begun: number[] = [];
    let open!: () => void;
    const both = new Promise<void>((resolve) => (open = resolve));
    const walk = async (node: number) => {
      begun.push(node);
      if (begun.length === 2) open();
      if (node < 2) await both;
      return true;
    };
    const needs = [[], [], [0, 1]];
    await walkGraph({ needs, order: [0, 1, 2], limit: 2, walk, skip: async () => {} });
    expect(begun).toEqual([0, 1, 2]);
  });

  it('begins no other node after one that throws, and waits for those under way', async () => {
    const ended: number[] = [];
    const walk = async (node: number) => {
      if (node === 0) throw new Error('over');
      await pass(9);
      ended.push(node);
      return true;
    };
    const needs = [[], [], []];
    const walked = walkGraph({ needs, order: [0, 1, 2], limit: 2, walk, skip: async () => {} });
    await expect(walked).rejects.toThrow('over');
    expect(ended).toEqual([1]);
  });
});

import { appendFile, mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { BIG, bigText, changeInside, openWorlds, runBoth, RUNS, SEED, World } from './two-pipelines.js';

interface Edit {
  at: number;
  gone: number;
  added: [id: number, name: string][];
}

let close: () => Promise<void>;

beforeAll(async () => {
  ({ close } = await openWorlds());
});

afterAll(() => close());

describe('a file that has changed in part', () => {
  interface Case {
    name: string;
    config?: string;
    source?: string;
    before?: Record<string, string>;
    change: (world: World) => Promise<unknown>;
    isPart: boolean;
    unchanged?: string[];
  }

  const to = (text: string) => (world: World) => world.write({ 'a.csv': text });
  const by = (change: (lines: string[]) => unknown) => to(bigText(change));
  const append = (text: string) => (world: World) => appendFile(world.path('a.csv'), text);
  const days = (from: number, to: number) =>
    `id,name,amount\n${Array.from({ length: to - from }, (_, at) => `${from + at},day ${from + at},1.5\n`).join('')}`;
  const marked = (text: string) => `\ufeff${text}`;
  const crlf = (text: string) => text.replaceAll('\n', '\r\n');
  const withQuotes = (lines: string[]) => lines.splice(9, 1, '8,"eight, ""the"" number",8');
  const beside = { 'a.csv': bigText(), 'b.csv': 'id,amount\n4,4\n5,5.25\n' };

  /** In one world, one after the other. */
  const again: Omit<Case, 'isPart'>[] = [
    { name: 'inside', change: by(changeInside) },
    { name: 'back to what it was', change: to(bigText()) },
    { name: 'at its end', change: append('9001,new,1\n') },
    { name: 'by lines that are gone', change: by((lines) => lines.splice(20, 300)) },
    { name: 'by lines that are new', change: by((lines) => lines.splice(1, 0, '-1,a,1', '-2,b,2')) },
    { name: 'in its first and its last line', change: by((lines) => (lines[1] = lines[BIG] = '7777,x,1')) },
    { name: 'by a line that stands elsewhere now', change: by((lines) => lines.push(...lines.splice(5, 1))) },
    { name: 'by a line that it has once more', change: by((lines) => lines.splice(9, 0, lines[100]!)) },
    {
      name: 'by a new line that it has twice',
      change: by((lines) => lines.splice(9, 0, '-3,a,1', '-3,a,1')),
    },
    { name: 'by quoted values', change: by(withQuotes) },
    { name: 'after quoted values', change: by((lines) => [withQuotes(lines), changeInside(lines)]) },
    { name: 'by no more than its last line end', change: to(bigText().trimEnd()) },
    { name: 'behind a line without an end', change: append('\n9002,new,1') },
    { name: 'under another name', change: (world) => moveAndChange(world) },
  ];

  async function moveAndChange(world: World): Promise<void> {
    await rename(world.path('a.csv'), world.path('b.csv'));
    await appendFile(world.path('b.csv'), '\n9003,new,1\n');
  }

  const cases: Case[] = [
    {
      name: 'in lines that end with CRLF',
      before: { 'a.csv': crlf(bigText()) },
      change: to(crlf(bigText(changeInside))),
      isPart: true,
    },
    {
      name: 'behind a byte order mark',
      before: { 'a.csv': marked(bigText()) },
      change: to(marked(bigText(changeInside))),
      isPart: true,
    },
    { name: 'by a byte order mark', change: to(marked(bigText(changeInside))), isPart: false },
    {
      name: 'behind a byte order mark, without a header',
      source: ', csv: { header: false, columns: [id, name, amount] }',
      before: { 'a.csv': marked(bigText((lines) => lines.shift())) },
      change: to(marked(bigText((lines) => [changeInside(lines), lines.shift()]))),
      isPart: false,
    },
    { name: 'in the kind of its line ends', change: to(crlf(bigText())), isPart: false },
    {
      name: 'without a header',
      source: ', csv: { header: false, columns: [id, name, amount] }',
      before: { 'a.csv': bigText((lines) => lines.shift()) },
      change: by((lines) => [changeInside(lines), lines.shift()]),
      isPart: true,
    },
    {
      name: 'where there is no combined CSV',
      config: 'output: false',
      change: by(changeInside),
      isPart: true,
    },
    {
      name: 'by thousands of lines that are gone in one place, as a window of days moves on',
      before: { 'a.csv': days(0, 12_000) },
      change: to(days(5_000, 12_100)),
      isPart: true,
    },
    {
      name: 'by so much that all of it is staged',
      change: by((lines) =>
        lines.splice(
          100,
          BIG - 200,
          ...Array.from({ length: BIG }, (_, at) => `${at},${'new '.repeat(12)},1`),
        ),
      ),
      isPart: false,
    },
    {
      name: 'by a record of several lines',
      change: by((lines) => lines.splice(9, 1, '8,"a\nb",1')),
      isPart: false,
    },
    {
      name: 'by a quote that takes in the lines behind it',
      change: by((lines) => (lines[9] = '8,"a,1')),
      isPart: false,
    },
    {
      name: 'by quotes that take in the lines between them',
      change: by((lines) => {
        lines[9] = '8,"a';
        lines[20] = 'b",1';
      }),
      isPart: false,
    },
    {
      name: 'after a record of several lines',
      before: { 'a.csv': bigText((lines) => lines.splice(9, 1, '8,"a\nb",1')) },
      change: by(changeInside),
      isPart: false,
    },
    { name: 'by an empty line', change: by((lines) => lines.splice(9, 0, '')), isPart: false },
    {
      name: 'by values that do not fit',
      change: by((lines) => lines.splice(9, 1, 'x,eight,1')),
      isPart: false,
    },
    {
      name: 'by lines with too many values',
      change: by((lines) => lines.splice(9, 1, '8,eight,1,2')),
      isPart: false,
    },
    {
      name: 'after values that did not fit',
      config: 'schema: { columns: { id: bigint } }',
      before: { 'a.csv': bigText((lines) => lines.push('x,y,z')) },
      change: by((lines) => lines.push('x,y,z', '91,new,1')),
      isPart: false,
    },
    {
      name: 'by so many rejects that the run fails',
      config: 'contract: { max_rejects: 0 }',
      change: by((lines) => lines.push('x,y,z')),
      isPart: false,
    },
    {
      name: 'by values that the table is made to follow',
      config: 'contract: { type_change: widen }',
      change: by((lines) => lines.push('x,y,1')),
      isPart: false,
    },
    { name: 'in its header', change: by((lines) => (lines[0] = 'id,title,amount')), isPart: false },
    { name: 'in its delimiter', change: to(bigText().replaceAll(',', ';')), isPart: false },
    {
      name: 'in its encoding',
      config: 'output: false',
      change: (world) => writeFile(world.path('a.csv'), Buffer.from(bigText(changeInside), 'utf16le')),
      isPart: false,
    },
    {
      name: 'at its end, beside another one',
      before: beside,
      change: append('91,new,1\n'),
      isPart: true,
      unchanged: ['b.csv'],
    },
    {
      name: 'at its end, beside a new one',
      before: beside,
      change: (world) => Promise.all([append('91,new,1\n')(world), world.write({ '0.csv': 'id\n92\n' })]),
      isPart: true,
      unchanged: ['b.csv'],
    },
    {
      name: 'inside, beside another one',
      before: beside,
      change: by(changeInside),
      isPart: false,
    },
    {
      name: 'inside, beside another one, where there is no combined CSV',
      config: 'output: false',
      before: beside,
      change: by(changeInside),
      isPart: true,
      unchanged: ['b.csv'],
    },
    {
      name: 'of which no copy is there any more',
      change: async (world) => {
        for (const path of await world.kept()) await rm(path);
        await by(changeInside)(world);
      },
      isPart: false,
    },
    {
      name: 'of which a folder is where the copy was',
      change: async (world) => {
        for (const path of await world.kept()) {
          await rm(path);
          await mkdir(join(path, 'inside'), { recursive: true });
        }
        await by(changeInside)(world);
      },
      isPart: false,
    },
    {
      name: 'of which nobody can tell how the copy was read',
      change: async (world) => {
        for (const path of await world.kept()) await writeFile(`${path}.json`, '{"dialect":');
        await by(changeInside)(world);
      },
      isPart: false,
    },
    {
      name: 'of which the copy is not what it was',
      change: async (world) => {
        for (const path of await world.kept())
          await writeFile(
            path,
            bigText((lines) => (lines[99] = '98,other,1')),
          );
        await by((lines) => [changeInside(lines), (lines[99] = '98,other,1')])(world);
      },
      isPart: false,
    },
  ];

  async function changeAndRun(world: World, change: Case['change']) {
    await change(world);
    const { run, unchanged } = await runBoth(world);
    const [carrying, staging] = await Promise.all(world.tables.map((table) => world.outputText(table)));
    // Rows of one file may have come behind those of others that are unchanged.
    const isSameOutput = carrying === staging || unchanged.length > 0;
    return { isPart: await world.isStagedInPart(run), unchanged, isSameOutput };
  }

  describe('one time after the other', () => {
    let world: World;

    beforeAll(async () => {
      world = await World.make();
      await world.write({ 'a.csv': bigText() });
      await runBoth(world);
    });

    it.each(again)('$name', async ({ change }) => {
      const outcome = await changeAndRun(world, change);
      expect(outcome).toEqual({ isPart: true, unchanged: [], isSameOutput: true });
    });
  });

  it.each(cases)('$name', async ({ config, source, change, ...one }) => {
    const { before = { 'a.csv': bigText() }, isPart, unchanged = [] } = one;
    const world = await World.make(config, source);
    await world.write(before);
    await runBoth(world);
    expect(await changeAndRun(world, change)).toEqual({ isPart, unchanged, isSameOutput: true });
  });

  it('keeps a copy of the last state alone, and none of small files', async () => {
    const world = await World.make();
    await world.write({ 'a.csv': 'id,name,amount\n1,one,1.5\n' });
    await runBoth(world);
    expect(await world.kept()).toEqual([]);
    for (const at of [1, 2, 3]) {
      const text = bigText((lines) => lines.push(`${BIG + at},new,1`));
      await world.write({ 'a.csv': text });
      const { run } = await runBoth(world);
      expect(await world.isStagedInPart(run)).toBe(at > 1);
      const [copy, ...others] = await world.kept();
      expect([await readFile(copy!, 'utf8'), others]).toEqual([text, []]);
    }
  });

  it(
    'gives what staging all of it gives, however it changes',
    async () => {
      const edit: fc.Arbitrary<Edit> = fc.record({
        at: fc.integer({ min: 1, max: BIG }),
        gone: fc.nat(3),
        added: fc.array(
          fc.tuple(fc.integer({ min: 0, max: BIG + 9 }), fc.constantFrom('', 'a', '"b, c"', 'ü')),
          { maxLength: 3 },
        ),
      });
      const edits = fc.array(edit, { minLength: 1, maxLength: 6 });
      let parts = 0;
      const law = async (steps: Edit[][], rest: string) => {
        const world = await World.make(rest);
        const lines = bigText().trimEnd().split('\n');
        await world.write({ 'a.csv': `${lines.join('\n')}\n` });
        await runBoth(world);
        for (const step of steps) {
          for (const { at, gone, added } of step)
            lines.splice(at, gone, ...added.map(([id, name]) => `${id},${name},1`));
          await world.write({ 'a.csv': `${lines.join('\n')}\n` });
          const { run } = await runBoth(world);
          if (await world.isStagedInPart(run)) parts++;
          if (rest === '') expect(await world.outputText()).toBe(await world.outputText(world.tables[1]));
        }
      };
      const steps = fc.array(edits, { minLength: 2, maxLength: 3 });
      const property = fc.asyncProperty(steps, fc.constantFrom('', '', 'output: false'), law);
      await fc.assert(property, { seed: SEED, numRuns: RUNS, endOnFailure: true });
      expect(parts).toBeGreaterThan(RUNS);
    },
    RUNS * 60_000,
  );
});

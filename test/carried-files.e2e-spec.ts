import { appendFile, copyFile, readdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { afterAll, afterEach, beforeAll, describe, expect, it, jest } from '@jest/globals';
import fc from 'fast-check';
import { TransientError } from '../src/errors.js';
import type { LoadRequest, LoadResult } from '../src/loader/load.js';
import { LoaderService } from '../src/loader/loader.service.js';
import { query, type Service, until } from './jobs-support.js';
import type { TestApp } from './support.js';
import { BIG, bigText, changeInside, openWorlds, runBoth, RUNS, SEED, World } from './two-pipelines.js';

let app: TestApp;
let service: Service;
let close: () => Promise<void>;

beforeAll(async () => {
  ({ app, service, close } = await openWorlds());
});

afterAll(() => close());

const A = 'id,name,amount\n1,one,1.5\n2,two,\n3,"",7\n';
const B = 'id,amount\n4,4\n5,5.25\n';
const C = 'name,id\nsix,6\ntwo,2\n';
const BAD = { 'a.csv': A, 'b.csv': `${B}x,1\n` };

describe('a file beside others that were loaded', () => {
  it('is staged alone, and all is as if every file had been', async () => {
    const world = await World.make();
    await world.write({ 'a.csv': A, 'b.csv': B });
    expect((await runBoth(world)).unchanged).toEqual([]);
    await world.write({ 'c.csv': C });
    const { run, unchanged, snapshot } = await runBoth(world);
    expect(unchanged).toEqual(['a.csv', 'b.csv']);
    expect(snapshot.counts).toEqual({ read: 7, inserted: 1, duplicate: 6, rejected: 0 });
    expect(await service.logOf(run.id, '?format=text')).toContain(
      'takes over the counts of the files that did not change',
    );
    expect(await readFile(world.output(), 'utf8')).toBe(
      'id,name,amount\n1,one,1.5\n2,two,\n3,"",7\n4,,4\n5,,5.25\n6,six,\n2,two,\n',
    );
    await world.write({ 'd.csv': 'id\n8\n' });
    expect((await runBoth(world)).unchanged).toEqual(['a.csv', 'b.csv', 'c.csv']);
  });

  interface Case {
    name: string;
    config?: string;
    before?: Record<string, string>;
    change: (world: World) => Promise<unknown>;
    unchanged: string[];
  }

  const cases: Case[] = [
    {
      name: 'that has a column of its own',
      change: (world) => world.write({ 'c.csv': 'id,more\n6,x\n' }),
      unchanged: [],
    },
    {
      name: 'that has a column of its own, without a combined CSV',
      config: 'output: false',
      change: (world) => world.write({ 'c.csv': 'id,more\n6,x\n' }),
      unchanged: ['a.csv', 'b.csv'],
    },
    {
      name: 'with values that do not fit',
      change: (world) => world.write({ 'c.csv': 'id,amount\nx,1\n6,many\n7,7\n' }),
      unchanged: ['a.csv', 'b.csv'],
    },
    {
      name: 'with values that do not fit, where the table follows them',
      config: 'contract: { type_change: widen }',
      change: (world) => world.write({ 'c.csv': 'id,amount\nx,1\n7,7\n' }),
      unchanged: [],
    },
    {
      name: 'with values that fit, where the table would follow them',
      config: 'contract: { type_change: widen }',
      change: (world) => world.write({ 'c.csv': 'id,amount\n7,7\n' }),
      unchanged: ['a.csv', 'b.csv'],
    },
    {
      name: 'with so many rejects as all files together bear',
      config: 'contract: { max_rejects: 20% }',
      change: (world) => world.write({ 'c.csv': 'id,amount\nx,1\n' }),
      unchanged: ['a.csv', 'b.csv'],
    },
    {
      name: 'with more rejects than all files together bear',
      config: 'contract: { max_rejects: 20% }',
      change: (world) => world.write({ 'c.csv': 'id,amount\nx,1\ny,2\n' }),
      unchanged: [],
    },
    {
      name: 'without a row, and one without anything',
      change: (world) => world.write({ 'c.csv': 'id\n', 'd.csv': '' }),
      unchanged: ['a.csv', 'b.csv'],
    },
    {
      name: 'that cannot be read',
      change: (world) => world.write({ 'c.csv': 'id,name\n1,"one\n' }),
      unchanged: ['a.csv', 'b.csv'],
    },
    {
      name: 'in another format, beside a copy and under other names',
      change: async (world) => {
        await world.write({
          'c.json': '[{"id": 9, "amount": 2.5}, {"id": 1, "name": "one", "amount": 1.5}]',
        });
        await copyFile(world.path('a.csv'), world.path('copy.csv'));
        await rename(world.path('b.csv'), world.path('0.csv'));
      },
      unchanged: ['0.csv', 'a.csv'],
    },
    {
      name: 'while another one has gone',
      change: (world) => Promise.all([rm(world.path('a.csv')), world.write({ 'c.csv': C })]),
      unchanged: [],
    },
    {
      name: 'while another one has gone, without a combined CSV',
      config: 'output: false',
      change: (world) => Promise.all([rm(world.path('a.csv')), world.write({ 'c.csv': C })]),
      unchanged: ['b.csv'],
    },
    {
      name: 'while another one has grown',
      change: (world) =>
        Promise.all([appendFile(world.path('a.csv'), '9,nine,9\n'), world.write({ 'c.csv': C })]),
      unchanged: [],
    },
    {
      name: 'beside one with rejects, which has another name now',
      config: 'schema: { columns: { id: bigint, amount: numeric } }',
      before: BAD,
      change: (world) =>
        Promise.all([
          world.write({ 'c.csv': `${C}seven,y\n` }),
          rename(world.path('b.csv'), world.path('0.csv')),
        ]),
      unchanged: ['0.csv', 'a.csv'],
    },
    {
      name: 'beside one with rejects, with so many that the run fails',
      config: 'schema: { columns: { id: bigint } }\ncontract: { max_rejects: 34% }',
      before: BAD,
      change: (world) => world.write({ 'c.csv': 'id\nx\ny\nz\n' }),
      unchanged: [],
    },
    {
      name: 'beside one whose rejects were removed',
      config: 'schema: { columns: { id: bigint } }',
      before: BAD,
      change: (world) => Promise.all([world.write({ 'c.csv': C }), ...world.tables.map(removeRejects)]),
      unchanged: [],
    },
    {
      name: 'beside one whose rejects were removed, without a combined CSV',
      config: 'output: false\nschema: { columns: { id: bigint } }',
      before: BAD,
      change: (world) => Promise.all([world.write({ 'c.csv': C }), ...world.tables.map(removeRejects)]),
      unchanged: ['a.csv'],
    },
    {
      name: 'under another config',
      change: (world) =>
        Promise.all([world.write({ 'c.csv': C }), world.configure('rename: { name: called }')]),
      unchanged: [],
    },
    {
      name: 'under a config that differs in nothing that matters',
      change: (world) => Promise.all([world.write({ 'c.csv': C }), world.configure('batch_rows: 1000')]),
      unchanged: ['a.csv', 'b.csv'],
    },
    {
      name: 'of a table that was dropped',
      change: (world) => Promise.all([world.write({ 'c.csv': C }), onBoth(world, 'DROP TABLE %')]),
      unchanged: [],
    },
    {
      name: 'of a table of which rows were deleted',
      change: (world) =>
        Promise.all([world.write({ 'c.csv': C }), onBoth(world, 'DELETE FROM % WHERE id = 1')]),
      unchanged: ['a.csv', 'b.csv'],
    },
    {
      name: 'of a table whose column has another type now',
      change: (world) =>
        Promise.all([world.write({ 'c.csv': C }), onBoth(world, 'ALTER TABLE % ALTER id TYPE numeric')]),
      unchanged: [],
    },
    {
      name: 'of a table that lost a column',
      change: (world) => Promise.all([world.write({ 'c.csv': C }), onBoth(world, 'ALTER TABLE % DROP name')]),
      unchanged: [],
    },
    {
      name: 'of a table that got a column which was left out of the files before',
      config: 'contract: { new_columns: ignore }\nschema: { columns: { id: bigint, amount: numeric } }',
      change: (world) =>
        Promise.all([world.write({ 'c.csv': C }), onBoth(world, 'ALTER TABLE % ADD name text')]),
      unchanged: [],
    },
    {
      name: 'of a table whose rows were forgotten for the sake of another pipeline',
      change: (world) => Promise.all([world.write({ 'c.csv': C }), ...world.tables.map(forgetRows)]),
      unchanged: [],
    },
    {
      name: 'of a table whose rows and identities somebody has taken away',
      change: (world) =>
        Promise.all([
          world.write({ 'c.csv': C }),
          onBoth(world, 'TRUNCATE %'),
          ...world.tables.map(takeIdentities),
        ]),
      unchanged: [],
    },
    {
      name: 'of a table that may refuse rows now',
      change: (world) =>
        Promise.all([
          world.write({ 'c.csv': C }),
          onBoth(world, 'ALTER TABLE % ADD CHECK (id < 6) NOT VALID'),
        ]),
      unchanged: [],
    },
    {
      name: 'where a file may not lack what the table has',
      config: 'contract: { missing_columns: reject }',
      change: (world) => world.write({ 'c.csv': C }),
      unchanged: [],
    },
    {
      name: 'where only the columns of the schema are kept',
      config: 'schema: { strict_mode: true, columns: { id: bigint, amount: numeric } }',
      change: (world) => world.write({ 'c.csv': C }),
      unchanged: ['a.csv', 'b.csv'],
    },
    {
      name: 'where a column is computed',
      config:
        'schema: { columns: { id: bigint, both: { type: text, expression: "concat(name, \':\', amount)" } } }',
      change: (world) => world.write({ 'c.csv': C }),
      unchanged: ['a.csv', 'b.csv'],
    },
    {
      name: 'where values that do not fit are NULL',
      config: "contract: { invalid_rows: 'null' }\nschema: { columns: { id: bigint } }",
      change: (world) => world.write({ 'c.csv': `${C}x,y\n` }),
      unchanged: [],
    },
    {
      name: 'where repeats are kept',
      config: 'duplicates: keep',
      change: (world) => world.write({ 'c.csv': `id,amount\n4,4\n4,4\n` }),
      unchanged: [],
    },
    {
      name: 'where a key tells rows apart',
      config: 'key: [id]',
      change: (world) => world.write({ 'c.csv': 'id\n4\n6\n' }),
      unchanged: [],
    },
    {
      name: 'where rows are brought up to date',
      config: 'write: upsert\nkey: [id]',
      change: (world) => world.write({ 'c.csv': C }),
      unchanged: [],
    },
  ];

  it.each(cases)('$name', async ({ config = '', before = { 'a.csv': A, 'b.csv': B }, change, unchanged }) => {
    const world = await World.make(config);
    await world.write(before);
    await runBoth(world);
    await change(world);
    expect((await runBoth(world)).unchanged).toEqual(unchanged);
    // And what that has left behind is something to go on from as well.
    await world.write({ 'e.csv': 'id,amount\n8,8\n' });
    await runBoth(world);
  });

  it('takes no combined CSV for one of its own that somebody has touched', async () => {
    const change: Record<string, (path: string) => Promise<unknown>> = {
      removed: (path) => rm(path),
      altered: async (path) => {
        const { size } = await stat(path);
        await writeFile(path, 'x'.repeat(size));
      },
      'without a signature': (path) => rm(path.replace(/([^/]+)$/, '.$1.signature')),
      'signed by an earlier version': async (path) => {
        const beside = path.replace(/([^/]+)$/, '.$1.signature');
        await writeFile(beside, (await readFile(beside, 'utf8')).split('\n')[0]!);
      },
    };
    const world = await World.make();
    await world.write({ 'a.csv': A });
    await runBoth(world);
    for (const [at, [how, touch]] of Object.entries(change).entries()) {
      await touch(world.output());
      await world.write({ [`${at}.csv`]: `id\n${at}0\n` });
      expect([how, (await runBoth(world)).unchanged]).toEqual([how, []]);
    }
    await world.write({ 'last.csv': C });
    expect((await runBoth(world)).unchanged).toEqual(['0.csv', '1.csv', '2.csv', '3.csv', 'a.csv']);
  });
});

async function removeRejects(pipeline: string): Promise<void> {
  await query(app.database.url, 'DELETE FROM millrace.rejects WHERE pipeline = $1', [pipeline]);
}

async function forgetRows(table: string): Promise<void> {
  const other = `other_${table}`;
  const streams = `streams: [{ table: ${table}, sources: [{ type: local, path: . }] }]`;
  await service.upload(`pipeline: ${other}\nmonitor: false\n${streams}`);
  await service.post(`/pipelines/${other}/streams/${table}/reset`, {});
}

/** As somebody does who has the database and no reset. */
async function takeIdentities(table: string): Promise<void> {
  await query(
    app.database.url,
    `DELETE FROM millrace.loaded_row_hashes h USING millrace.loaded_tables t
      WHERE t.id = h.table_id AND t.table_name = $1`,
    [table],
  );
}

async function onBoth({ tables }: World, sql: string): Promise<void> {
  for (const table of tables) await query(app.database.url, sql.replace('%', table));
}

describe('a run that takes counts over and is tried again', () => {
  let loads: jest.SpiedFunction<LoaderService['load']> | undefined;

  afterEach(() => {
    loads?.mockRestore();
  });

  type Load = (request: LoadRequest) => Promise<LoadResult>;

  function onLoad(work: (request: LoadRequest, load: Load) => Promise<LoadResult>): void {
    const loader = app.app.get(LoaderService, { strict: false });
    const load = loader.load.bind(loader);
    loads = jest.spyOn(loader, 'load').mockImplementationOnce((request) => work(request, load));
  }

  const lost = () => Promise.reject(new TransientError('LOST', 'the connection was lost'));

  const mishaps = [
    { when: 'before it has loaded', mishap: () => onLoad(lost) },
    {
      when: 'when its rows are in the table and not in the combined CSV',
      mishap: () =>
        onLoad((request, load) => {
          request.stage.combinedRows = () => {
            throw new TransientError('LOST', 'the disk was lost');
          };
          return load(request);
        }),
    },
    {
      when: 'when its combined CSV is made, and its load is not',
      mishap: () =>
        onLoad(async ({ folder }) => {
          await until(async () => (await readdir(folder)).includes('combined.csv'));
          return lost();
        }),
    },
  ];

  it.each(mishaps)('$when', async ({ mishap }) => {
    const world = await World.make();
    await world.write({ 'a.csv': A });
    await runBoth(world);
    await world.write({ 'b.csv': B });
    const { run, unchanged } = await runBoth(world, mishap);
    expect([run.attempt, unchanged]).toEqual([2, ['a.csv']]);
    await world.write({ 'c.csv': C });
    expect((await runBoth(world)).unchanged).toEqual(['a.csv', 'b.csv']);
  });

  it.each(mishaps)('$when, of a file that changed in part', async ({ mishap }) => {
    const world = await World.make();
    await world.write({ 'a.csv': bigText() });
    await runBoth(world);
    await world.write({ 'a.csv': bigText(changeInside) });
    const { run, snapshot } = await runBoth(world, mishap);
    expect([run.attempt, snapshot.counts]).toEqual([
      2,
      { read: BIG, inserted: 1, duplicate: BIG - 1, rejected: 0 },
    ]);
    expect(await world.isStagedInPart(run)).toBe(true);
    expect(await world.outputText()).toBe(await world.outputText(world.tables[1]));
  });

  it.each([
    {
      why: 'the table is another one',
      change: (table: string) => query(app.database.url, `DROP TABLE ${table}`),
    },
    { why: 'the rows of the table were forgotten', change: forgetRows },
    { why: 'the identities of the table were taken away', change: takeIdentities },
  ])('because $why when its turn comes', async ({ change }) => {
    const world = await World.make();
    await world.write({ 'a.csv': A });
    await runBoth(world);
    await world.write({ 'b.csv': B });
    const [carrying, staging] = world.tables;
    await change(staging);
    const mishap = () =>
      onLoad(async (request, load) => {
        await change(carrying);
        return load(request);
      });
    const { run, unchanged, snapshot } = await runBoth(world, mishap);
    expect([run.attempt, unchanged, snapshot.counts.inserted]).toEqual([2, [], 5]);
  });
});

describe('files that come, go and change in any order', () => {
  interface Content {
    rows: Record<string, string>[];
    /** All columns, or two of them in another order. */
    isWide: boolean;
  }

  interface Step {
    does: 'write' | 'remove' | 'rename' | 'copy';
    name: string;
    content: Content;
  }

  const row = fc.record({
    id: fc.oneof(
      { weight: 12, arbitrary: fc.integer({ min: 1, max: 12 }).map(String) },
      { weight: 1, arbitrary: fc.constant('x') },
    ),
    amount: fc.constantFrom('1', '2.5', '', '1e3'),
    name: fc.constantFrom('a', '""', '', 'ü'),
    more: fc.constantFrom('true', ''),
  });
  const content: fc.Arbitrary<Content> = fc.record({
    rows: fc.array(row, { maxLength: 5 }),
    isWide: fc.boolean(),
  });
  const step: fc.Arbitrary<Step> = fc.record({
    does: fc.constantFrom('write', 'write', 'write', 'remove', 'rename', 'copy'),
    name: fc.constantFrom('a.csv', 'b.csv', 'c.csv', 'd.csv'),
    content,
  });
  const config = fc.constantFrom(
    '',
    'output: false',
    'contract: { max_rejects: 30% }',
    'contract: { type_change: widen }',
    'contract: { new_columns: ignore }',
    'schema: { columns: { id: bigint } }',
    'schema: { strict_mode: true, columns: { id: bigint, name: text } }',
  );

  function textOf({ rows, isWide }: Content): string {
    const columns = isWide ? (['id', 'name', 'amount', 'more'] as const) : (['amount', 'id'] as const);
    const lines = rows.map((one) => columns.map((column) => one[column]).join(','));
    return [columns.join(','), ...lines, ''].join('\n');
  }

  async function apply(world: World, { does, name, content }: Step): Promise<unknown> {
    if (does === 'write') return world.write({ [name]: textOf(content) });
    if (!(await world.files()).includes(name)) return;
    const path = world.path(name);
    if (does === 'remove') return rm(path);
    if (does === 'rename') return rename(path, world.path(`was-${name}`));
    return copyFile(path, world.path(`copy-of-${name}`));
  }

  it(
    'give what they give where each run stages them all',
    async () => {
      let carried = 0;
      const law = async (rest: string, first: Content, steps: Step[]) => {
        const world = await World.make(rest);
        await world.write({ 'first.csv': textOf({ ...first, isWide: true }) });
        await runBoth(world);
        for (const one of steps) {
          await apply(world, one);
          carried += (await runBoth(world)).unchanged.length;
        }
      };
      const steps = fc.array(step, { minLength: 3, maxLength: 5 });
      const property = fc.asyncProperty(config, content, steps, law);
      await fc.assert(property, { seed: SEED, numRuns: RUNS, endOnFailure: true });
      expect(carried).toBeGreaterThan(0);
    },
    RUNS * 60_000,
  );
});

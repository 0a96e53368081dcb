import { chmod, copyFile, mkdir, rename, rm, stat, symlink, utimes, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { FileLooks } from '../src/extraction/file-looks.js';
import { LookOut, type LookResult } from '../src/jobs/look-out.js';
import { MonitorsService } from '../src/jobs/monitors.service.js';
import { RunsService } from '../src/jobs/runs.service.js';
import { StreamLooks } from '../src/jobs/stream-looks.js';
import { query, Service, until } from './jobs-support.js';
import { Looks, Watched } from './monitor-support.js';
import { createApp, type TestApp } from './support.js';

let app: TestApp;
let service: Service;
let looks: Looks;

beforeAll(async () => {
  app = await createApp();
  service = new Service(app.url);
  looks = new Looks(app);
});

afterAll(async () => {
  jest.restoreAllMocks();
  await app.close();
});

/**
 * Monitored only as long as the test goes: looks at what others left would slow it down. Tests that wait for looks and
 * change nothing but their own folder and pipeline do so side by side.
 */
async function watching(name: string, work: (watched: Watched) => Promise<void>): Promise<void> {
  const watched = new Watched(app, looks, name);
  try {
    await work(watched);
  } finally {
    await watched.end();
  }
}

describe('a change', () => {
  interface Case {
    name: string;
    change: (watched: Watched) => Promise<void>;
    /** What the look tells that finds it settled. */
    changes: object;
    example: object;
    /** What is loaded then, and what the combined CSV holds; null where nothing is to be loaded. */
    loads: { inserted: number; ids: number[]; combined: number[] } | null;
  }

  const kept = { inserted: 0, ids: [1, 2, 3] };
  const cases: Case[] = [
    {
      name: 'new',
      change: (watched) => watched.write('c.csv', 'id\n4\n'),
      changes: { new: 1 },
      example: { name: 'c.csv', change: 'new', from: null },
      loads: { inserted: 1, ids: [1, 2, 3, 4], combined: [1, 2, 3, 4] },
    },
    {
      name: 'modified',
      change: (watched) => watched.write('a.csv', 'id\n1\n7\n8\n'),
      changes: { modified: 1 },
      example: { name: 'a.csv', change: 'modified', from: null },
      loads: { inserted: 2, ids: [1, 2, 3, 7, 8], combined: [1, 3, 7, 8] },
    },
    {
      name: 'appended',
      change: (watched) => watched.append('a.csv', '5\n'),
      changes: { appended: 1 },
      example: { name: 'a.csv', change: 'appended', from: null },
      loads: { inserted: 1, ids: [1, 2, 3, 5], combined: [1, 2, 3, 5] },
    },
    {
      name: 'renamed',
      change: (watched) => rename(watched.path('a.csv'), watched.path('z.csv')),
      changes: { renamed: 1 },
      example: { name: 'z.csv', change: 'renamed', from: 'a.csv' },
      loads: null,
    },
    {
      name: 'copied, D8',
      change: (watched) => copyFile(watched.path('a.csv'), watched.path('z.csv')),
      changes: { copied: 1 },
      example: { name: 'z.csv', change: 'copied', from: 'a.csv' },
      loads: null,
    },
    {
      name: 'deleted',
      change: (watched) => rm(watched.path('a.csv')),
      changes: { deleted: 1 },
      example: { name: 'a.csv', change: 'deleted', from: null },
      loads: { ...kept, combined: [3] },
    },
    {
      name: 'D7: replaced by a file of the same size and time',
      change: async (watched) => {
        const { atime, mtime } = await stat(watched.path('a.csv'));
        await watched.write('a.csv.tmp', 'id\n1\n9\n');
        await utimes(watched.path('a.csv.tmp'), atime, mtime);
        await rename(watched.path('a.csv.tmp'), watched.path('a.csv'));
        expect((await stat(watched.path('a.csv'))).mtimeMs).toBe(mtime.getTime());
      },
      changes: { modified: 1 },
      example: { name: 'a.csv', change: 'modified', from: null },
      loads: { inserted: 1, ids: [1, 2, 3, 9], combined: [1, 3, 9] },
    },
    {
      name: 'D7: written over in place, its size and time kept',
      change: async (watched) => {
        const { atime, mtime } = await stat(watched.path('a.csv'));
        await watched.write('a.csv', 'id\n1\n9\n');
        await utimes(watched.path('a.csv'), atime, mtime);
      },
      changes: { modified: 1 },
      example: { name: 'a.csv', change: 'modified', from: null },
      loads: { inserted: 1, ids: [1, 2, 3, 9], combined: [1, 3, 9] },
    },
    {
      name: 'D19: a new file from the future',
      change: async (watched) => {
        await watched.write('c.csv', 'id\n4\n');
        await utimes(watched.path('c.csv'), 4e9, 4e9);
      },
      changes: { new: 1 },
      example: { name: 'c.csv', change: 'new', from: null },
      loads: { inserted: 1, ids: [1, 2, 3, 4], combined: [1, 2, 3, 4] },
    },
    {
      name: 'D19: appended, and its time set back',
      change: async (watched) => {
        await watched.append('a.csv', '5\n');
        await utimes(watched.path('a.csv'), 1, 1);
      },
      changes: { appended: 1 },
      example: { name: 'a.csv', change: 'appended', from: null },
      loads: { inserted: 1, ids: [1, 2, 3, 5], combined: [1, 2, 3, 5] },
    },
  ];

  it.concurrent.each(cases.map((one, index) => ({ ...one, index })))(
    '$name',
    async ({ index, change, changes, example, loads }) => {
      await watching(`change_${index}`, async (watched) => {
        await watched.write('a.csv', 'id\n1\n2\n');
        // As when both were written long ago: whole seconds, as a program would set them.
        await utimes(watched.path('a.csv'), 1_700_000_000, 1_700_000_000);
        await watched.write('b.csv', 'id\n3\n');
        await watched.begin();
        const from = watched.results().length;
        await change(watched);
        const told = Object.entries(changes).map(([how, count]) => `${how} ${count}`);
        const says = loads === null ? `${told}: nothing to load` : `changed (${told}): added run`;
        const look = await watched.looked((said) => said.startsWith(says), from);
        expect(look.saw).toMatchObject({ changes, examples: [{ source: 0, ...example }] });
        if (loads === null) {
          await watched.next(2);
          expect(await watched.monitor()).toMatchObject({ lastResult: says, saw: look.saw });
          expect(await watched.runs()).toEqual([]);
          return;
        }
        const run = await watched.loaded(1);
        expect(look.lastRunId).toBe(run.id);
        expect(run).toMatchObject({ state: 'succeeded', streams: [{ inserted: loads.inserted }] });
        expect(await watched.ids()).toEqual(loads.ids);
        expect(await watched.combined(run)).toEqual(loads.combined);
        await watched.rests();
        expect(await watched.runs()).toHaveLength(1);
      });
    },
  );
});

describe('a file that is being written', () => {
  it.concurrent('D1: is not taken as long as it grows', async () => {
    await watching('grows', async (watched) => {
      await watched.write('a.csv', 'id\n1\n');
      await watched.begin();
      let id = 2;
      await watched.write('b.csv', 'id\n2\n');
      let isWriting = true;
      watched.beforeLooks(async () => {
        if (isWriting) await watched.append('b.csv', `${++id}\n`);
      });
      const results = await watched.next(4);
      expect(await watched.runs()).toEqual([]);
      isWriting = false;
      expect(results.at(-1)).toMatchObject({
        lastResult: 'waiting: 1 file may still be being written',
        saw: { unsettled: 1, skippedExamples: [{ name: 'b.csv' }] },
      });
      const run = await watched.loaded(1);
      expect(run.streams[0]).toMatchObject({ inserted: id - 1, rejected: 0 });
      expect(await watched.ids()).toHaveLength(id);
      await watched.rests();
      expect(await watched.runs()).toHaveLength(1);
    });
  });

  it.concurrent.each([
    ['a new file', 'b.csv'],
    ['a file that is loaded', 'a.csv'],
  ])('D2: is not taken when its writer pauses in the middle of a line, %s', async (_which, file) => {
    await watching(`pauses_${file[0]}`, async (watched) => {
      await watched.write('a.csv', 'id\n1\n');
      await watched.begin();
      if (file === 'b.csv') {
        await watched.write(`${file}.tmp`, 'id\n2\n34');
        await rename(watched.path(`${file}.tmp`), watched.path(file));
      } else {
        await watched.append(file, '2\n34');
      }
      const saw = await until(async () => {
        const { saw: seen } = await watched.monitor();
        return seen?.skippedExamples[0]?.reason.includes('expected a line end') && seen;
      });
      expect(saw).toMatchObject({
        unsettled: 1,
        skippedExamples: [{ reason: expect.stringContaining('expected a line end') }],
      });
      await watched.next(2);
      expect(await watched.ids()).toEqual([1]);
      expect(await watched.runs()).toEqual([]);
      await watched.append(file, '56\n');
      await watched.loaded(1);
      expect(await watched.ids()).toEqual([1, 2, 3456]);
      await watched.rests();
      expect(await watched.runs()).toHaveLength(1);
    });
  });

  it.concurrent('is taken without a line end once it has stood still for minutes', async () => {
    await watching('endless', async (watched) => {
      await watched.write('a.csv', 'id\n1\n');
      await watched.begin();
      await watched.write('b.csv', 'id\n2\n34');
      const past = Date.now() / 1_000 - 180;
      await utimes(watched.path('b.csv'), past, past);
      await watched.loaded(1);
      expect(await watched.ids()).toEqual([1, 2, 34]);
    });
  });

  it.concurrent('holds up no other, and is left alone by the run that takes the other', async () => {
    await watching('aside', async (watched) => {
      await watched.write('a.csv', 'id\n1\n');
      await watched.begin();
      await watched.write('half.csv', 'id\n7');
      await watched.write('b.csv', 'id\n2\n');
      const run = await watched.loaded(1);
      expect(run.streams[0]).toMatchObject({ inserted: 1, fileCount: 2, skippedCount: 1 });
      expect(await watched.ids()).toEqual([1, 2]);
    });
  });

  it.concurrent('that was loaded and is a link now holds up others for a while only', async () => {
    await watching('linked', async (watched) => {
      await watched.write('a.csv', 'id\n1\n');
      await watched.write('elsewhere.txt', 'id\n1\n');
      await watched.begin(`sources: [{ type: local, path: linked, include: ['*.csv'] }]`, '2s');
      await symlink(watched.path('elsewhere.txt'), watched.path('a.csv.tmp'));
      await rename(watched.path('a.csv.tmp'), watched.path('a.csv'));
      await watched.write('b.csv', 'id\n2\n');
      await watched.looked((says) => says.startsWith('new 1; waiting: 1 file that a run had before'));
      await watched.loaded(1);
      expect(await watched.ids()).toEqual([1, 2]);
    });
  });

  it.concurrent('D3: is ignored under a name for unfinished files, until it has its own', async () => {
    await watching('unfinished', async (watched) => {
      await watched.write('a.csv', 'id\n1\n');
      await watched.begin(`sources: [{ type: local, path: unfinished, include: ['*'] }]`);
      const names = ['b.csv.tmp', 'b.csv.part', 'b.csv.crdownload', 'b.csv~', '.b.csv', '.hidden/b.csv'];
      for (const [index, name] of names.entries()) await watched.write(name, `id\n${index + 2}\n`);
      await watched.next(3);
      expect(await watched.monitor()).toMatchObject({
        lastResult: 'unchanged',
        saw: { files: 1, unsettled: 0, skipped: 0 },
      });
      await rename(watched.path('b.csv.part'), watched.path('b.csv'));
      await watched.loaded(1);
      expect(await watched.ids()).toEqual([1, 3]);
    });
  });
});

describe('a monitor goes on by itself', () => {
  it.concurrent('D10: when its folder is away, or a file stands in its place', async () => {
    await watching('away', async (watched) => {
      await watched.write('a.csv', 'id\n1\n');
      await watched.begin();
      await rename(watched.path(), watched.path('../elsewhere'));
      const gone = await watched.looked((says) => says.startsWith('failed: PATH_MISSING: path: expected'));
      expect(gone.saw).toBeNull();
      await writeFile(watched.path(), 'not a folder\n');
      await watched.looked((says) => says.includes('expected "away" to be a folder as before, got a file'));
      await rm(watched.path());
      await rename(watched.path('../elsewhere'), watched.path());
      await watched.looked((says) => says === 'unchanged');
      expect(await watched.runs()).toEqual([]);
    });
  });

  it('D9: when it may not read the folder, or a file', async () => {
    const isRoot = process.getuid?.() === 0;
    await watching('forbidden', async (watched) => {
      await watched.write('a.csv', 'id\n1\n');
      await watched.write('b.csv', 'id\n2\n');
      await watched.begin();
      await chmod(dirname(app.dataRoot), 0o755);
      // Root may read anything, so it looks as another user.
      if (isRoot) process.seteuid?.(65_534);
      const asOwner = async (change: () => Promise<void>) => {
        if (isRoot) process.seteuid?.(0);
        await change();
        if (isRoot) process.seteuid?.(65_534);
      };
      try {
        await asOwner(() => chmod(watched.path('b.csv'), 0));
        const file = await watched.looked((says) =>
          says.includes('1 file that a run had before cannot be read'),
        );
        expect(file.saw).toMatchObject({ files: 1, skipped: 1, changes: {} });
        await asOwner(() => chmod(watched.path(), 0));
        await watched.looked((says) => /^failed: PATH_UNREADABLE: .*EACCES/.test(says));
        await asOwner(() => chmod(watched.path(), 0o755));
        await asOwner(() => chmod(watched.path('b.csv'), 0o644));
        await watched.looked((says) => says === 'unchanged');
      } finally {
        if (isRoot) process.seteuid?.(0);
      }
      expect(await watched.runs()).toEqual([]);
    });
  });

  it.concurrent('when the newest config is wrong, and when it is mended', async () => {
    await watching('broken', async (watched) => {
      await watched.write('a.csv', 'id\n1\n');
      await watched.begin();
      const head = 'pipeline: broken\nmonitor: { every: 1s }\n';
      await service.upload(`${head}sources: [{ type: local, path: nowhere }]\n`);
      await watched.looked((says) => says.startsWith('failed: PATH_MISSING'));
      await watched.append('a.csv', '2\n');
      await service.upload(`${head}sources: [{ type: local, path: broken }]\n`);
      expect(await watched.loaded(1)).toMatchObject({ configVersion: 3, state: 'succeeded' });
      expect(await watched.ids()).toEqual([1, 2]);
    });
  });

  it('when the service database is away for a while', async () => {
    await watching('offline', async (watched) => {
      await watched.write('a.csv', 'id\n1\n');
      await watched.begin();
      const admin = process.env['TEST_DATABASE_URL']!;
      const { database } = app.database.connection;
      await query(admin, `ALTER DATABASE ${database} ALLOW_CONNECTIONS false`);
      try {
        await query(admin, 'SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = $1', [
          database,
        ]);
        const monitors = app.app.get<{ lookAtDue(): Promise<void> }>(MonitorsService, { strict: false });
        const tries = jest.spyOn(monitors, 'lookAtDue');
        await until(() => tries.mock.results.length > 8);
        const failed = tries.mock.results.map(({ value }) => value as Promise<void>);
        expect((await Promise.allSettled(failed)).map(({ status }) => status)).toContain('rejected');
      } finally {
        await query(admin, `ALTER DATABASE ${database} ALLOW_CONNECTIONS true`);
      }
      await watched.append('a.csv', '2\n');
      await watched.loaded(1);
      expect(await watched.ids()).toEqual([1, 2]);
    });
  });

  it.concurrent('with several streams and sources, each file told by its own', async () => {
    await watching('several', async (watched) => {
      for (const folder of ['x', 'y', 'z']) await watched.write(`${folder}/a.csv`, 'id\n1\n');
      const source = (folder: string) => `{ type: local, path: several/${folder} }`;
      await watched.begin(
        `streams:
  - { table: several_one, sources: [${source('x')}, ${source('y')}] }
  - { table: several_two, sources: [${source('z')}] }`,
      );
      await watched.write('y/b.csv.tmp', 'id\n2\n');
      await Promise.all([
        rename(watched.path('y/b.csv.tmp'), watched.path('y/b.csv')),
        rename(watched.path('z/a.csv'), watched.path('z/b.csv')),
      ]);
      const look = await watched.looked((says) => says.startsWith('changed (new 1, renamed 1)'));
      expect(look.saw).toMatchObject({
        files: 4,
        examples: [
          { table: 'several_one', source: 1, name: 'b.csv', change: 'new' },
          { table: 'several_two', source: 0, name: 'b.csv', change: 'renamed', from: 'a.csv' },
        ],
      });
      await watched.loaded(1);
      expect(await watched.ids('several_one')).toEqual([1, 2]);
      expect(await watched.ids('several_two')).toEqual([1]);
    });
  });
});

/** The script behind `npm run check:monitor` does the same with 50,000. */
const FILES = 60;

describe('an unchanged folder', () => {
  it('D16: costs no more than to list it, however many files it holds, and holds up no other', async () => {
    await watching('many', async (many) => {
      await mkdir(many.path(), { recursive: true });
      for (let id = 1; id <= FILES; id++) await writeFile(many.path(`${id}.csv`), `id\n${id}\n`);
      await many.begin();
      const find = jest.spyOn(app.app.get(FileLooks, { strict: false }), 'find');
      const compare = jest.spyOn(app.app.get(RunsService, { strict: false }), 'newestThatLooked');
      const unchanged = await many.next(2);
      expect(unchanged).toEqual([{ everySeconds: 1 }, { everySeconds: 1 }]);
      expect(find).not.toHaveBeenCalled();
      expect(compare).not.toHaveBeenCalled();
      expect(await many.monitor()).toMatchObject({
        lastResult: 'unchanged',
        saw: { files: FILES, changes: {} },
      });
      await watching('few', async (few) => {
        await few.write('a.csv', 'id\n1\n');
        await few.begin();
        await few.append('a.csv', '2\n');
        await few.loaded(1);
      });
      await many.write('new.csv', 'id\n0\n');
      expect((await many.loaded(1)).streams[0]).toMatchObject({ inserted: 1, fileCount: FILES + 1 });
    });
  });
});

describe('a look that ends late', () => {
  const late = (work: () => Promise<LookResult | null>) => {
    const lookOut = app.app.get(LookOut, { strict: false });
    const done = Promise.withResolvers<void>();
    jest.spyOn(lookOut, 'look').mockImplementationOnce(() => work().finally(done.resolve));
    return done.promise;
  };

  it('does not end a monitor that was begun anew meanwhile', async () => {
    await watching('anew', async (watched) => {
      await watched.write('a.csv', 'id\n1\n');
      await watched.begin();
      await late(async () => {
        await service.run({ pipeline: 'anew' });
        return null;
      });
      await watched.next(1);
      expect(await service.get('/monitors/anew')).toMatchObject({ status: 200 });
      await late(() => Promise.resolve(null));
      await until(async () => (await service.get('/monitors/anew')).status === 404);
    });
  });

  it('adds no run where another has loaded meanwhile what it saw', async () => {
    await watching('loaded', async (watched) => {
      await watched.write('a.csv', 'id\n1\n');
      await watched.begin();
      const streamLooks = app.app.get(StreamLooks, { strict: false });
      const compare = streamLooks.compare.bind(streamLooks);
      let isLoaded = false;
      jest.spyOn(streamLooks, 'compare').mockImplementation(async (before, look, signal) => {
        const differences = await compare(before, look, signal);
        if (isLoaded || !look.isWhole || differences.length === 0) return differences;
        isLoaded = true;
        await service.run({ pipeline: 'loaded', monitor: false });
        return differences;
      });
      await watched.append('a.csv', '2\n');
      await watched.looked((says) => says === 'waiting: a run was added meanwhile');
      await watched.rests();
      expect(await watched.runs()).toEqual([]);
      expect(await watched.ids()).toEqual([1, 2]);
    });
  });

  it('does not bring back an interval that was set anew meanwhile', async () => {
    await watching('interval', async (watched) => {
      await watched.write('a.csv', 'id\n1\n');
      await watched.begin();
      await late(async () => {
        await service.upload(
          'pipeline: interval\nmonitor: { every: 2s }\nsources: [{ type: local, path: interval }]\n',
        );
        await service.run({ pipeline: 'interval' });
        return { everySeconds: 1, lastResult: 'late' };
      });
      const said: unknown[] = [];
      await until(async () => {
        const { everySeconds, lastResult } = await watched.monitor();
        said.push(lastResult, everySeconds);
        return watched.results().at(-1)?.everySeconds === 2;
      });
      expect(said).not.toContain('late');
      expect(said).not.toContain(1);
    });
  });
});

describe('GET /monitors', () => {
  it('shows one pipeline, or says that it is not monitored', async () => {
    await watching('shown', async (watched) => {
      await watched.write('a.csv', 'id\n1\n');
      await watched.begin();
      const monitor = await until(async () => {
        const seen = await watched.monitor();
        return seen.lastResult === 'unchanged' && seen;
      });
      expect(monitor).toEqual({
        pipeline: 'shown',
        everySeconds: 1,
        lastLookAt: expect.any(String),
        nextLookAt: expect.any(String),
        lastResult: 'unchanged',
        lastRunId: null,
        saw: {
          runId: expect.any(String),
          files: 1,
          bytes: 5,
          unsettled: 0,
          skipped: 0,
          changes: {},
          examples: [],
          skippedExamples: [],
          waitingSince: null,
        },
      });
      const { body } = await service.get<{ items: object[] }>('/monitors');
      expect(body.items).toMatchObject([{ pipeline: 'shown' }]);
    });
    expect(await service.get('/monitors/shown')).toMatchObject({
      status: 404,
      body: { code: 'MONITOR_NOT_FOUND', detail: 'expected a pipeline that is monitored, got "shown"' },
    });
  });
});

import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { SchedulerRegistry } from '@nestjs/schedule';
import fc from 'fast-check';
import { listLiveSources } from '../src/jobs/live-sources.js';
import { PipelinesService } from '../src/jobs/pipelines.service.js';
import { RetentionSweep } from '../src/jobs/retention-sweep.js';
import { RetentionService } from '../src/jobs/retention.service.js';
import { RunsService } from '../src/jobs/runs.service.js';
import { Service, until } from './jobs-support.js';
import { Past, type PastRun } from './retention-support.js';
import { createApp, type TestApp } from './support.js';

const KEEP = { MILLRACE_KEEP_DAYS: '30', MILLRACE_KEEP_RUNS: '5', MILLRACE_KEEP_REJECTS: '50' };
const TOKENS = { API_CLIENT: 'client', API_TOKEN_A: 'refresh-a', API_TOKEN_B: 'refresh-b' };

let app: TestApp;
let service: Service;
let past: Past;
beforeAll(async () => {
  app = await createApp({ env: { ...KEEP, ...TOKENS } });
  service = new Service(app.url);
  past = await Past.open(app);
  // Its own sweep, minutes after the start, would take what a test is about to count.
  clearInterval(app.app.get(SchedulerRegistry).getInterval('retention') as NodeJS.Timeout);
  await mkdir(join(app.dataRoot, 'inbox'));
  await writeFile(join(app.dataRoot, 'inbox/a.csv'), 'id,amount\n1,1.5\n2,x\n');
  // Makes the tables of the target.
  await service.upload(config('first'));
  await service.run({ pipeline: 'first' });
});
afterEach(() => void jest.restoreAllMocks());
afterAll(async () => {
  await past.close();
  await app.close();
});

const config = (pipeline: string, more = '') => `
pipeline: ${pipeline}
monitor: false
streams:
  - table: ${pipeline}
    sources: [{ type: local, path: inbox }]
    schema: { columns: { id: integer, amount: 'numeric(12,2)' } }
    contract: { max_rejects: 90% }
    output: ${pipeline}.csv
${more}`;

const retention = (one = app) => one.app.get(RetentionService, { strict: false });

describe('runs', () => {
  interface Planned {
    age: number;
    state: string;
    /** Which of the runs before it this one replays. */
    replays: number | null;
    hasLooked: boolean;
  }
  const STATES = ['succeeded', 'failed', 'cancelled', 'queued', 'running'];
  const planned = fc.record<Planned>({
    age: fc.integer({ min: 0, max: 60 }).map((days) => days + 0.5),
    state: fc.constantFrom(...STATES, 'succeeded', 'failed'),
    replays: fc.option(fc.nat(20), { freq: 4 }),
    hasLooked: fc.boolean(),
  });

  // Some pipelines have not run for a long time.
  const plans = fc
    .tuple(fc.array(planned, { maxLength: 14 }), fc.constantFrom(0, 0, 31))
    .map(([plan, idle]) => plan.map((run) => ({ ...run, age: run.age + idle })));
  const NAME_SCHEDULED = `INSERT INTO millrace.schedules (pipeline, cron, timezone, created_at, last_slot, last_run_id)
    VALUES ($1, '0 0 1 1 *', 'UTC', now(), now(), $2)`;
  const NAME_LOOKED = `INSERT INTO millrace.monitors (pipeline, every_seconds, next_look_at, last_run_id)
    VALUES ($1, 86400, now() + interval '1 day', $2)`;

  /** The oldest first. */
  function toRuns(pipeline: string, plan: Planned[]) {
    const runs: (Required<Pick<PastRun, 'id' | 'state' | 'replayOf' | 'hasLooked'>> & PastRun)[] = [];
    for (const { age, state, replays, hasLooked } of plan.sort((a, b) => b.age - a.age)) {
      const replayOf = replays === null || runs.length === 0 ? null : runs[replays % runs.length]!.id;
      runs.push({ pipeline, id: past.id(age), age, state, replayOf, hasLooked });
    }
    return runs;
  }

  it('stay while they are young and few, open, or what the monitor compares with', async () => {
    let round = 0;
    const law = fc.asyncProperty(plans, fc.nat(20), fc.nat(20), async (plan, slot, looked) => {
      const pipeline = `law_${(round += 1)}`;
      const runs = toRuns(pipeline, plan);
      await past.addRuns(runs);
      const named = { schedule: runs[slot]?.id ?? null, monitor: runs[looked]?.id ?? null };
      await past.sql(NAME_SCHEDULED, [pipeline, named.schedule]);
      await past.sql(NAME_LOOKED, [pipeline, named.monitor]);
      await past.sweep();
      const newest = runs.toReversed();
      const isOpen = ({ state }: { state: string }) => state === 'queued' || state === 'running';
      const spared = [
        newest[0]?.id,
        newest.find(({ replayOf }) => replayOf === null)?.id,
        newest.find(({ replayOf, state }) => replayOf === null && state === 'succeeded')?.id,
        newest.find(({ replayOf, hasLooked }) => replayOf === null && hasLooked)?.id,
        named.schedule,
        named.monitor,
        ...runs.filter(isOpen).flatMap(({ id, replayOf }) => [id, replayOf]),
      ];
      const stay = newest.filter(({ id, age }, rank) => spared.includes(id) || (age < 30 && rank < 5));
      expect(await past.runs(pipeline)).toEqual(stay.map(({ id }) => id));
      await past.sql('DELETE FROM millrace.runs WHERE pipeline = $1', [pipeline]);
    });
    await fc.assert(law, { numRuns: 40, endOnFailure: true });
    expect(round).toBe(40);
  });

  it('are as old as their end: one that waited long is not old', async () => {
    const waited = await past.run({ pipeline: 'waited', age: 40, finishedAge: 1 });
    const old = await past.run({ pipeline: 'waited', age: 39, finishedAge: 38 });
    const newest = await past.run({ pipeline: 'waited', age: 0 });
    await past.sweep();
    expect(await past.runs('waited')).toEqual([newest, waited]);
    expect(await service.get(`/runs/${old}`)).toMatchObject({ status: 404 });
  });

  it('list their files while they are among the newest hundred, or what the monitor compares with', async () => {
    const succeeded = await past.run({ pipeline: 'listed', age: 20 });
    const dropped = await past.run({ pipeline: 'listed', age: 19, state: 'failed' });
    const open = await past.run({ pipeline: 'listed', age: 18, state: 'running' });
    const hundred = Array.from({ length: 100 }, (_, n) => 17 - n / 100);
    await past.addRuns(hundred.map((age) => ({ pipeline: 'listed', age, state: 'failed' })));
    const report = await past.sweep({ runs: 1_000 });
    expect(report).toMatchObject({ fileLists: 1 });
    const listed = await past.sql(
      `SELECT id, jsonb_array_length(files) AS files FROM millrace.runs WHERE id = ANY ($1) ORDER BY id`,
      [[succeeded, dropped, open]],
    );
    expect(listed).toEqual([
      { id: succeeded, files: 1 },
      { id: dropped, files: 0 },
      { id: open, files: 1 },
    ]);
    expect(await past.sweep({ runs: 1_000 })).toMatchObject({ runs: 0, fileLists: 0 });
    await past.finish(open);
  });

  it('that finish while they are swept are not lost', async () => {
    for (let round = 0; round < 10; round++) {
      const pipeline = `race_${round}`;
      const eight = Array.from({ length: 8 }, (_, n) => ({ pipeline, age: 90 - n }));
      const ids = await past.addRuns(eight);
      const open = await past.run({ pipeline, age: 80, state: 'running' });
      await Promise.all([past.sweep(), past.finish(open, 'succeeded')]);
      const left = await past.runs(pipeline);
      expect(left[0]).toBe(open);
      // The one before it was the newest that had succeeded, perhaps until a moment ago.
      expect([[], [ids[7]]]).toContainEqual(left.slice(1));
      await past.sql('DELETE FROM millrace.runs WHERE pipeline = $1', [pipeline]);
    }
  });
});

describe('files of a home', () => {
  it('logs go by age, the oldest beyond the size; never that of an open run', async () => {
    const pipeline = 'logged';
    const day = '2026-01-02';
    const ids = {
      open: await past.run({ pipeline, age: 70, state: 'running' }),
      old: await past.run({ pipeline, age: 3 }),
      big1: await past.run({ pipeline, age: 2.5 }),
      big2: await past.run({ pipeline, age: 2 }),
      young: await past.run({ pipeline, age: 1 }),
      goneOld: past.id(40),
      gone: past.id(1),
    };
    const log = (name: keyof typeof ids) => `${day}-${ids[name]}.log`;
    await past.file(`logs/${log('open')}`, { age: 70, bytes: 2_000_000 });
    await past.file(`logs/${log('old')}`, { age: 31 });
    await past.file(`logs/${log('big1')}`, { age: 2, bytes: 600_000 });
    await past.file(`logs/${log('big2')}`, { age: 2, bytes: 600_000 });
    await past.file(`logs/${log('young')}`, { age: 29, bytes: 10 });
    await past.file(`logs/${log('goneOld')}`, { age: 31, bytes: 5 });
    await past.file(`logs/${log('gone')}`, { age: 29, bytes: 5 });
    await past.file('logs/notes.txt', { age: 400 });
    const { logs, failures } = await past.sweep({ logMegabytes: 1 });
    expect(logs).toEqual({ count: 3, bytes: 600_006 });
    expect(failures.filter(({ what }) => what === 'logs')).toEqual([]);
    const left = await past.names('logs');
    expect(left.filter((name) => name.startsWith(day) || name === 'notes.txt')).toEqual(
      [log('open'), log('big2'), log('young'), log('gone'), 'notes.txt'].sort(),
    );
    await past.sql(`UPDATE millrace.runs SET state = 'failed', finished_at = now() WHERE id = $1`, [
      ids.open,
    ]);
  });

  it('folders and half-written files go when their run is over', async () => {
    const open = await past.run({ pipeline: 'staged', age: 1, state: 'queued' });
    const over = await past.run({ pipeline: 'staged', age: 0.5, state: 'failed' });
    for (const id of [open, over]) {
      await past.file(`runs/${id}/landed/0-0/a.csv`, { bytes: 7 });
      await past.file(`output/staged/.a.csv.${id}.tmp`, { bytes: 11 });
    }
    expect((await past.sweep()).leftovers).toEqual({ count: 2, bytes: 18 });
    expect(await past.names('runs')).toEqual([open]);
    expect(await past.names('output/staged')).toEqual([`.a.csv.${open}.tmp`]);
  });

  describe('combined CSVs', () => {
    const put = async (pipeline: string, name: string, age = 0) => {
      await past.file(`output/${pipeline}/${name}`, { age, bytes: 3 });
      await past.file(`output/${pipeline}/.${name}.signature`, { age });
    };

    it('go when no run names them any more', async () => {
      await past.run({ pipeline: 'written', age: 31, output: 'unnamed.csv' });
      await past.run({ pipeline: 'written', age: 3, output: 'named.csv' });
      await past.run({ pipeline: 'written', age: 2, state: 'failed', output: 'named-by-failed.csv' });
      for (const name of ['unnamed.csv', 'named.csv', 'named-by-failed.csv']) await put('written', name, 60);
      await past.file('output/written/somebody-elses.csv');
      await past.file('output/written/forgotten.csv', { age: 31, bytes: 4 });
      await past.file('output/written/folder/deep.csv', { age: 31 });
      expect((await past.sweep()).outputs).toEqual({ count: 2, bytes: 7 });
      expect(await past.names('output/written')).toEqual(
        ['named.csv', 'named-by-failed.csv']
          .flatMap((name) => [name, `.${name}.signature`])
          .concat('folder', 'somebody-elses.csv')
          .sort(),
      );
    });

    it('of a pipeline that another database knows go only by age', async () => {
      await put('foreign', 'young.csv', 29);
      await put('foreign', 'old.csv', 31);
      expect((await past.sweep()).outputs).toEqual({ count: 1, bytes: 3 });
      expect(await past.names('output/foreign')).toEqual(['.young.csv.signature', 'young.csv']);
    });

    it('stay while a run may be about to write them', async () => {
      await put('about', 'new.csv');
      const open = await past.run({ pipeline: 'about', age: 0, state: 'running' });
      expect((await past.sweep()).outputs.count).toBe(0);
      await past.finish(open);
      expect((await past.sweep()).outputs.count).toBe(1);
    });

    it('stay when a run is added while the sweep waits for its turn', async () => {
      await put('turn', 'new.csv');
      const runs = app.app.get(RunsService, { strict: false });
      const [begun, gate] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
      const adding = runs.exclusively('turn', async () => {
        begun.resolve();
        await gate.promise;
        await past.run({ pipeline: 'turn', age: 0, state: 'queued' });
      });
      await begun.promise;
      const sweeping = past.sweep();
      await until(async () => (await past.sql(WAITING)).length > 0);
      gate.resolve();
      await adding;
      expect((await sweeping).outputs.count).toBe(0);
      expect(await past.names('output/turn')).toContain('new.csv');
    });
    const WAITING = `SELECT FROM pg_locks WHERE locktype = 'advisory' AND NOT granted
      AND database = (SELECT oid FROM pg_database WHERE datname = current_database())`;
  });
});

describe('target databases', () => {
  const rejectsOf = (pipeline: string) =>
    past.sql<{ runId: string; count: number }>(
      `SELECT run_id AS "runId", count(*)::int AS count FROM millrace.rejects WHERE pipeline = $1 GROUP BY 1 ORDER BY 1`,
      [pipeline],
    );

  beforeEach(async () => {
    await past.sql(
      'DELETE FROM millrace.rejects; DELETE FROM millrace.reject_files; DELETE FROM millrace.loads',
    );
  });

  const known = async (pipeline: string) => {
    await service.upload(config(pipeline));
    await past.run({ pipeline, age: 0 });
  };

  it('keep the youngest rejects of each pipeline, those of open runs and what is being taken up again', async () => {
    await known('rejecting');
    const pipeline = 'rejecting';
    const [old, taken, open, some, newest] = [40, 39, 38, 3, 2].map((age) => past.id(age)) as [
      string,
      string,
      string,
      string,
      string,
    ];
    await past.run({ pipeline, age: 1, state: 'queued', replayOf: taken });
    await past.sql(
      `INSERT INTO millrace.runs (id, pipeline, config_version, trigger, state, queued_at) VALUES ($1, $2, 1, 'manual', 'running', now())`,
      [open, pipeline],
    );
    for (const runId of [old, taken, open]) await past.rejects({ pipeline, runId, count: 4 });
    await past.rejects({ pipeline, runId: some, count: 10, file: 'first.csv' });
    await past.rejects({ pipeline, runId: some, count: 20 });
    await past.rejects({ pipeline, runId: newest, count: 35 });
    // Of a pipeline that this service does not know.
    const far = past.id(40);
    await past.rejects({ pipeline: 'elsewhere', runId: far, count: 3 });
    expect(await past.sweep()).toMatchObject({ rejects: 19 });
    expect(await rejectsOf(pipeline)).toEqual([
      { runId: taken, count: 4 },
      { runId: open, count: 4 },
      { runId: some, count: 15 },
      { runId: newest, count: 35 },
    ]);
    expect(await rejectsOf('elsewhere')).toHaveLength(1);
    const files = await past.sql<{ file: string }>(
      `SELECT run_id || ' ' || file AS file FROM millrace.reject_files ORDER BY id`,
    );
    expect(files.map(({ file }) => file)).toEqual([
      `${taken} a.csv`,
      `${open} a.csv`,
      `${some} a.csv`,
      `${newest} a.csv`,
      `${far} a.csv`,
    ]);
    expect(await past.sweep()).toMatchObject({ rejects: 0 });
  });

  it('keep the newest loads of each table, and always what the next run compares with', async () => {
    await known('loading');
    const pipeline = 'loading';
    const [, compared] = await past.addLoads([60, 50].map((age) => ({ pipeline, age })));
    const replays = await past.addLoads([45, 40, 3, 2, 1].map((age) => ({ pipeline, age, isReplay: true })));
    const [alone] = await past.addLoads([{ pipeline, age: 90, table: 'alone' }]);
    const [, replay] = await past.addLoads(
      [90, 80].map((age) => ({ pipeline, age, table: 'replayed', isReplay: true })),
    );
    const many = await past.addLoads(
      [8, 7, 6, 5, 4, 3, 2, 1].map((age) => ({ pipeline, age, table: 'many' })),
    );
    const others = await past.addLoads([90, 80].map((age) => ({ pipeline: 'elsewhere', age })));
    expect(await past.sweep()).toMatchObject({ loads: 5 });
    const left = await past.sql<{ id: string }>('SELECT id FROM millrace.loads');
    expect(left.map(({ id }) => id)).toEqual(
      expect.arrayContaining([compared, ...replays, alone, replay, ...many.slice(-5), ...others]),
    );
    expect(left).toHaveLength(15);
    expect(await past.sql('SELECT FROM millrace.load_files')).toHaveLength(30);
  });

  it('list the files of the newest hundred loads of each table', async () => {
    await known('filed');
    const ages = Array.from({ length: 125 }, (_, n) => 20 - n / 100);
    const loads = await past.addLoads(ages.map((age) => ({ pipeline: 'filed', age })));
    expect(await past.sweep({ runs: 1_000 })).toMatchObject({ loads: 0, loadFiles: 50 });
    const [oldest] = await past.sql<{ id: string }>(
      'SELECT l.id FROM millrace.loads l JOIN millrace.load_files f ON f.load_id = l.id ORDER BY l.committed_at LIMIT 1',
    );
    expect(oldest!.id).toBe(loads[25]);
  });

  it('that do not answer do not stop the others', async () => {
    await service.upload(
      config('dead', 'target: { host: 127.0.0.1, port: 1, user: u, password: p, database: d }'),
    );
    await past.run({ pipeline: 'dead', age: 0 });
    await known('zealous');
    await past.rejects({ pipeline: 'zealous', runId: past.id(40), count: 2 });
    const { rejects, failures } = await past.sweep();
    expect(rejects).toBe(2);
    expect(failures).toContainEqual({
      what: 'target of dead',
      error: expect.objectContaining({ code: 'CONNECTION_LOST' }),
    });
  });

  it('forget old cursors and refresh tokens of sources that no newest config has', async () => {
    const url = 'https://api.example.com/r';
    const auth = (token: string) =>
      `{ type: oauth2_refresh_token, token_url: 'https://l.example.com/t', client_id: '\${API_CLIENT}', refresh_token: '\${${token}}' }`;
    const api = (table: string, from: string, token: string) =>
      `  - table: ${table}\n    sources: [{ type: api, url: '${from}', cursor: { field: id, param: since }, auth: ${auth(token)} }]\n`;
    const config = (...streams: string[]) => `pipeline: keeps\nmonitor: false\nstreams:\n${streams.join('')}`;
    await known('keeps');
    await service.upload(config(api('kept_t', url, 'API_TOKEN_A'), api('gone_t', url, 'API_TOKEN_B')));
    await service.upload(config(api('kept_t', url, 'API_TOKEN_A')));
    const pipelines = app.app.get(PipelinesService, { strict: false });
    const [now, before] = await Promise.all(
      [3, 2].map(async (version) =>
        listLiveSources(pipelines.streams(await pipelines.open('keeps', version))),
      ),
    );
    const key = now!.cursors[0]!.sourceKey;
    await past.sql(
      `WITH tables AS (INSERT INTO millrace.loaded_tables (schema_name, table_name, table_oid, registry_oid)
         SELECT 'public', name, 1, 1 FROM unnest(ARRAY['kept_t', 'gone_t']) name RETURNING id, table_name)
       INSERT INTO millrace.api_cursors (table_id, pipeline, source_key, partition_hash, partition, value, run_id, updated_at)
       SELECT id, 'keeps', key, table_name || key || age, '', table_name || age || CASE key WHEN $1 THEN '' ELSE 'other' END, 'r', now() - age * interval '1 day'
         FROM tables, unnest(ARRAY[$1, 'other']) key, unnest(ARRAY[31, 29]) age`,
      [key],
    );
    await past.sql(
      `INSERT INTO millrace.api_tokens SELECT owner || CASE age WHEN 31 THEN '' ELSE 'x' END, 's', now() - age * interval '1 day' FROM unnest($1::text[]) owner, unnest(ARRAY[31, 29]) age`,
      [before!.tokenOwners],
    );
    expect(await past.sweep()).toMatchObject({ cursors: 3, tokens: 1 });
    const left = await past.sql<{ value: string }>('SELECT value FROM millrace.api_cursors ORDER BY 1');
    expect(left.map(({ value }) => value)).toEqual([
      'gone_t29',
      'gone_t29other',
      'kept_t29',
      'kept_t29other',
      'kept_t31',
    ]);
    const tokens = await past.sql<{ owner: string }>(
      `SELECT owner FROM millrace.api_tokens WHERE owner NOT LIKE '%x'`,
    );
    expect(tokens.map(({ owner }) => owner)).toEqual(now!.tokenOwners);
  });

  it('forget files that were set aside long ago for a config that was replaced', async () => {
    await known('aside');
    await service.upload(config('aside'));
    const insert = `INSERT INTO millrace.set_aside_files VALUES ('aside', $1, 'orders', $2, 'a.csv', $3, 'died', now() - $4::int * interval '1 day')`;
    for (const [version, age] of [
      [1, 31],
      [1, 29],
      [2, 31],
    ] as const) {
      await past.sql(insert, [version, `${version} ${age}`, past.id(age), age]);
    }
    expect(await past.sweep()).toMatchObject({ setAsideFiles: 1 });
    const left = await past.sql('SELECT fingerprint FROM millrace.set_aside_files ORDER BY 1');
    expect(left).toEqual([{ fingerprint: '1 29' }, { fingerprint: '2 31' }]);
  });
});

describe('a sweep of everything', () => {
  it('leaves what monitor and runs compare with: unchanged, 0 rows, the combined CSV in place', async () => {
    await service.upload(config('real').replace('monitor: false', 'monitor: { every: 1s }'));
    for (let n = 0; n < 3; n++) await service.run({ pipeline: 'real' });
    const everything = { days: 0, runs: 1, rejects: 0, logMegabytes: 0 };
    const { runs, rejects, logs } = await past.sweep(everything);
    expect(runs).toBeGreaterThanOrEqual(2);
    expect(rejects).toBeGreaterThanOrEqual(1);
    expect(logs.count).toBeGreaterThanOrEqual(1);
    const swept = new Date().toISOString();
    const monitor = await until(async () => {
      const { body } = await service.get<{ items: Record<string, string>[] }>('/monitors');
      return body.items.find(({ pipeline, lastLookAt }) => pipeline === 'real' && (lastLookAt ?? '') > swept);
    });
    expect(monitor['lastResult']).toBe('unchanged');
    await service.call('DELETE', '/monitors/real');
    const again = await service.run({ pipeline: 'real', monitor: false });
    expect(again.streams[0]).toMatchObject({ state: 'unchanged', inserted: 0, rowBytes: 0 });
    const output = await service.get<string>(`/runs/${again.id}/output/real`);
    expect([output.status, output.body]).toEqual([200, 'id,amount\n1,1.50\n']);
    expect(await past.sql('SELECT id, amount FROM "real"')).toHaveLength(1);
  });

  it('is done by one process at a time', async () => {
    const env = {
      DATABASE_URL: app.database.url,
      MILLRACE_HOME: app.home,
      MILLRACE_DATA_ROOTS: app.dataRoot,
    };
    const other = await createApp({ env: { ...KEEP, ...env } });
    try {
      const gate = Promise.withResolvers<void>();
      const slow = app.app.get(RetentionSweep, { strict: false });
      const sweep = slow.sweep.bind(slow);
      const spy = jest.spyOn(slow, 'sweep').mockImplementation(async (signal) => {
        await gate.promise;
        return sweep(signal);
      });
      const first = retention().sweep();
      await until(() => spy.mock.calls.length > 0);
      expect(await retention(other).sweep()).toBeNull();
      gate.resolve();
      expect(await first).not.toBeNull();
      expect(await retention(other).sweep()).not.toBeNull();
    } finally {
      await other.close();
    }
  });

  it('does no harm when two are at it all the same', async () => {
    const ages = Array.from({ length: 900 }, (_, n) => 29 - n / 100);
    const ids = await past.addRuns(ages.map((age) => ({ pipeline: 'twice', age })));
    const reports = await Promise.all([past.sweep(), past.sweep(), past.sweep()]);
    expect(reports.reduce((sum, { runs }) => sum + runs, 0)).toBeGreaterThanOrEqual(895);
    expect(await past.runs('twice')).toEqual(ids.slice(-5).reverse());
    expect(reports.flatMap(({ failures }) => failures.filter(({ what }) => what.startsWith('runs')))).toEqual(
      [],
    );
  });
});

describe('the queue', () => {
  it('forgets jobs that ended more than a day ago', async () => {
    const { id } = await service.run({ pipeline: 'first' });
    const job = () => past.sql('SELECT FROM pgboss.job WHERE id = $1', [id]);
    await until(
      async () =>
        (await past.sql(`SELECT FROM pgboss.job WHERE id = $1 AND state = 'completed'`, [id])).length > 0,
    );
    await past.sql(`UPDATE pgboss.job SET completed_on = now() - interval '25 hours' WHERE id = $1`, [id]);
    await past.sql(`UPDATE pgboss.queue SET maintain_on = now() - interval '25 hours'`);
    expect(await until(async () => (await job()).length === 0)).toBe(true);
  });
});

import { mkdir, mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Client } from 'pg';
import type { RunDto } from '../src/jobs/run.dto.js';
import { query, Service, until } from './jobs-support.js';
import { config, expectBalance, rejectsOf, writeFiles } from './replay-support.js';
import { type ServiceProcess, startServiceProcess } from './service-process.js';
import { createDatabase, type TestDatabase } from './support.js';

let database: TestDatabase;
let folder: string;
let env: Record<string, string>;
let process: ServiceProcess | null = null;

beforeAll(async () => {
  database = await createDatabase();
  folder = await mkdtemp(join(tmpdir(), 'millrace-replay-'));
  env = {
    DATABASE_URL: database.url,
    MILLRACE_HOME: join(folder, 'home'),
    MILLRACE_DATA_ROOTS: join(folder, 'data'),
  };
  await mkdir(join(folder, 'data'));
});

afterAll(async () => {
  process?.signal('SIGKILL');
  await process?.exited;
  await database.drop();
  await rm(folder, { recursive: true, force: true });
});

async function start(): Promise<Service> {
  process ??= await startServiceProcess(folder, env);
  return new Service(process.url);
}

async function kill(): Promise<void> {
  process?.signal('SIGKILL');
  expect(await process?.exited).toBe('SIGKILL');
  process = null;
}

/** Sessions of the test's own, each in a transaction. */
class Holders {
  private readonly open: Client[] = [];

  async hold(statement: string, values: unknown[] = []): Promise<Client> {
    const client = new Client({ connectionString: database.url });
    await client.connect();
    this.open.push(client);
    await client.query('BEGIN');
    await client.query(statement, values);
    return client;
  }

  async end(): Promise<void> {
    for (const client of this.open) await client.end();
  }
}

interface Scene {
  holders: Holders;
  table: string;
  /** The run that has the rejects. */
  runId: string;
  /** Asks for the replay. */
  begin: () => Promise<string>;
}

const waitsFor = (what: string) =>
  until(async () => {
    const waiting = `SELECT FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'
                       AND application_name = 'millrace loader' AND query LIKE $1`;
    return (await query(database.url, waiting, [`%${what}%`])).length === 1;
  });

async function beforeRowsMove({ holders, table, begin }: Scene): Promise<string> {
  await holders.hold(`LOCK TABLE ${table} IN EXCLUSIVE MODE`);
  const id = await begin();
  await waitsFor('LOCK TABLE');
  return id;
}

const REJECTS = 'SELECT FROM millrace.rejects WHERE run_id = $1 FOR UPDATE';

async function beforeTheListChanges({ holders, runId, begin }: Scene): Promise<string> {
  await holders.hold(REJECTS, [runId]);
  const id = await begin();
  await waitsFor('millrace.rejects');
  return id;
}

async function afterCommit({ holders, runId, begin }: Scene): Promise<string> {
  const rejects = await holders.hold(REJECTS, [runId]);
  const id = await begin();
  await waitsFor('millrace.rejects');
  await holders.hold('SELECT FROM millrace.runs WHERE id = $1 FOR UPDATE', [id]);
  await rejects.query('ROLLBACK');
  const isLoaded = () => query(database.url, 'SELECT FROM millrace.loads WHERE run_id = $1', [id]);
  await until(async () => (await isLoaded()).length === 1);
  return id;
}

describe('kill -9 of a replay', () => {
  it.each([
    { when: 'before rows move', table: 'moving', reach: beforeRowsMove, rejects: 500 },
    { when: 'before the list changes', table: 'listing', reach: beforeTheListChanges, rejects: 500 },
    { when: 'after COMMIT, before the run row knows', table: 'known', reach: afterCommit, rejects: 100 },
  ])('$when: the next start finishes it, every record once', async ({ table, reach, rejects }) => {
    const before = await start();
    const rows = Array.from({ length: 1_000 }, (_, n) => {
      return `${n},${n % 2 === 0 ? n : n % 10 === 1 ? `"no\nnumber at all"` : `"1 000,${n}"`}\n`;
    });
    await writeFiles(join(folder, 'data', table), { 'a.csv': `id,amount\n${rows.join('')}` });
    await query(database.url, `CREATE TABLE ${table} (id integer, amount text)`);
    await before.upload(config(table, { id: 'integer', amount: 'varchar(4)' }));
    const first = await before.run({ pipeline: table });
    expect(first.streams[0]).toMatchObject({ inserted: 500, rejected: 500 });
    await before.upload(config(table, { id: 'integer', amount: 'varchar(9)' }));

    const holders = new Holders();
    const begin = async () => (await before.post<RunDto>(`/runs/${first.id}/rejects/replay`, {})).body.id;
    const id = await reach({ holders, table, runId: first.id, begin });
    await kill();
    await holders.end();
    const sessions = `SELECT FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()`;
    await until(async () => (await query(database.url, sessions)).length === 0);
    expect(await listLength(first.id)).toBe(rejects);

    const after = await start();
    await until(async () => (await after.get<RunDto>(`/runs/${id}`)).body.attempt === 2);
    const run = await after.ended(id);
    expect(run).toMatchObject({ state: 'succeeded', attempt: 2, error: null });
    expect(run.streams).toMatchObject([{ read: 500, inserted: 400, duplicate: 0, rejected: 100 }]);
    await expectBalance(database.url, run);
    const ids = `SELECT count(*)::int AS rows, count(DISTINCT id)::int AS ids FROM ${table}`;
    expect(await query(database.url, ids)).toEqual([{ rows: 900, ids: 900 }]);
    const left = await rejectsOf(after, first.id);
    expect(left.total).toBe(100);
    expect(new Set(left.items.map(({ configVersion }) => configVersion))).toEqual(new Set([2]));
    await until(async () => (await readdir(join(env['MILLRACE_HOME']!, 'runs'))).length === 0);
  });
});

async function listLength(runId: string): Promise<number> {
  const [row] = await query<{ n: number }>(
    database.url,
    'SELECT count(*)::int AS n FROM millrace.rejects WHERE run_id = $1',
    [runId],
  );
  return row!.n;
}

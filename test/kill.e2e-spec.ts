import { once } from 'node:events';
import { createReadStream, createWriteStream } from 'node:fs';
import { mkdir, mkdtemp, readdir, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Client } from 'pg';
import type { RunDto } from '../src/jobs/run.dto.js';
import { query, Service, until } from './jobs-support.js';
import { type ServiceProcess, startServiceProcess } from './service-process.js';
import { createDatabase, type TestDatabase } from './support.js';

const ROWS = 300_000;

let database: TestDatabase;
let folder: string;
let home: string;
let env: Record<string, string>;
let service: ServiceProcess | null = null;

beforeAll(async () => {
  database = await createDatabase();
  folder = await mkdtemp(join(tmpdir(), 'millrace-kill-'));
  home = join(folder, 'home');
  const data = join(folder, 'data');
  await mkdir(data);
  await writeOrders(join(data, 'orders.csv'));
  env = { DATABASE_URL: database.url, MILLRACE_HOME: home, MILLRACE_DATA_ROOTS: data };
});

afterAll(async () => {
  service?.signal('SIGKILL');
  await service?.exited;
  await database.drop();
  await rm(folder, { recursive: true, force: true });
});

async function writeOrders(path: string): Promise<void> {
  const file = createWriteStream(path);
  file.write('id,customer,amount,placed_on\n');
  for (let row = 0; row < ROWS; row++) {
    const day = String((row % 28) + 1).padStart(2, '0');
    if (!file.write(`${row},customer ${row % 977},${row % 1000}.${(row % 90) + 10},2024-02-${day}\n`)) {
      await once(file, 'drain');
    }
  }
  file.end();
  await once(file, 'finish');
}

interface Scene {
  id: string;
  table: string;
  /** A session of the test's own; what it locks is free again once the service is dead. */
  session: Client;
}

type Reach = (scene: Scene) => Promise<void>;

/** Looks without a pause to speak of: the moments to meet are short. */
async function meet(look: () => Promise<boolean>): Promise<void> {
  for (const end = Date.now() + 40_000; Date.now() < end; await delay(1)) if (await look()) return;
  throw new Error(`waited in vain for: ${look.toString()}`);
}

async function streamState({ id, session }: Scene): Promise<string | undefined> {
  const sql = `SELECT streams->0->>'state' AS state FROM millrace.runs WHERE id = $1`;
  return (await session.query<{ state: string }>(sql, [id])).rows[0]?.state;
}

/** Waits for a state, and keeps the service from making the next one durable. */
async function holdAt(scene: Scene, state: string): Promise<void> {
  await meet(async () => (await streamState(scene)) === state);
  await scene.session.query('BEGIN');
  await scene.session.query('SELECT FROM millrace.runs WHERE id = $1 FOR UPDATE', [scene.id]);
  expect(await streamState(scene)).toBe(state);
}

const whileStaging: Reach = (scene) => holdAt(scene, 'staging');

const inTheMiddleOfCopy: Reach = async ({ table, session }) => {
  const sql = `SELECT FROM pg_stat_activity JOIN pg_stat_progress_copy USING (pid)
               WHERE query LIKE 'COPY "public"."${table}"%' AND tuples_processed BETWEEN 1 AND ${ROWS - 1}`;
  await meet(async () => (await session.query(sql)).rowCount === 1);
};

const afterCommit: Reach = async (scene) => {
  await holdAt(scene, 'loading');
  const sql = 'SELECT FROM millrace.loads WHERE run_id = $1';
  const watch = new Client({ connectionString: database.url });
  await watch.connect();
  // The ledger's schema is made by the first load.
  const isCommitted = () =>
    watch.query(sql, [scene.id]).then(
      ({ rowCount }) => rowCount === 1,
      () => false,
    );
  await meet(isCommitted).finally(() => watch.end());
  expect(await streamState(scene)).toBe('loading');
};

const whileWritingTheOutput: Reach = async ({ table }) => {
  const output = join(home, 'output', table);
  await meet(async () => {
    const tmp = (await readdir(output).catch(() => [])).find((name) => name.endsWith('.tmp'));
    const { size } = tmp ? await stat(join(output, tmp)).catch(() => ({ size: 0 })) : { size: 0 };
    return size > 0;
  });
};

describe('kill -9 of a run of 300,000 rows', () => {
  it.each([
    { when: 'while staging', table: 'staging', reach: whileStaging, committed: false },
    { when: 'in the middle of COPY', table: 'copying', reach: inTheMiddleOfCopy, committed: false },
    {
      when: 'after COMMIT, before the run row knows',
      table: 'committed',
      reach: afterCommit,
      committed: true,
    },
    {
      when: 'while writing the combined CSV',
      table: 'output',
      reach: whileWritingTheOutput,
      committed: true,
    },
  ])(
    '$when: the next start finishes it, every row once',
    async ({ table, reach, committed }) => {
      const id = await startRun(table);
      await killAt({ id, table }, reach);
      expect(await isThere(table)).toBe(committed);
      expect(await linesOf(table)).toBe(0);

      service = await startServiceProcess(folder, env);
      const client = new Service(service.url);
      await until(async () => (await client.get<RunDto>(`/runs/${id}`)).body.attempt === 2, 30);
      const run = await client.ended(id);

      expect(run).toMatchObject({ state: 'succeeded', attempt: 2, error: null });
      const counts = { read: ROWS, inserted: ROWS, updated: 0, duplicate: 0, rejected: 0 };
      expect(run.streams).toMatchObject([{ state: 'succeeded', ...counts, files: [counts] }]);
      const sql = `SELECT count(*)::int AS rows, count(DISTINCT id)::int AS ids FROM ${table}`;
      expect(await query(database.url, sql)).toEqual([{ rows: ROWS, ids: ROWS }]);
      expect(await query(database.url, 'SELECT FROM millrace.loads WHERE run_id = $1', [id])).toHaveLength(1);
      expect(await linesOf(table)).toBe(ROWS + 1);
      const published = [`.${table}.csv.signature`, `${table}.csv`];
      expect((await readdir(join(home, 'output', table))).sort()).toEqual(published);
      await until(async () => (await readdir(join(home, 'runs'))).length === 0);
    },
    120_000,
  );

  it('leaves a service that ends in order', async () => {
    service?.signal('SIGTERM');
    expect(await service?.exited).toBe(0);
    service = null;
  });
});

async function startRun(pipeline: string): Promise<string> {
  service ??= await startServiceProcess(folder, env);
  const client = new Service(service.url);
  const source = '{ type: local, path: orders.csv }';
  await client.upload(`pipeline: ${pipeline}\ntable: ${pipeline}\nmonitor: false\nsources: [${source}]`);
  const { status, body } = await client.post<RunDto>('/trigger-job', { pipeline });
  expect(status).toBe(202);
  return body.id;
}

async function killAt(run: { id: string; table: string }, reach: Reach): Promise<void> {
  const session = new Client({ connectionString: database.url });
  await session.connect();
  try {
    await reach({ ...run, session });
    service?.signal('SIGKILL');
    expect(await service?.exited).toBe('SIGKILL');
    service = null;
  } finally {
    await session.end();
  }
}

/** Whether anybody can see the table; asked when the dead service's sessions have ended. */
async function isThere(table: string): Promise<boolean> {
  const sessions = `SELECT FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()`;
  await meet(async () => (await query(database.url, sessions)).length === 0);
  const [row] = await query<{ there: boolean }>(database.url, 'SELECT to_regclass($1) IS NOT NULL AS there', [
    table,
  ]);
  return row!.there;
}

async function linesOf(table: string): Promise<number> {
  let lines = 0;
  const file = createReadStream(join(home, 'output', table, `${table}.csv`));
  try {
    for await (const chunk of file) for (const byte of chunk as Buffer) if (byte === 0x0a) lines++;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
  }
  return lines;
}

import { once } from 'node:events';
import { createReadStream, createWriteStream } from 'node:fs';
import { mkdir, mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Client } from 'pg';
import type { RunDto } from '../src/jobs/run.dto.js';
import { FaultyService } from './faults/faulty-service.js';
import { holdRowOf, holdRunAt, letGo } from './hold-run.js';
import { query, type Service, until } from './jobs-support.js';
import { createDatabase, type TestDatabase } from './support.js';

/** Enough for a combined CSV that is written while they travel. */
const ROWS = 100_000;

let database: TestDatabase;
let folder: string;
let home: string;
let service: FaultyService;
let client: Service;

beforeAll(async () => {
  database = await createDatabase();
  folder = await mkdtemp(join(tmpdir(), 'millrace-kill-'));
  home = join(folder, 'home');
  const data = join(folder, 'data');
  await mkdir(data);
  await writeOrders(join(data, 'orders.csv'));
  const env = { DATABASE_URL: database.url, MILLRACE_HOME: home, MILLRACE_DATA_ROOTS: data };
  service = new FaultyService(join(folder, 'service'), env);
  client = await service.start();
});

afterAll(async () => {
  await service.kill();
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
  /** A session of the test's own. */
  session: Client;
}

interface Moment {
  /** Makes sure, before the run begins, that it is not missed. */
  hold: (scene: Pick<Scene, 'table' | 'session'>) => Promise<void>;
  /** Kills the service when the moment has come. */
  kill: (scene: Scene) => Promise<void>;
}

async function killService(): Promise<void> {
  service.process?.signal('SIGKILL');
  expect(await service.gone()).toBe('SIGKILL');
}

const streamState = `SELECT streams->0->>'state' AS state FROM millrace.runs WHERE id = $1`;

async function killIn(state: string, { id, session }: Scene): Promise<void> {
  const isIn = async () => (await session.query(streamState, [id])).rows[0]?.state === state;
  await until(isIn);
  await killService();
  expect(await isIn()).toBe(true);
}

const whileStaging: Moment = {
  hold: ({ session }) => holdRunAt(session, `streams->0->>'state' = 'staging'`),
  kill: (scene) => killIn('staging', scene),
};

const inTheMiddleOfCopy: Moment = {
  hold: ({ session, table }) => holdRowOf(session, table, ROWS / 2),
  kill: async ({ table, session }) => {
    const sql = `SELECT FROM pg_stat_activity JOIN pg_stat_progress_copy USING (pid)
                 WHERE query LIKE 'COPY "public"."${table}"%' AND wait_event_type = 'Lock'
                   AND tuples_processed BETWEEN 1 AND ${ROWS - 1}`;
    await until(async () => (await session.query(sql)).rowCount === 1);
    await killService();
  },
};

const afterCommit: Moment = {
  hold: ({ session }) => holdRunAt(session, `streams->0->>'state' = 'loading'`),
  kill: async (scene) => {
    const { id, session } = scene;
    const sql = 'SELECT FROM millrace.loads WHERE run_id = $1';
    // The ledger's schema is made by the first load.
    const isCommitted = () =>
      session.query(sql, [id]).then(
        ({ rowCount }) => rowCount === 1,
        () => false,
      );
    await until(isCommitted);
    await killIn('loading', scene);
  },
};

const beforeTheOutputIsInPlace: Moment = {
  hold: async ({ table }) => {
    service.order({ fault: 'kill', at: 1, call: 'rename', about: `/output/${table}/${table}.csv` });
  },
  kill: async ({ id, table }) => {
    expect(await service.gone()).toBe('SIGKILL');
    const [name] = (await readdir(join(home, 'output', table))).filter((one) => one.endsWith('.tmp'));
    expect(name).toBe(`.${table}.csv.${id}.tmp`);
  },
};

describe('kill -9 of a run of 100,000 rows', () => {
  it.each([
    { when: 'while staging', table: 'staging', moment: whileStaging, committed: false },
    { when: 'in the middle of COPY', table: 'copying', moment: inTheMiddleOfCopy, committed: false },
    {
      when: 'after COMMIT, before the run row knows',
      table: 'committed',
      moment: afterCommit,
      committed: true,
    },
    {
      when: 'before the combined CSV is in its place',
      table: 'output',
      moment: beforeTheOutputIsInPlace,
      committed: true,
    },
  ])('$when: the next start finishes it, every row once', async ({ table, moment, committed }) => {
    const id = await killAt(table, moment);
    expect(await isThere(table)).toBe(committed);
    expect(await linesOf(table)).toBe(0);

    client = await service.start();
    await until(async () => (await client.get<RunDto>(`/runs/${id}`)).body.attempt === 2);
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
  });

  it('leaves a service that ends in order', async () => {
    service.process?.signal('SIGTERM');
    expect(await service.gone()).toBe(0);
  });
});

/** Begins a run of a pipeline and a table of this name, and kills the service at that moment. */
async function killAt(table: string, { hold, kill }: Moment): Promise<string> {
  const session = new Client({ connectionString: database.url });
  await session.connect();
  try {
    await hold({ table, session });
    const source = '{ type: local, path: orders.csv }';
    await client.upload(`pipeline: ${table}\ntable: ${table}\nmonitor: false\nsources: [${source}]`);
    const { status, body } = await client.post<RunDto>('/trigger-job', { pipeline: table });
    expect(status).toBe(202);
    await kill({ id: body.id, table, session });
    await letGo(session);
    return body.id;
  } finally {
    await session.end();
  }
}

/** Whether anybody can see the table. */
async function isThere(table: string): Promise<boolean> {
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

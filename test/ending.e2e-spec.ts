import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Client } from 'pg';
import type { RunDto } from '../src/jobs/run.dto.js';
import { holdRunAt, letGo } from './hold-run.js';
import { countRows, query, Service, until } from './jobs-support.js';
import { type ServiceProcess, startServiceProcess } from './service-process.js';
import { createDatabase, type TestDatabase } from './support.js';

let database: TestDatabase;
let folder: string;
let env: Record<string, string>;
let service: ServiceProcess;
let session: Client;

beforeAll(async () => {
  database = await createDatabase();
  folder = await mkdtemp(join(tmpdir(), 'millrace-ending-'));
  env = {
    DATABASE_URL: database.url,
    MILLRACE_HOME: join(folder, 'home'),
    MILLRACE_DATA_ROOTS: join(folder, 'data'),
  };
  session = new Client({ connectionString: database.url });
  await session.connect();
  service = await startServiceProcess(folder, env);
});

afterAll(async () => {
  service.signal('SIGKILL');
  await service.exited;
  await session.end();
  await database.drop();
  await rm(folder, { recursive: true, force: true });
});

const rows = (from: number, count: number) =>
  `id,name\n${Array.from({ length: count }, (_, n) => `${from + n},name ${from + n}\n`).join('')}`;

async function trigger(pipeline: string, files: Record<string, string>): Promise<string> {
  const inbox = join(folder, 'data', pipeline);
  await mkdir(inbox, { recursive: true });
  for (const [name, text] of Object.entries(files)) await writeFile(join(inbox, name), text);
  const client = new Service(service.url);
  const source = `{ type: local, path: ${pipeline} }`;
  await client.upload(`pipeline: ${pipeline}\nmonitor: false\ntable: ${pipeline}\nsources: [${source}]`);
  return (await client.post<RunDto>('/trigger-job', { pipeline })).body.id;
}

async function meet(id: string, condition: string): Promise<void> {
  const sql = `SELECT FROM millrace.runs WHERE id = $1 AND ${condition}`;
  await until(async () => (await session.query(sql, [id])).rowCount === 1);
}

async function holdTable(table: string): Promise<() => Promise<unknown>> {
  const lock = `millrace load "public"."${table}"`;
  await session.query('SELECT pg_advisory_lock(hashtextextended($1, 0))', [lock]);
  return () => session.query('SELECT pg_advisory_unlock(hashtextextended($1, 0))', [lock]);
}

/** A second signal that comes sooner is taken for the echo of the first. */
const ECHO_MS = 1_100;

/** Sends the signal, and waits until the service says that it has heard it. */
async function askToEnd(): Promise<void> {
  let output = '';
  service.onOutput((chunk) => (output += chunk.toString()));
  service.signal('SIGTERM');
  await until(() => output.includes('a second signal ends at once'));
}

const isLoading = `streams->0->>'state' = 'loading'`;

describe('SIGTERM', () => {
  it('A6: during a load lets it end, exits 0, and the next start finishes the run', async () => {
    const release = await holdTable('graceful');
    const id = await trigger('graceful', { 'a.csv': rows(1, 5_000) });
    await meet(id, isLoading);
    await askToEnd();
    await release();
    expect(await service.exited).toBe(0);
    expect(await countRows(database.url, 'graceful')).toBe(5_000);
    service = await startServiceProcess(folder, env);
    const run = await new Service(service.url).ended(id);
    expect(run).toMatchObject({ state: 'succeeded', streams: [{ inserted: 5_000 }] });
    expect(await countRows(database.url, 'graceful')).toBe(5_000);
  });

  it('A7: the second one ends at once, the load is rolled back, and the next start does it', async () => {
    const release = await holdTable('hasty');
    const id = await trigger('hasty', { 'a.csv': rows(1, 5_000) });
    await meet(id, isLoading);
    await askToEnd();
    await delay(ECHO_MS);
    service.signal('SIGTERM');
    expect(await service.exited).toBe(1);
    await release();
    expect(await query(database.url, `SELECT to_regclass('public.hasty') AS it`)).toEqual([{ it: null }]);
    service = await startServiceProcess(folder, env);
    const run = await new Service(service.url).ended(id);
    expect(run).toMatchObject({ state: 'succeeded', streams: [{ inserted: 5_000 }] });
  });
});

describe('a file that workers die of', () => {
  it('A11: is set aside after three, while the others are loaded, also by later runs', async () => {
    const files = { 'a.csv': rows(1, 10), 'poison.csv': rows(1_000, 1_000), 'z.csv': rows(100, 10) };
    const client = () => new Service(service.url);
    const isStaging = `streams->0->>'state' = 'staging'`;
    const isAtPoison = `suspect->>'name' = 'poison.csv'`;
    const deadly = [isStaging, isAtPoison, isAtPoison].map((at, index) => `attempt = ${index + 1} AND ${at}`);
    await holdRunAt(session, deadly[0]!);
    const id = await trigger('poisoned', files);
    for (const [index, moment] of deadly.entries()) {
      await meet(id, moment);
      service.signal('SIGKILL');
      await service.exited;
      await letGo(session);
      const next = deadly[index + 1];
      if (next) await holdRunAt(session, next);
      service = await startServiceProcess(folder, env);
    }
    const run = await client().ended(id);
    expect(run).toMatchObject({ state: 'succeeded', attempt: 4, streams: [{ read: 20, inserted: 20 }] });
    expect(run.streams[0]!.files.map(({ name }) => name)).toEqual(['a.csv', 'z.csv']);
    const reason = expect.stringContaining('3 workers died of it');
    expect(run.streams[0]!.skipped).toEqual([{ source: 0, name: 'poison.csv', reason }]);

    await writeFile(join(folder, 'data', 'poisoned', 'new.csv'), rows(200, 5));
    const next = await client().run({ pipeline: 'poisoned' });
    expect(next.streams[0]).toMatchObject({ inserted: 5, skipped: [{ name: 'poison.csv' }] });

    await writeFile(join(folder, 'data', 'poisoned', 'poison.csv'), rows(1_000, 3));
    const mended = await client().run({ pipeline: 'poisoned' });
    expect(mended.streams[0]).toMatchObject({ inserted: 3, skipped: [] });
  });
});

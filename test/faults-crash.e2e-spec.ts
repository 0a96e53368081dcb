import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { RunDto } from '../src/jobs/run.dto.js';
import { type FaultOrder, FaultyService, LATE } from './faults/faulty-service.js';
import { query, type Service, until } from './jobs-support.js';
import { createDatabase, type TestDatabase } from './support.js';

const ROWS = 1_000;

let database: TestDatabase;
let folder: string;
let data: string;
let service: FaultyService;
let client: Service;

beforeAll(async () => {
  database = await createDatabase();
  folder = mkdtempSync(join(tmpdir(), 'millrace-crash-'));
  data = join(folder, 'data');
  mkdirSync(data);
  const home = join(folder, 'home');
  service = new FaultyService(join(folder, 'service'), {
    DATABASE_URL: database.url,
    MILLRACE_HOME: home,
    MILLRACE_DATA_ROOTS: data,
  });
  client = await service.start();
  await client.upload(`
pipeline: rows
monitor: false
sources: [{ type: local, path: ., include: ['rows-*.csv'] }]
schema: { columns: { id: integer } }`);
});

afterAll(async () => {
  await service.kill();
  await database.drop();
  rmSync(folder, { recursive: true, force: true });
});

const output = () => join(folder, 'home', 'output', 'rows');
const published = () => readFileSync(join(output(), 'rows.csv'), 'utf8');
const temporary = () => readdirSync(output()).filter((name) => name.endsWith('.tmp'));

let files = 0;

/** Of the next run. */
const newFile = () => `/rows-${files}.csv`;

/** Triggers a run that has another 1,000 rows to load. */
async function trigger(): Promise<string> {
  const first = files * ROWS;
  const lines = Array.from({ length: ROWS }, (_, row) => `${first + row},note ${row}\n`);
  writeFileSync(join(data, `rows-${files++}.csv`), `id,note\n${lines.join('')}`);
  const { body } = await client.post<RunDto>('/trigger-job', { pipeline: 'rows' });
  return body.id;
}

/**
 * The same; the run meets the fault, and the service ends by it. Calls that are not about its own files may come before it
 * has begun, however many: the service has more to do.
 */
async function crash(
  fault: Pick<FaultOrder, 'fault' | 'at' | 'call'>,
  about: string,
  exit: number | string,
): Promise<string> {
  service.order({ ...fault, about });
  const id = await trigger();
  expect(await service.gone()).toBe(exit);
  return id;
}

/** Starts the service again, which takes the run up by itself; everything must be there, once. */
async function finish(id: string): Promise<RunDto> {
  client = await service.start();
  const run = await client.ended(id);
  const all = files * ROWS;
  const count = 'SELECT count(*)::int AS rows, count(DISTINCT id)::int AS ids FROM rows';
  expect(await query(database.url, count)).toEqual([{ rows: all, ids: all }]);
  expect(await query(database.url, 'SELECT FROM millrace.loads WHERE run_id = $1', [id])).toHaveLength(1);
  expect(published().split('\n')).toHaveLength(all + 2);
  expect(temporary()).toEqual([]);
  await until(() => readdirSync(join(folder, 'home', 'runs')).length === 0);
  return run;
}

const SECOND_ATTEMPT = { state: 'succeeded', attempt: 2, error: null };

describe('A3: kill -9 between the combined CSV and its rename', () => {
  it('leaves the old one whole; the next start puts the new one in its place and sweeps the rest', async () => {
    await client.ended(await trigger());
    const old = published();
    const id = await crash({ fault: 'kill', at: 1, call: 'rename' }, '/rows.csv', 'SIGKILL');
    expect(published()).toBe(old);
    const [name] = temporary();
    expect(readFileSync(join(output(), name!), 'utf8').split('\n')).toHaveLength(2 * ROWS + 2);
    expect(await finish(id)).toMatchObject(SECOND_ATTEMPT);
  });

  it('what the engine still writes, and nobody reads any more, has ended before the run does', async () => {
    const id = await crash({ fault: 'kill', at: 1, call: 'rename' }, '/rows.csv', 'SIGKILL');
    service.order({ fault: 'late', at: 1, call: 'runAndReadAll', about: '(FORMAT csv, HEADER false)' });
    await finish(id);
    await until(() => service.output.includes('run succeeded'));
    // Time for a call that is made though the run is over.
    await delay(2_000);
    service.callOff();
    const afterwards = service.output.split('run succeeded')[1];
    expect(afterwards).toBeDefined();
    expect(afterwards).not.toContain(LATE);
  });
});

describe('A4: kill -9 before a call of a run of 1,000 rows', () => {
  // Any will do; `npm run test:faults` goes through all of them.
  it('the next start finishes it, every row once', async () => {
    const id = await crash({ fault: 'kill', at: 1, call: 'open' }, newFile(), 'SIGKILL');
    expect(await finish(id)).toMatchObject(SECOND_ATTEMPT);
  });
});

describe('A10: an error in the middle of a run', () => {
  it.each([
    ['that nobody caught', 'throw'],
    ['of a promise that nobody handles', 'reject'],
  ] as const)(
    '%s is logged and ends the process with 1; the next start finishes the run',
    async (_which, fault) => {
      const id = await crash({ fault, at: 1, call: 'open' }, newFile(), 1);
      await until(() => /^\{"level":60,.*a fault that nobody caught/m.test(service.output));
      expect(await finish(id)).toMatchObject(SECOND_ATTEMPT);
    },
  );
});

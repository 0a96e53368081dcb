import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Client } from 'pg';
import type { RunDto } from '../src/jobs/run.dto.js';
import { countRows, query, Service, until } from './jobs-support.js';
import { RecordApi } from './record-api.js';
import { type ServiceProcess, startServiceProcess } from './service-process.js';
import { createDatabase, type TestDatabase } from './support.js';

/** Each secret begins with this. */
const CANARY = 'canary8642';
const SESSION = `${CANARY}-session`;

let api: RecordApi;
let database: TestDatabase;
let folder: string;
let home: string;
let program: ServiceProcess;
let service: Service;
let output = '';

beforeAll(async () => {
  api = await RecordApi.start();
  database = await createDatabase();
  folder = await mkdtemp(join(tmpdir(), 'millrace-api-'));
  home = join(folder, 'home');
  await start();
});

afterAll(async () => {
  program.signal('SIGKILL');
  await program.exited;
  await api.close();
  await database.drop();
  await rm(folder, { recursive: true, force: true });
});

async function start(): Promise<void> {
  program = await startServiceProcess(folder, {
    DATABASE_URL: database.url,
    LOG_LEVEL: 'debug',
    MILLRACE_HOME: home,
    MILLRACE_DATA_ROOTS: folder,
    MILLRACE_API_HOSTS: api.host,
    API_URL: api.origin,
    API_EMAIL: `${CANARY}@example.com`,
    API_PASSWORD: `${CANARY}-password`,
    API_ANON_KEY: `${CANARY}-anon`,
    API_QUERY_KEY: `${CANARY}-query`,
    API_TENANT: `${CANARY} north`,
  });
  program.onOutput((chunk) => (output += chunk.toString()));
  service = new Service(program.url);
}

/** Logs in with e-mail, password and a key, and sends another key in the query, as every request must. */
const configOf = (name: string) => `
pipeline: ${name}
sources:
  - type: api
    url: \${API_URL}/${name}
    query: { key: '\${API_QUERY_KEY}', tenant: '\${API_TENANT}' }
    headers: { apikey: '\${API_ANON_KEY}' }
    auth:
      type: login
      url: \${API_URL}/login
      headers: { apikey: '\${API_ANON_KEY}' }
      body: { email: '\${API_EMAIL}', password: '\${API_PASSWORD}' }
      token: $.access_token
    records: $.data
    pagination: { type: offset, limit: 2 }
    cursor: { field: id, param: after }
`;

const json = (body: object) => (_request: unknown, response: import('node:http').ServerResponse) => {
  response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(body));
};

describe('secrets of an API', () => {
  const echo = `${CANARY}-query ${CANARY}-anon ${SESSION} ${CANARY}-password`;
  const meetings: { name: string; code: string | null; fail?: () => () => void }[] = [
    { name: 'loaded', code: null },
    { name: 'refused', code: 'any', fail: () => api.fail('/refused', {}, answer(403, echo)) },
    { name: 'not_json', code: 'any', fail: () => api.fail('/not_json', {}, answer(200, `{"data": ${echo}`)) },
    { name: 'html', code: 'any', fail: () => api.fail('/html', {}, answer(200, `<html>${echo}</html>`)) },
    {
      name: 'redirected',
      code: 'any',
      fail: () =>
        api.fail('/redirected', {}, (request, response) => {
          response.writeHead(302, { location: `http://169.254.169.254${request.url}&echo=${SESSION}` }).end();
        }),
    },
    {
      name: 'cut',
      code: 'any',
      fail: () =>
        api.fail('/cut', {}, (_request, response) => {
          response.writeHead(200, { 'content-length': '1000' });
          response.write(echo);
          setImmediate(() => response.destroy());
        }),
    },
  ];

  function answer(code: number, text: string) {
    return (_request: unknown, response: import('node:http').ServerResponse) => {
      const type = text.startsWith('<') ? 'text/html' : 'application/json';
      response.writeHead(code, { 'content-type': type, 'x-echo': text }).end(text);
    };
  }

  beforeAll(() => {
    api.lists.set(
      '/loaded',
      [1, 2, 3].map((id) => ({ id })),
    );
    api.fail('/login', {}, json({ access_token: SESSION, token_type: 'bearer' }));
    api.authorization = `Bearer ${SESSION}`;
  });

  it.each(meetings)('are not in the answers about a run that is $name', async ({ name, code, fail }) => {
    const mend = fail?.();
    await service.upload(configOf(name));
    const run = await service.run({ pipeline: name });
    expect(run).toMatchObject({ state: code === null ? 'succeeded' : 'failed' });
    mend?.();
    let answers = '';
    const paths = ['', '/files', '/log', '/rejects'].map((path) => `/runs/${run.id}${path}`);
    for (const path of [...paths, '/runs', `/configs/${name}/1`]) {
      const { body } = await service.get<unknown>(path);
      answers += typeof body === 'string' ? body : JSON.stringify(body);
    }
    expect(secretsIn(answers)).toEqual([]);
  });

  it('were sent, each where it belongs', () => {
    const login = api.seen.find(({ url }) => url === '/login');
    expect(login).toMatchObject({ headers: { apikey: `${CANARY}-anon` } });
    expect(JSON.parse(login!.body)).toEqual({
      email: `${CANARY}@example.com`,
      password: `${CANARY}-password`,
    });
    const page = api.seen.find(({ url }) => url.startsWith('/loaded'));
    expect(page).toMatchObject({
      url: expect.stringContaining(`key=${CANARY}-query`),
      headers: { apikey: `${CANARY}-anon`, authorization: `Bearer ${SESSION}` },
    });
  });

  it('are on no disk while a run is at work, in no database and in no log', async () => {
    api.lists.set(
      '/held',
      [1, 2, 3, 4].map((id) => ({ id })),
    );
    let isHeld = false;
    const mend = api.fail('/held', { offset: '2' }, () => (isHeld = true));
    await service.upload(configOf('held'));
    const { body: run } = await service.post<RunDto>('/trigger-job', { pipeline: 'held' });
    await until(() => isHeld);
    // The next page is asked for before this one is on the disk.
    const { texts, names } = await until(async () => {
      // A folder of the run before may go while it is read.
      const all = await readAll(home).catch(() => null);
      return all !== null && all.texts.includes('"id":"1"') && all;
    });
    expect(names.filter((name) => name.includes(`runs/${run.id}/fetched/0-0/`)).length).toBeGreaterThan(1);
    expect(secretsIn(texts)).toEqual([]);
    expect(secretsIn(await dump())).toEqual([]);
    mend();
    await service.post(`/runs/${run.id}/cancel`, {});
    await until(async () => (await service.get<RunDto>(`/runs/${run.id}`)).body.state === 'cancelled');
    // It is told a moment after the state.
    await until(() => output.includes('run cancelled'));
    expect(secretsIn(output)).toEqual([]);
    for (const line of output.split('\n').slice(0, -1)) expect(() => JSON.parse(line)).not.toThrow();
  });
});

describe('kill -9', () => {
  it('between fetch and load leaves the cursor, and the stage is loaded with it after all', async () => {
    api.authorization = null;
    api.lists.set('/killed', [{ id: 1 }]);
    await service.upload(configOf('killed'));
    expect(await service.run({ pipeline: 'killed' })).toMatchObject({ streams: [{ inserted: 1 }] });
    api.lists.set(
      '/killed',
      [1, 2, 3].map((id) => ({ id })),
    );
    const holder = new Client({ connectionString: database.url });
    await holder.connect();
    await holder.query(
      `BEGIN; SELECT pg_advisory_xact_lock(hashtextextended('millrace load "public"."killed"', 0))`,
    );
    const { body: run } = await service.post<RunDto>('/trigger-job', { pipeline: 'killed' });
    await until(
      async () => (await service.get<RunDto>(`/runs/${run.id}`)).body.streams[0]?.state === 'loading',
    );
    program.signal('SIGKILL');
    await program.exited;
    const cursor = `SELECT c.value FROM millrace.api_cursors c JOIN millrace.loaded_tables t ON t.id = c.table_id
                     WHERE t.table_name = 'killed'`;
    expect(await query(database.url, cursor)).toEqual([{ value: '1' }]);
    await holder.end();
    api.asked('/killed');
    await start();
    expect(await service.ended(run.id)).toMatchObject({ state: 'succeeded', streams: [{ inserted: 2 }] });
    expect(api.asked('/killed')).toEqual([]);
    expect(await query(database.url, cursor)).toEqual([{ value: '3' }]);
    expect(await countRows(database.url, 'killed')).toBe(3);
  });
});

/** Where a text shows a secret, with what stands around it. */
function secretsIn(text: string): string[] {
  return text.match(new RegExp(`.{0,120}${CANARY}.{0,40}`, 'g')) ?? [];
}

/** Every file below a folder, as one text. */
async function readAll(path: string): Promise<{ texts: string; names: string[] }> {
  const entries = await readdir(path, { recursive: true, withFileTypes: true });
  const names = entries
    .filter((entry) => entry.isFile())
    .map(({ parentPath, name }) => join(parentPath, name));
  const texts = await Promise.all(names.map((name) => readFile(name, 'latin1').catch(() => '')));
  return { texts: texts.join('\n'), names };
}

/** Every row of every table, as one text. */
async function dump(): Promise<string> {
  const tables = await query<{ name: string }>(
    database.url,
    `SELECT format('%I.%I', schemaname, tablename) AS name FROM pg_tables
      WHERE schemaname NOT IN ('pg_catalog', 'information_schema')`,
  );
  const texts: string[] = [];
  for (const { name } of tables) {
    const rows = await query<{ row: string }>(database.url, `SELECT t::text AS row FROM ${name} t`);
    texts.push(...rows.map(({ row }) => row));
  }
  return texts.join('\n');
}

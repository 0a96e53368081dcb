import { mkdirSync, mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Client } from 'pg';
import type { RejectPageDto } from '../src/jobs/rejects.dto.js';
import type { RunDto, RunPageDto } from '../src/jobs/run.dto.js';
import { FaultyService } from './faults/faulty-service.js';
import { holdRunAt, letGo } from './hold-run.js';
import { countRows, query, Service, until } from './jobs-support.js';
import { createDatabase, type TestDatabase } from './support.js';

let database: TestDatabase;
let folder: string;
let services: FaultyService[];

beforeAll(async () => {
  database = await createDatabase();
  folder = mkdtempSync(join(tmpdir(), 'millrace-processes-'));
  const env = {
    DATABASE_URL: database.url,
    MILLRACE_HOME: join(folder, 'home'),
    MILLRACE_DATA_ROOTS: join(folder, 'data'),
  };
  services = [1, 2, 3, 4].map((number) => new FaultyService(join(folder, `service-${number}`), env));
});

afterAll(async () => {
  for (const service of services) await service.kill();
  await database.drop();
  rmSync(folder, { recursive: true, force: true });
});

function write(path: string, content: string): void {
  const file = join(folder, 'data', path);
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, content);
}

describe('A8, A13: every worker is killed behind its last 202, with a queue of 15 runs', () => {
  it('which the next two processes do, each once', async () => {
    write('queue/a.csv', 'id\n1\n2\n');
    const client = await services[0]!.start();
    const tables = Array.from({ length: 15 }, (_, number) => `queue_${number}`);
    for (const table of tables)
      await client.upload(`pipeline: ${table}\nsources: [{ type: local, path: queue }]\noutput: false`);
    const session = new Client({ connectionString: database.url });
    await session.connect();
    await holdRunAt(session, `state = 'running'`);
    const trigger = (pipeline: string) => client.post<RunDto>('/trigger-job', { pipeline, monitor: false });
    const runs = await Promise.all(tables.map(trigger));
    await services[0]!.kill();
    await letGo(session);
    await session.end();
    expect(runs.map(({ status }) => status)).toEqual(runs.map(() => 202));
    const queued = await query(database.url, `SELECT FROM millrace.runs WHERE state = 'queued'`);
    expect(queued.length).toBeGreaterThanOrEqual(13);
    const [next] = await Promise.all([services[0]!.start(), services[1]!.start()]);
    for (const { body } of runs)
      expect(await next!.ended(body.id)).toMatchObject({ state: 'succeeded', error: null });
    for (const table of tables) expect(await countRows(database.url, table)).toBe(2);
  });
});

describe('A9: JSON of 20 MB', () => {
  const MIB = 2 ** 20;
  const files: Record<string, string> = {
    'brackets.json': '['.repeat(10 * MIB) + ']'.repeat(10 * MIB),
    'one-line.json': `[${'{"id":1,"nested":{"a":[1,2,3]}},'.repeat(MIB / 4)}{"id":2}]`,
    'cut-off.json': `[{"id":4,"list":[${'[1,2],'.repeat(MIB)}`,
  };

  it('holds up neither /health nor the signs of life of the worker', async () => {
    await services[1]!.kill();
    for (const [name, text] of Object.entries(files)) write(`json/${name}`, text);
    const client = new Service(services[0]!.process!.url);
    let answers = 0;
    for (let round = 0; answers <= 20; round++) {
      const pipeline = `json_${round}`;
      await client.upload(`pipeline: ${pipeline}\nsources: [{ type: local, path: json }]\noutput: false`);
      const ended = client.run({ pipeline, monitor: false });
      const under = { way: true };
      void ended.finally(() => (under.way = false));
      for (; under.way; answers++) expect((await client.get('/health')).status).toBe(200);
      const run = await ended;
      expect(run).toMatchObject({ state: 'succeeded', attempt: 1, error: null });
      expect(run.streams).toMatchObject([{ inserted: 2, rejected: 2 }]);
    }
  });
});

describe('D17: names that hurt', () => {
  const names = [
    'line\nbreak.csv',
    'return\r.csv',
    '\u001b[31mred\u001b[0m\u0007.csv',
    '\u202etxt.csv',
    'sparkle-✨🦄.csv',
    `${'x'.repeat(251)}.csv`,
    '-rf.csv',
    '$(id).csv',
    '`id`;rm -rf ~.csv',
    "'; DROP TABLE runs; --.csv",
    '<img src=x onerror=alert(1)>.csv',
    '=cmd|calc.csv',
    '%00..%2f.csv',
    '{{7*7}}.csv',
  ];

  it('are processed or refused; answers, downloads and logs stay clean', async () => {
    names.forEach((name, index) => write(`names/${name}`, `id\n${index}\nx\n`));
    writeFileSync(Buffer.from(`${folder}/data/names/bad\xff.csv`, 'latin1'), 'id\n99\n');
    const client = new Service(services[0]!.process!.url);
    await client.upload(
      'pipeline: names\nsources: [{ type: local, path: names }]\nschema: { columns: { id: integer } }',
    );
    const run = await client.run({ pipeline: 'names', monitor: false });
    expect(run).toMatchObject({ state: 'succeeded', error: null });
    const [stream] = run.streams;
    expect(stream).toMatchObject({ inserted: names.length, rejected: names.length });
    expect(stream!.files.map(({ name }) => name).sort()).toEqual([...names].sort());
    expect(stream!.skipped).toMatchObject([{ name: 'bad\\xff.csv' }]);
    await expectClean(client, run.id);
  });

  async function expectClean(client: Service, id: string): Promise<void> {
    for (const path of [`/runs/${id}`, `/runs/${id}/rejects`]) {
      const text = await (await fetch(client.url + path)).text();
      expect(text).not.toMatch(CONTROL);
    }
    const { body } = await client.get<RejectPageDto>(`/runs/${id}/rejects`);
    expect(body.items.map(({ file }) => file).sort()).toEqual([...names].sort());
    const download = await client.get<string>(`/runs/${id}/rejects?format=csv`);
    expect(download.headers.get('content-disposition')).toContain('attachment');
    const [, ...records] = splitCsv(download.body);
    const shown = names.map((name) => (/^[-=]/.test(name) ? `'${name}` : name));
    expect(records.map(([, file]) => file).sort()).toEqual(shown.sort());
    for (const line of services[0]!.output.trimEnd().split('\n')) {
      expect(line).not.toMatch(CONTROL);
      expect(JSON.parse(line)).toHaveProperty('level');
    }
  }
});

// oxlint-disable-next-line no-control-regex -- what a terminal would obey
const CONTROL = /[\u0000-\u001f]/;

/** Records of a CSV whose every line ends in CRLF. */
function splitCsv(text: string): string[][] {
  const field = /(?:"((?:[^"]|"")*)"|([^,"\r\n]*))(,|\r\n)/gy;
  const records: string[][] = [[]];
  for (const [, quoted, plain, end] of text.matchAll(field)) {
    records.at(-1)!.push(quoted?.replaceAll('""', '"') ?? plain!);
    if (end !== ',') records.push([]);
  }
  return records.slice(0, -1);
}

describe('F2: four processes that monitor one folder', () => {
  const config = `
pipeline: shared
monitor: { every: 1s }
sources: [{ type: local, path: shared }]
schema: { columns: { id: integer } }`;

  it('load each of 200 files once', async () => {
    const [client] = await Promise.all([services[2]!.start(), services[3]!.start()]);
    write('shared/0.csv', 'id\n0\n');
    await client!.upload(config);
    await client!.run({ pipeline: 'shared' });
    for (let file = 1; file < 200; file++) {
      write('whole.csv', `id\n${file}\n`);
      renameSync(join(folder, 'data', 'whole.csv'), join(folder, 'data', 'shared', `${file}.csv`));
    }
    await until(async () => (await countRows(database.url, 'shared')) === 200);
    await client!.call('DELETE', '/monitors/shared');
    const runs = await endedRuns(client!);
    // What one process saw and had loaded is no reason for another one's run.
    for (const { streams } of runs) expect(streams[0]!.inserted).toBeGreaterThan(0);
    const inserted = runs.flatMap(({ streams }) => {
      return streams[0]!.files.filter((file) => file.inserted > 0).map(({ name }) => name);
    });
    expect(inserted.sort()).toEqual(Array.from({ length: 200 }, (_, file) => `${file}.csv`).sort());
    const count = 'SELECT count(*)::int AS rows, count(DISTINCT id)::int AS ids FROM shared';
    expect(await query(database.url, count)).toEqual([{ rows: 200, ids: 200 }]);
  });

  async function endedRuns(client: Service): Promise<RunDto[]> {
    const { body } = await client.get<RunPageDto>('/runs?pipeline=shared&limit=100');
    const runs = await Promise.all(body.items.map(({ id }) => client.ended(id)));
    expect(runs.map(({ state }) => state)).toEqual(runs.map(() => 'succeeded'));
    return runs;
  }
});

import { mkdir, readdir, readFile, readlink, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { Client } from 'pg';
import { TransientError } from '../src/errors.js';
import type { RunDto } from '../src/jobs/run.dto.js';
import { SchemaService } from '../src/schema/schema.service.js';
import { query, Service, until } from './jobs-support.js';
import { createApp, type TestApp } from './support.js';

interface Line {
  level: number;
  msg: string;
  runId: string;
  pipeline: string;
  attempt: number;
  stream: string | null;
  stage: string;
  durationMs?: number;
  err?: { type: string; code: string };
}

let app: TestApp;
let service: Service;

beforeAll(async () => {
  // Silent on stdout: the files have everything all the same.
  app = await createApp({ env: { LOG_LEVEL: 'silent' } });
  service = new Service(app.url);
});

afterEach(() => {
  jest.restoreAllMocks();
});

afterAll(() => app.close());

const logs = () => join(app.home, 'logs');

async function prepare(pipeline: string, files: Record<string, string>, more = ''): Promise<void> {
  const folder = join(app.dataRoot, pipeline);
  await mkdir(folder, { recursive: true });
  for (const [name, text] of Object.entries(files)) await writeFile(join(folder, name), text);
  const sources = `sources: [{ type: local, path: ${pipeline} }]`;
  await service.upload(`pipeline: ${pipeline}\nmonitor: false\n${sources}\n${more}`);
}

async function linesOf({ id }: Pick<RunDto, 'id'>, search = ''): Promise<Line[]> {
  const { status, body } = await service.get<string>(`/runs/${id}/log${search}`);
  expect(status).toBe(200);
  return body
    .split('\n')
    .slice(0, -1)
    .map((line) => JSON.parse(line) as Line);
}

/** Runs a pipeline and waits until its log is closed too, a moment after the run is over. */
async function run(pipeline: string): Promise<RunDto> {
  const ended = await service.run({ pipeline });
  await until(async () => (await openLogs()) === 0);
  return ended;
}

/** How many log files this process holds open. */
async function openLogs(): Promise<number> {
  const descriptors = await readdir('/proc/self/fd');
  const paths = await Promise.all(descriptors.map((fd) => readlink(`/proc/self/fd/${fd}`).catch(() => '')));
  return paths.filter((path) => path.startsWith(logs())).length;
}

/** Runs a pipeline and holds it while it wants to load into its table, which is there already. */
async function holdRun(pipeline: string, work: (run: RunDto) => Promise<void>): Promise<RunDto> {
  const client = new Client({ connectionString: app.database.url });
  await client.connect();
  try {
    await client.query(`BEGIN; LOCK TABLE ${pipeline}`);
    const { body: run } = await service.post<RunDto>('/trigger-job', { pipeline });
    await until(async () => {
      const { body } = await service.get<RunDto>(`/runs/${run.id}`);
      return body.streams[0]?.state === 'loading';
    });
    await work(run);
    await client.query('COMMIT');
    return await service.ended(run.id);
  } finally {
    await client.end();
  }
}

describe('the log of a run', () => {
  it('tells each step, and in each line whose it is', async () => {
    await prepare('steps', { 'a.csv': 'id\n1\n2\n', 'b.csv': 'id\n3\n' }, 'output: steps.csv');
    const ended = await run('steps');
    expect(ended.state).toBe('succeeded');
    const lines = await linesOf(ended);
    for (const line of lines) {
      expect(line).toMatchObject({ runId: ended.id, pipeline: 'steps', attempt: 1 });
      expect(typeof line.stage).toBe('string');
      expect([null, 'steps']).toContain(line.stream);
    }
    const told = lines.map(({ stream, stage, msg }) => [stream, stage, msg]);
    expect(told).toEqual([
      [null, 'queue', 'run begins'],
      ['steps', 'extract', 'looked at the sources'],
      ['steps', 'extract', 'landed'],
      ['steps', 'stage', 'staged'],
      ['steps', 'load', 'loaded'],
      ['steps', 'output', 'wrote the combined CSV'],
      ['steps', 'finish', 'stream finished'],
      [null, 'finish', 'run succeeded'],
    ]);
    expect(lines[4]).toMatchObject({ read: 3, inserted: 3, duplicate: 0, rejected: 0 });
    for (const line of lines.slice(1)) expect(line.durationMs).toBeGreaterThanOrEqual(0);
  });

  it('is one file for its own user only, which no other run writes to', async () => {
    await prepare('private', { 'a.csv': 'id\n1\n' });
    const ended = await run('private');
    const path = join(logs(), `${String(ended.queuedAt).slice(0, 10)}-${ended.id}.log`);
    expect((await stat(path)).mode & 0o777).toBe(0o600);
    expect((await stat(logs())).mode & 0o777).toBe(0o700);
    const own = (await readFile(path, 'utf8')).split('\n').slice(0, -1);
    expect(new Set(own.map((line) => (JSON.parse(line) as Line).runId))).toEqual(new Set([ended.id]));
  });

  it('names no key twice, which would leave open which one counts', async () => {
    await prepare('keys', { 'a.csv': 'id\n1\n' });
    const ended = await run('keys');
    const { body } = await service.get<string>(`/runs/${ended.id}/log`);
    for (const line of body.split('\n').slice(0, -1)) {
      expect(line).toBe(JSON.stringify(JSON.parse(line)));
    }
  });

  it('tells why a run is tried again, and then goes on under the next attempt', async () => {
    await prepare('again', { 'a.csv': 'id\n1\n' });
    const schema = app.app.get(SchemaService, { strict: false });
    jest.spyOn(schema, 'stage').mockRejectedValueOnce(new TransientError('DISK_FULL', 'no room'));
    const ended = await run('again');
    expect(ended).toMatchObject({ state: 'succeeded', attempt: 2 });
    const lines = await linesOf(ended);
    const retry = lines.findIndex(({ msg }) => msg === 'will try again');
    expect(lines[retry]).toMatchObject({
      level: 40,
      attempt: 1,
      err: { type: 'TransientError', code: 'DISK_FULL' },
    });
    expect(lines.map(({ attempt }) => attempt)).toEqual(lines.map((_, index) => (index <= retry ? 1 : 2)));
  });

  it('tells why a run failed', async () => {
    await prepare(
      'fails',
      { 'a.csv': 'id\n1\nx\n' },
      'schema: { columns: { id: integer } }\ncontract: { max_rejects: 0 }',
    );
    const ended = await run('fails');
    const last = (await linesOf(ended)).at(-1);
    expect(last).toMatchObject({ level: 50, msg: 'run failed', err: { code: 'TOO_MANY_REJECTS' } });
  });

  it('does not quote what an error quotes that nobody foresaw', async () => {
    await prepare('unforeseen', { 'a.csv': 'id\n1\n' });
    const schema = app.app.get(SchemaService, { strict: false });
    const message = `Conversion Error: Could not convert 'canary' to INT32`;
    jest.spyOn(schema, 'stage').mockRejectedValueOnce(new Error(message));
    const ended = await run('unforeseen');
    expect(ended.error?.code).toBe('INTERNAL');
    const { body } = await service.get<string>(`/runs/${ended.id}/log`);
    expect(body).toContain('Conversion Error: Could not convert …');
    expect(body).not.toContain('canary');
  });

  it('is there while the run is at work, and closed when it is over', async () => {
    await query(app.database.url, 'CREATE TABLE held (id bigint)');
    await prepare('held', { 'a.csv': 'id\n1\n' });
    const ended = await holdRun('held', async ({ id }) => {
      // A line comes to the disk a moment after it was written.
      const told = await until(async () => {
        const lines = (await linesOf({ id })).map(({ msg }) => msg);
        return lines.includes('staged') && lines;
      });
      expect(told).not.toContain('loaded');
      expect(await openLogs()).toBe(1);
    });
    await until(async () => (await openLogs()) === 0);
    expect((await linesOf(ended)).at(-1)?.msg).toBe('run succeeded');
  });
});

describe('GET /runs/:id/log', () => {
  let shown: RunDto;
  beforeAll(async () => {
    await prepare('shown', { 'a.csv': 'id\n1\n' });
    shown = await run('shown');
  });
  const get = (search: string, accept?: string) =>
    service.get<string>(`/runs/${shown.id}/log${search}`, accept ? { accept } : {});

  it.each([
    ['', undefined, 'application/x-ndjson'],
    ['', 'text/html,application/xml;q=0.9,*/*;q=0.8', 'application/x-ndjson'],
    ['', 'application/x-ndjson', 'application/x-ndjson'],
    ['', 'text/plain', 'text/plain; charset=utf-8'],
    ['?format=text', undefined, 'text/plain; charset=utf-8'],
    ['?format=ndjson', 'text/plain', 'application/x-ndjson'],
  ])('%s with Accept %s is %s', async (search, accept, type) => {
    const { headers, body } = await get(search, accept);
    expect(headers.get('content-type')).toBe(type);
    const [first = ''] = body.split('\n');
    const isJson = type === 'application/x-ndjson';
    if (isJson) expect(JSON.parse(first)).toMatchObject({ msg: 'run begins' });
    else
      expect(first).toMatch(
        /^\[\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{3}\] INFO: run begins \{.*"stage":"queue"/,
      );
  });

  it('gives the last lines only where that is asked for', async () => {
    const all = await linesOf(shown);
    expect(await linesOf(shown, '?tail=2')).toEqual(all.slice(-2));
    expect(await linesOf(shown, '?tail=99999')).toEqual(all);
  });

  it.each(['tail=0', 'tail=-1', 'tail=x', 'tail=1.5', 'tail=1000000', 'format=html', 'path=/etc/passwd'])(
    'refuses ?%s',
    async (search) => {
      const { status, body } = await get(`?${search}`);
      expect([status, body]).toEqual([400, expect.objectContaining({ code: 'INVALID_REQUEST' })]);
    },
  );

  it.each(['..%2f..%2fetc%2fpasswd', 'x', '019a0000-0000-7000-8000-000000000000'])(
    'knows no run %s',
    async (id) => {
      const { status, body } = await service.get(`/runs/${id}/log`);
      expect([status, body['code']]).toEqual([404, 'RUN_NOT_FOUND']);
    },
  );

  it('says why there is none', async () => {
    await prepare('gone', { 'a.csv': 'id\n1\n' });
    const gone = await run('gone');
    await rm(join(logs(), `${String(gone.queuedAt).slice(0, 10)}-${gone.id}.log`));
    const { status, body } = await service.get(`/runs/${gone.id}/log`);
    expect([status, body['code']]).toEqual([404, 'LOG_NOT_FOUND']);
    expect(body['detail']).toMatch(/removed after its time, or a worker on another machine holds it$/);
  });

  it('says when no worker has begun the run', async () => {
    await prepare('unbegun', { 'a.csv': 'id\n1\n' });
    const [row] = await query<{ id: string }>(
      app.database.url,
      `INSERT INTO millrace.runs (id, pipeline, config_version, trigger, state, queued_at)
         VALUES (gen_random_uuid(), 'unbegun', 1, 'manual', 'cancelled', now()) RETURNING id`,
    );
    const { status, body } = await service.get(`/runs/${row!.id}/log`);
    expect([status, body['code']]).toEqual([404, 'LOG_NOT_FOUND']);
    expect(body['detail']).toMatch(/no worker ever began the run$/);
  });
});

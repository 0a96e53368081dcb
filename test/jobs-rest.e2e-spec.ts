import { appendFile, mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { LookOut } from '../src/jobs/look-out.js';
import type { RunDto } from '../src/jobs/run.dto.js';
import { countRows, query, Service, until } from './jobs-support.js';
import { createApp, type TestApp } from './support.js';

interface Runs {
  items: RunDto[];
  nextCursor: string | null;
}

interface Documentation {
  paths: Record<string, { get: { parameters: Record<string, unknown>[] } }>;
}

let app: TestApp;
let service: Service;

beforeAll(async () => {
  app = await createApp();
  service = new Service(app.url);
  await mkdir(join(app.dataRoot, 'inbox'));
  await writeFile(join(app.dataRoot, 'inbox/a.csv'), 'id\n1\n2\n');
});

afterAll(() => app.close());

const config = (pipeline: string, monitor = 'false') => `
pipeline: ${pipeline}
table: ${pipeline}
monitor: ${monitor}
sources: [{ type: local, path: inbox }]
`;

describe('POST /trigger-job', () => {
  it('says what to do while there is no config', async () => {
    const { status, body } = await service.call('POST', '/trigger-job');
    expect(status).toBe(404);
    expect(body['detail']).toContain('POST /upload-config');
  });

  it('takes the only pipeline, with no body at all, and says where the run is', async () => {
    await service.upload(config('shop'));
    const { status, headers, body } = await service.call<RunDto>('POST', '/trigger-job');
    expect(status).toBe(202);
    expect(headers.get('location')).toBe(`/runs/${body.id}`);
    expect(body).toMatchObject({
      pipeline: 'shop',
      configVersion: 1,
      trigger: 'manual',
      state: 'queued',
      attempt: 0,
    });
    expect(await service.ended(body.id)).toMatchObject({ state: 'succeeded', attempt: 1 });
  });

  it('asks which one when there are several, unless one is called default', async () => {
    await service.upload(config('stock'));
    const several = await service.post('/trigger-job', {});
    expect(several).toMatchObject({
      status: 400,
      body: { detail: 'pipeline: expected one of shop, stock, got none' },
    });
    await service.upload(config('default'));
    const { status, body } = await service.post<RunDto>('/trigger-job', {});
    expect([status, body.pipeline]).toEqual([202, 'default']);
    await service.ended(body.id);
  });

  it('runs the version that it is told', async () => {
    await service.upload(config('stock'));
    const { body } = await service.post<RunDto>('/trigger-job', { pipeline: 'stock', version: 1 });
    expect(body.configVersion).toBe(1);
    expect((await service.ended(body.id)).state).toBe('succeeded');
  });

  it('makes one run of one Idempotency-Key, also when all come at once', async () => {
    const send = (body: object) => service.post<RunDto>('/trigger-job', body, { 'idempotency-key': 'key-1' });
    const answers = await Promise.all(Array.from({ length: 8 }, () => send({ pipeline: 'shop' })));
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([202]));
    expect(new Set(answers.map(({ body }) => body.id)).size).toBe(1);
    expect(await send({ pipeline: 'stock' })).toMatchObject({
      status: 409,
      body: { code: 'IDEMPOTENCY_CONFLICT' },
    });
    await service.ended(answers[0]!.body.id);
  });

  it('makes one run of one Idempotency-Key that comes for two pipelines at once', async () => {
    const count = async () => (await service.get<Runs>('/runs?limit=100')).body.items.length;
    for (let n = 0; n < 8; n++) {
      const before = await count();
      const key = { 'idempotency-key': `both-${n}` };
      const answers = await Promise.all(
        ['shop', 'stock'].map((pipeline) => service.post<RunDto>('/trigger-job', { pipeline }, key)),
      );
      expect(answers.map(({ status }) => status).sort()).toEqual([202, 409]);
      expect(answers.find(({ status }) => status === 409)!.body).toMatchObject({
        code: 'IDEMPOTENCY_CONFLICT',
      });
      await service.ended(answers.find(({ status }) => status === 202)!.body.id);
      expect(await count()).toBe(before + 1);
    }
  });

  it.each([
    { name: 'an unknown pipeline', body: { pipeline: 'nope' }, status: 404, says: 'nope' },
    { name: 'an unknown version', body: { pipeline: 'shop', version: 99 }, status: 404, says: '99' },
    { name: 'version 0', body: { pipeline: 'shop', version: 0 }, status: 400, says: 'whole number from 1' },
    {
      name: 'a text for a version',
      body: { pipeline: 'shop', version: '1' },
      status: 400,
      says: 'whole number',
    },
    { name: 'an unknown key', body: { pipeline: 'shop', force: true }, status: 400, says: 'force' },
    { name: 'monitor: 1', body: { pipeline: 'shop', monitor: 1 }, status: 400, says: 'true or false' },
    { name: 'pipeline: null', body: { pipeline: null }, status: 400, says: 'pipeline: expected a name' },
    { name: 'version: null', body: { pipeline: 'shop', version: null }, status: 400, says: 'whole number' },
    { name: 'monitor: null', body: { pipeline: 'shop', monitor: null }, status: 400, says: 'true or false' },
    { name: 'a list', body: [], status: 400, says: '' },
  ])('refuses $name', async ({ body, status, says }) => {
    const answer = await service.post('/trigger-job', body);
    expect(answer.status).toBe(status);
    expect(answer.headers.get('content-type')).toContain('application/problem+json');
    expect(answer.body['detail']).toContain(says);
  });

  it.each(['', 'two words', 'x'.repeat(256)])('refuses the Idempotency-Key %p', async (key) => {
    const answer = await service.post('/trigger-job', { pipeline: 'shop' }, { 'idempotency-key': key });
    expect(answer.status).toBe(400);
    expect(answer.body['detail']).toContain('Idempotency-Key: expected 1 to 255');
  });
});

describe('GET /runs', () => {
  it('pages through all runs, the newest first, each once', async () => {
    const all = (await service.get<Runs>('/runs?limit=100')).body.items.map(({ id }) => id);
    expect(all.length).toBeGreaterThan(3);
    expect(all).toEqual([...all].sort().reverse());
    const paged: string[] = [];
    for (let cursor: string | null = ''; cursor !== null;) {
      const page: Runs = (await service.get<Runs>(`/runs?limit=2${cursor && `&cursor=${cursor}`}`)).body;
      paged.push(...page.items.map(({ id }) => id));
      cursor = page.nextCursor;
    }
    expect(paged).toEqual(all);
  });

  it('filters', async () => {
    const { body } = await service.get<Runs>('/runs?pipeline=stock&state=succeeded&trigger=manual');
    expect(body.items.length).toBeGreaterThan(0);
    expect(new Set(body.items.map(({ pipeline }) => pipeline))).toEqual(new Set(['stock']));
    expect((await service.get<Runs>('/runs?trigger=monitor')).body.items).toEqual([]);
  });

  it.each([
    ['limit=0', 'limit: expected a whole number from 1 to 100, got 0'],
    ['limit=101', 'has 1 error: limit: expected a whole number from 1 to 100, got 101'],
    ['limit=abc', 'has 1 error: limit: expected a whole number from 1 to 100, got "abc"'],
    ['limit=', 'limit: expected a whole number from 1 to 100, got ""'],
    ['limit=1&limit=2', 'limit: expected a whole number from 1 to 100, got ["1","2"]'],
    ['state=failed&state=queued', 'cancelled, got ["failed","queued"]'],
    ['state=done', 'state: expected one of queued, running, succeeded, failed, cancelled, got "done"'],
    ['trigger=x', 'trigger: expected one of manual, schedule, monitor, replay, got "x"'],
    ['cursor=x', 'cursor: expected the nextCursor of an earlier answer, got "x"'],
    ['page=2', 'page'],
  ])('refuses %s', async (filter, says) => {
    const { status, body } = await service.get(`/runs?${filter}`);
    expect(status).toBe(400);
    expect(body['detail']).toContain(says);
  });

  it.each(['/runs/x', '/runs/0198f0a0-0000-7000-8000-00000000000a', '/runs/x/rejects', '/runs/x/output/t'])(
    'knows no %s',
    async (path) => {
      expect(await service.get(path)).toMatchObject({ status: 404, body: { code: 'RUN_NOT_FOUND' } });
    },
  );
});

describe('the documentation', () => {
  it.each(['/runs', '/runs/{id}/rejects'])('has no optional filter of %s filled in', async (path) => {
    const { body } = await service.get<Documentation>('/docs-json');
    const parameters = body.paths[path]!.get.parameters.filter((one) => one['in'] === 'query');
    expect(parameters.length).toBeGreaterThan(0);
    expect(parameters.filter((one) => JSON.stringify(one).includes('"example"'))).toEqual([]);
  });
});

describe('a body that is not JSON', () => {
  const FORM = 'application/x-www-form-urlencoded';

  it.each([
    ['/trigger-job', FORM],
    ['/schedule-job', FORM],
    ['/trigger-job', 'application/yaml'],
    ['/schedule-job', 'text/plain'],
  ])('is refused by %s: %s', async (path, type) => {
    const headers = { 'content-type': type };
    const response = await fetch(app.url + path, { method: 'POST', headers, body: '{"pipeline":"nope"}' });
    expect(response.status).toBe(415);
    const problem = { code: 'UNSUPPORTED_MEDIA_TYPE', detail: `expected application/json, got "${type}"` };
    expect(await response.json()).toMatchObject(problem);
  });

  it('is none when it has no bytes', async () => {
    const headers = { 'content-type': FORM };
    const response = await fetch(`${app.url}/trigger-job`, { method: 'POST', headers, body: '' });
    expect(response.status).not.toBe(415);
  });
});

describe('the monitor', () => {
  const monitors = async () =>
    (await service.get<{ items: Record<string, unknown>[] }>('/monitors')).body.items;
  const runsOf = async (trigger: string) => {
    return (await service.get<Runs>(`/runs?pipeline=watched&trigger=${trigger}`)).body.items;
  };

  it('begins with a trigger, unless the trigger says no', async () => {
    await service.upload(config('watched', '{ every: 1s }'));
    await service.run({ pipeline: 'watched', monitor: false });
    expect(await monitors()).toEqual([]);
    await service.run({ pipeline: 'watched' });
    expect(await monitors()).toMatchObject([{ pipeline: 'watched', everySeconds: 1 }]);
  });

  it('leaves alone what did not change', async () => {
    const looked = await until(
      async () => (await monitors())[0]?.['lastResult'] === 'unchanged' && (await monitors())[0],
    );
    await until(
      async () => ((await monitors())[0]?.['lastLookAt'] as string) > (looked['lastLookAt'] as string),
    );
    expect(await runsOf('monitor')).toEqual([]);
  });

  it('runs the newest config when a file changed or is new, also after a restart', async () => {
    const other = await createApp({
      env: { DATABASE_URL: app.database.url, MILLRACE_HOME: app.home, MILLRACE_DATA_ROOTS: app.dataRoot },
    });
    try {
      await appendFile(join(app.dataRoot, 'inbox/a.csv'), '3\n');
      await writeFile(join(app.dataRoot, 'inbox/b.csv'), 'id\n4\n');
      // One run takes both files, or each has its own.
      await until(async () => (await countRows(app.database.url, 'watched')) === 4);
      for (const { id } of await runsOf('monitor')) await service.ended(id);
      await until(async () => (await monitors())[0]?.['lastResult'] === 'unchanged');
    } finally {
      await other.close();
    }
    const rows = await query(app.database.url, 'SELECT id::int FROM watched ORDER BY id');
    expect(rows).toEqual([{ id: 1 }, { id: 2 }, { id: 3 }, { id: 4 }]);
    const inserted = (await runsOf('monitor')).map(({ streams }) => streams[0]!.inserted);
    expect(inserted.reduce((sum, count) => sum + count, 0)).toBe(2);
  });

  it('runs a config that was mended after it failed on the same files, and no other', async () => {
    const { host, port, user, database } = app.database.connection;
    const target = JSON.stringify({ host, port, user, database, password: 'wrong' });
    await service.upload(`${config('mended', '{ every: 1s }')}target: ${target}`);
    expect((await service.run({ pipeline: 'mended' })).error?.code).toBe('TARGET_LOGIN');
    const mended = async () => (await monitors()).find(({ pipeline }) => pipeline === 'mended');
    await until(async () => String((await mended())?.['lastResult']).includes('failed on the same files'));
    await service.upload(config('mended', '{ every: 1s }'));
    await until(async () => (await mended())?.['lastResult'] === 'unchanged');
    const runs = (await service.get<Runs>('/runs?pipeline=mended')).body.items;
    expect(runs).toMatchObject([
      { trigger: 'monitor', configVersion: 2, state: 'succeeded' },
      { trigger: 'manual', configVersion: 1, state: 'failed' },
    ]);
    await service.call('DELETE', '/monitors/mended');
  });

  it('looks at the others while one look takes long', async () => {
    const lookOut = app.app.get(LookOut, { strict: false });
    const look = lookOut.look.bind(lookOut);
    const gate = Promise.withResolvers<void>();
    const seen: string[] = [];
    jest.spyOn(lookOut, 'look').mockImplementation(async (monitor, signal) => {
      seen.push(monitor.pipeline);
      if (monitor.pipeline === 'slow') await gate.promise;
      return look(monitor, signal);
    });
    for (const pipeline of ['slow', 'quick']) {
      await service.upload(config(pipeline, '{ every: 1s }'));
      await service.run({ pipeline });
    }
    await until(() => seen.includes('slow'));
    const before = seen.length;
    await until(() => seen.slice(before).filter((pipeline) => pipeline === 'quick').length > 1);
    expect(seen.filter((pipeline) => pipeline === 'slow')).toHaveLength(1);
    gate.resolve();
    for (const pipeline of ['slow', 'quick']) await service.call('DELETE', `/monitors/${pipeline}`);
    jest.restoreAllMocks();
  });

  it('ends when it is deleted', async () => {
    expect((await service.call('DELETE', '/monitors/watched')).status).toBe(204);
    expect(await monitors()).toEqual([]);
    expect(await service.call('DELETE', '/monitors/watched')).toMatchObject({
      status: 404,
      body: { code: 'MONITOR_NOT_FOUND' },
    });
  });

  it('ends when the newest config says so', async () => {
    await service.run({ pipeline: 'watched' });
    expect(await monitors()).toHaveLength(1);
    await service.upload(config('watched', 'false'));
    await until(async () => (await monitors()).length === 0);
  });
});

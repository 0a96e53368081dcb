import { appendFile, mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Client } from 'pg';
import type { FilePageDto, RunDto, RunPageDto } from '../src/jobs/run.dto.js';
import { countRows, query, Service, until } from './jobs-support.js';
import { readEvents, type SentEvent } from './read-events.js';
import { createApp, type TestApp } from './support.js';

let app: TestApp;
let service: Service;

beforeAll(async () => {
  app = await createApp();
  service = new Service(app.url);
});

afterAll(() => app.close());

const header = 'id,name\n';
const rows = (from: number, count: number) =>
  Array.from({ length: count }, (_, n) => `${from + n},name ${from + n}\n`).join('');

/** A pipeline of one table and one folder, all of the same name. */
async function addPipeline(name: string, files: Record<string, string>, more = ''): Promise<string> {
  const folder = join(app.dataRoot, name);
  await mkdir(folder, { recursive: true });
  for (const [file, text] of Object.entries(files)) await writeFile(join(folder, file), text);
  await service.upload(configOf(name, more));
  return folder;
}

function configOf(name: string, more = ''): string {
  return `pipeline: ${name}\nmonitor: false\n${more}streams:\n  - table: ${name}\n    sources:\n      - {type: local, path: ${name}}\n`;
}

/** Keeps a table's loads waiting until the returned function is called. */
async function holdTable(table: string): Promise<() => Promise<void>> {
  const client = new Client({ connectionString: app.database.url });
  await client.connect();
  await client.query('BEGIN');
  await client.query(`SELECT pg_advisory_xact_lock(hashtextextended($1, 0))`, [
    `millrace load "public"."${table}"`,
  ]);
  return () => client.end();
}

const get = async (id: string) => (await service.get<RunDto>(`/runs/${id}`)).body;
const over = (id: string) =>
  until(async () => {
    const run = await get(id);
    return run.finishedAt !== null && run;
  });

/** Triggers a run and waits until it is before its load, which `holdTable` keeps waiting. */
async function runUntilLoad(pipeline: string): Promise<string> {
  const { body } = await service.post<RunDto>('/trigger-job', { pipeline });
  await until(async () => (await get(body.id)).streams[0]?.state === 'loading');
  return body.id;
}

describe('triggers while a run is under way', () => {
  it('F1: 50 at once make one run', async () => {
    await addPipeline('fifty', { 'a.csv': header + rows(1, 10) });
    const release = await holdTable('fifty');
    const all = await Promise.all(
      Array.from({ length: 50 }, () =>
        until(async () => {
          const answer = await service.post<RunDto>('/trigger-job', { pipeline: 'fifty' });
          // Who waits for a connection too long is asked to come again.
          return answer.status !== 503 && answer;
        }),
      ),
    );
    expect(new Set(all.map(({ status }) => status))).toEqual(new Set([202]));
    expect(new Set(all.map(({ body }) => body.id)).size).toBe(1);
    await release();
    await over(all[0]!.body.id);
    const { body } = await service.get<RunPageDto>('/runs?pipeline=fifty');
    expect(body.items.map(({ state }) => state)).toEqual(['succeeded']);
  });

  it('F1: one that asks for another version is told which run is in its way', async () => {
    await addPipeline('versions', { 'a.csv': header + rows(1, 10) });
    const release = await holdTable('versions');
    const id = await runUntilLoad('versions');
    await service.upload(configOf('versions', '# another\n'));
    const { status, body } = await service.post('/trigger-job', { pipeline: 'versions' });
    expect(status).toBe(409);
    expect(body).toMatchObject({ code: 'RUN_UNDER_WAY', detail: expect.stringContaining(id) });
    const same = await service.post<RunDto>('/trigger-job', { pipeline: 'versions', version: 1 });
    expect(same).toMatchObject({ status: 202, body: { id } });
    await release();
    expect(await over(id)).toMatchObject({ state: 'succeeded', configVersion: 1 });
    const next = await service.run({ pipeline: 'versions' });
    expect(next).toMatchObject({ state: 'succeeded', configVersion: 2 });
  });

  it('what came after the run had looked is loaded by a run that follows', async () => {
    const folder = await addPipeline('late', { 'a.csv': header + rows(1, 10) });
    const release = await holdTable('late');
    const id = await runUntilLoad('late');
    await writeFile(join(folder, 'b.csv'), header + rows(11, 5));
    const joined = await service.post<RunDto>(
      '/trigger-job',
      { pipeline: 'late' },
      { 'Idempotency-Key': 'k1' },
    );
    expect(joined.body.id).toBe(id);
    await release();
    await over(id);
    const { body } = await service.get<RunPageDto>('/runs?pipeline=late');
    expect(body.items).toHaveLength(2);
    const next = await over(body.items[0]!.id);
    expect(next).toMatchObject({
      trigger: 'manual',
      state: 'succeeded',
      streams: [{ inserted: 5, duplicate: 10 }],
    });
    expect(await countRows(app.database.url, 'late')).toBe(15);
    const again = await service.post<RunDto>(
      '/trigger-job',
      { pipeline: 'late' },
      { 'Idempotency-Key': 'k1' },
    );
    expect(again.body.id).toBe(id);
  });

  it('so is what came before a run that fails', async () => {
    const folder = await addPipeline('failing', { 'a.csv': header + rows(1, 10) });
    const release = await holdTable('failing');
    const id = await runUntilLoad('failing');
    await writeFile(join(folder, 'b.csv'), header + rows(11, 5));
    expect((await service.post<RunDto>('/trigger-job', { pipeline: 'failing' })).body.id).toBe(id);
    await query(app.database.url, 'CREATE TABLE public.failing (id date, name text)');
    await release();
    expect(await over(id)).toMatchObject({ state: 'failed', error: { code: 'TABLE_MISMATCH' } });
    const { body } = await service.get<RunPageDto>('/runs?pipeline=failing');
    expect(body.items).toHaveLength(2);
    expect(await over(body.items[0]!.id)).toMatchObject({ trigger: 'manual', streams: [{ fileCount: 2 }] });
  });

  it('so is what came before the attempt that ends the run', async () => {
    const folder = await addPipeline('again', { 'a.csv': header + rows(1, 10) });
    const release = await holdTable('again');
    const id = await runUntilLoad('again');
    await writeFile(join(folder, 'b.csv'), header + rows(11, 5));
    await service.post('/trigger-job', { pipeline: 'again' });
    const end = `SELECT pg_terminate_backend(pid) FROM pg_stat_activity
       WHERE application_name = 'millrace loader' AND datname = current_database() AND wait_event_type = 'Lock'`;
    await until(async () => (await query(app.database.url, end)).length > 0);
    await until(async () => (await get(id)).attempt === 2);
    await release();
    expect(await over(id)).toMatchObject({ state: 'succeeded', attempt: 2, streams: [{ inserted: 10 }] });
    const { body } = await service.get<RunPageDto>('/runs?pipeline=again');
    expect(body.items).toHaveLength(2);
    expect(await over(body.items[0]!.id)).toMatchObject({ streams: [{ inserted: 5, duplicate: 10 }] });
  });

  it('no run follows when nothing came', async () => {
    await addPipeline('nothing', { 'a.csv': header + rows(1, 10) });
    const release = await holdTable('nothing');
    const id = await runUntilLoad('nothing');
    await service.post('/trigger-job', { pipeline: 'nothing' });
    await release();
    await over(id);
    expect((await service.get<RunPageDto>('/runs?pipeline=nothing')).body.items).toHaveLength(1);
  });
});

describe('POST /runs/:id/cancel', () => {
  it('rolls the load back that is under way', async () => {
    await addPipeline('stopped', { 'a.csv': header + rows(1, 1_000) });
    const release = await holdTable('stopped');
    const id = await runUntilLoad('stopped');
    const asked = await service.post<RunDto>(`/runs/${id}/cancel`, {});
    expect(asked).toMatchObject({ status: 202, body: { id, cancelAskedAt: expect.any(String) } });
    expect(await over(id)).toMatchObject({
      state: 'cancelled',
      error: null,
      streams: [{ state: 'cancelled', inserted: 0 }],
    });
    await release();
    expect(await query(app.database.url, `SELECT to_regclass('public.stopped') AS it`)).toEqual([
      { it: null },
    ]);
    expect((await service.post(`/runs/${id}/cancel`, {})).status).toBe(202);
    expect(await service.run({ pipeline: 'stopped' })).toMatchObject({ streams: [{ inserted: 1_000 }] });
  });

  it('ends a queued run at once, and the next trigger is a new one', async () => {
    await addPipeline('queued', { 'a.csv': header + rows(1, 10) });
    const release = await holdTable('queued');
    const first = await runUntilLoad('queued');
    await service.post(`/runs/${first}/cancel`, {});
    const second = await service.post<RunDto>('/trigger-job', { pipeline: 'queued' });
    expect(second.body.id).not.toBe(first);
    const answer = await service.post<RunDto>(`/runs/${second.body.id}/cancel`, {});
    expect(['cancelled', 'running']).toContain(answer.body.state);
    expect(await over(second.body.id)).toMatchObject({ state: 'cancelled' });
    expect(await over(first)).toMatchObject({ state: 'cancelled' });
    await release();
    expect(await service.run({ pipeline: 'queued' })).toMatchObject({ streams: [{ inserted: 10 }] });
  });

  it('is refused for a run that is over', async () => {
    await addPipeline('done', { 'a.csv': header + rows(1, 10) });
    const { id } = await service.run({ pipeline: 'done' });
    expect(await service.post(`/runs/${id}/cancel`, {})).toMatchObject({
      status: 409,
      body: { code: 'RUN_OVER' },
    });
    expect((await service.post('/runs/0198f0a0-0000-7000-8000-00000000000a/cancel', {})).status).toBe(404);
  });

  it('F9: while it commits it is one or the other, never both', async () => {
    const folder = await addPipeline('race', {});
    let expected = 0;
    const seen = new Set<string>();
    for (let round = 0; round < 15; round++) {
      await writeFile(join(folder, `${round}.csv`), header + rows(round * 100 + 1, 100));
      const { body } = await service.post<RunDto>('/trigger-job', { pipeline: 'race' });
      // Later from round to round, from the looks to the end of the run.
      await until(async () => (await get(body.id)).streams[0]?.state !== undefined);
      await new Promise((resolve) => setTimeout(resolve, round * 12));
      await service.post(`/runs/${body.id}/cancel`, {});
      const run = await over(body.id);
      seen.add(run.state);
      const inserted = run.streams.reduce((sum, stream) => sum + stream.inserted, 0);
      expect(run.state === 'cancelled' ? 0 : inserted).toBe(inserted);
      expected += inserted;
      const table = await query(app.database.url, `SELECT to_regclass('public.race') AS it`);
      expect(
        table[0] && 'it' in table[0] && table[0].it ? await countRows(app.database.url, 'race') : 0,
      ).toBe(expected);
    }
    expect([...seen].every((state) => state === 'cancelled' || state === 'succeeded')).toBe(true);
  });
});

describe('GET /runs/:id/events', () => {
  it('tells each state and step of a run, and ends with it', async () => {
    await addPipeline('followed', { 'a.csv': header + rows(1, 10) });
    const release = await holdTable('followed');
    const { body } = await service.post<RunDto>('/trigger-job', { pipeline: 'followed' });
    const events: SentEvent[] = [];
    const end = readEvents(`${app.url}/runs/${body.id}/events`, { events });
    await until(() => events.find(({ type }) => type === 'progress'));
    await release();
    await end;
    const states = events.filter(({ type }) => type === 'state').map(({ data }) => data['state']);
    expect(states).toEqual(['queued', 'running', 'succeeded']);
    const steps = events.filter(({ type }) => type === 'stream').map(({ data }) => data['state']);
    expect(steps).toEqual(['waiting', 'extracting', 'staging', 'loading', 'writing', 'succeeded']);
    expect(events.find(({ type }) => type === 'progress')?.data).toMatchObject({
      table: 'followed',
      filesTotal: 1,
    });

    const resumed = await readEvents(`${app.url}/runs/${body.id}/events`, {
      headers: { 'Last-Event-ID': '3' },
    });
    expect(resumed[0]?.id).toBe('4');
    expect(resumed.map(({ id }) => id)).toEqual(
      events.filter(({ type, id }) => type !== 'progress' && Number(id) > 3).map(({ id }) => id),
    );
    const last = resumed.at(-1)!.id;
    const nothing = await fetch(`${app.url}/runs/${body.id}/events`, { headers: { 'Last-Event-ID': last } });
    expect([nothing.status, await nothing.text()]).toEqual([204, '']);
  });

  it.each([
    ['no such run', '/runs/0198f0a0-0000-7000-8000-00000000000a/events', {}, 404],
    ['an id that is none', '/runs/x/events', {}, 404],
    ['a Last-Event-ID that is none', '/runs/x/events', { 'Last-Event-ID': '-1' }, 400],
  ] as [string, string, Record<string, string>, number][])(
    'refuses %s',
    async (_name, path, headers, status) => {
      const response = await fetch(app.url + path, { headers });
      expect(response.status).toBe(status);
      expect(response.headers.get('content-type')).toContain('application/problem+json');
    },
  );
});

describe('GET /runs/:id/files', () => {
  it('pages through all files, the list of runs has none', async () => {
    const files = Object.fromEntries(
      Array.from({ length: 5 }, (_, n) => [`f${n}.csv`, header + rows(n * 2, 2)]),
    );
    const folder = await addPipeline('pages', { ...files, 'g.csv': files['f0.csv']! });
    await appendFile(join(folder, '.hidden.csv'), 'x');
    const { id } = await service.run({ pipeline: 'pages' });
    const seen: string[] = [];
    let cursor: string | null = '';
    do {
      const page: FilePageDto = (
        await service.get<FilePageDto>(`/runs/${id}/files?limit=4${cursor ? `&cursor=${cursor}` : ''}`)
      ).body;
      seen.push(...page.items.map(({ table, name, state }) => `${table}/${name} ${state}`));
      cursor = page.nextCursor;
    } while (cursor);
    expect(seen).toEqual([...Object.keys(files).map((name) => `pages/${name} loaded`), 'pages/g.csv copy']);
    const copies = await service.get<FilePageDto>(`/runs/${id}/files?state=copy&table=pages`);
    expect(copies.body.items.map(({ name }) => name)).toEqual(['g.csv']);
    expect((await service.get(`/runs/${id}/files?cursor=x`)).status).toBe(400);
    const list = await service.get<RunPageDto>('/runs?pipeline=pages');
    expect(list.body.items[0]!.streams[0]).toMatchObject({ fileCount: 6 });
    expect(list.body.items[0]!.streams[0]).not.toHaveProperty('files');
  });
});

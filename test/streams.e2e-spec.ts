import { mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { Client } from 'pg';
import { TransientError } from '../src/errors.js';
import type { RunDto } from '../src/jobs/run.dto.js';
import { LoaderService } from '../src/loader/loader.service.js';
import { SchemaService } from '../src/schema/schema.service.js';
import { countRows, query, Service, until } from './jobs-support.js';
import { createApp, type TestApp } from './support.js';

let app: TestApp;
let service: Service;

beforeAll(async () => {
  app = await createApp();
  service = new Service(app.url);
});

afterEach(() => {
  jest.restoreAllMocks();
});

afterAll(() => app.close());

/** A pipeline of streams with one row each; `b: after: [a]` is a stream and its keys. */
async function upload(pipeline: string, streams: string[], top = ''): Promise<void> {
  const parts = streams.map((stream) => {
    const [, table = stream, keys = ''] = /^(\w+): (.*)$/s.exec(stream) ?? [];
    return { table, keys };
  });
  for (const { table } of parts) {
    await mkdir(join(app.dataRoot, pipeline), { recursive: true });
    await writeFile(join(app.dataRoot, pipeline, `${table}.csv`), 'id,name\n1,x\n');
  }
  const list = parts.map(
    ({ table, keys }) => `
  - table: ${table}
    sources: [{ type: local, path: ${pipeline}, include: [${table}.csv] }]
    ${keys}`,
  );
  await service.upload(`pipeline: ${pipeline}\nmonitor: false\n${top}\nstreams:${list.join('')}`);
}

const statesOf = ({ streams }: Pick<RunDto, 'streams'>) =>
  Object.fromEntries(streams.map(({ table, state }) => [table, state]));

const WRONG = 'schema: { columns: { name: integer } }\n    contract: { invalid_rows: fail }';

async function ordersOf(tables: string[]): Promise<string[]> {
  const rows = await query<{ table_name: string }>(
    app.database.url,
    'SELECT table_name FROM millrace.loads WHERE table_name = ANY ($1) ORDER BY committed_at',
    [tables],
  );
  return rows.map((row) => row.table_name);
}

describe('streams that need each other', () => {
  it('are loaded parents first, whichever way that is said', async () => {
    await upload('shop', [
      'lines: foreign_keys: [{ columns: [id], references: orders(id) }]',
      'orders: schema: { columns: { id: { type: bigint, unique: true, references: customers(id) }, name: text } }',
      'customers: schema: { columns: { id: { type: bigint, unique: true }, name: text } }\n    after: [regions]',
      'regions',
    ]);
    const run = await service.run({ pipeline: 'shop' });
    expect(run).toMatchObject({ state: 'succeeded', error: null });
    const order = ['regions', 'customers', 'orders', 'lines'];
    expect(await ordersOf(order)).toEqual(order);
  });

  it('are skipped when one of them fails, with the reason, while others are loaded', async () => {
    await upload('half', [
      'half_lines: after: [half_orders]',
      'half_orders: after: [half_customers]',
      `half_customers: ${WRONG}`,
      'half_stock',
    ]);
    const run = await service.run({ pipeline: 'half' });
    expect(statesOf(run)).toEqual({
      half_lines: 'skipped',
      half_orders: 'skipped',
      half_customers: 'failed',
      half_stock: 'succeeded',
    });
    const why = /^half_customers failed: expected no invalid rows/;
    expect(run.streams[0]?.error).toMatchObject({ code: 'PARENT_FAILED', isPassing: false });
    expect(run.streams[0]?.error?.message).toMatch(why);
    expect(run.streams[1]?.error?.message).toMatch(why);
    expect(run).toMatchObject({ state: 'failed', attempt: 1 });
    expect(run.error?.code).toBe(run.streams[2]?.error?.code);
    expect(run.error?.message).toMatch(
      /^half_customers.*; skipped because of that: half_lines, half_orders$/,
    );
    expect(await countRows(app.database.url, 'half_stock')).toBe(1);
    expect(await service.logOf(run.id)).toContain('stream skipped');
    await upload('half', [
      'half_lines: after: [half_orders]',
      'half_orders: after: [half_customers]',
      'half_customers',
      'half_stock',
    ]);
    expect(statesOf(await service.run({ pipeline: 'half' }))).toEqual({
      half_lines: 'succeeded',
      half_orders: 'succeeded',
      half_customers: 'succeeded',
      half_stock: 'unchanged',
    });
  });

  it('that fail all are named by the error of the run', async () => {
    await upload('both', [`both_a: ${WRONG}`, `both_b: ${WRONG}`, 'both_c']);
    const run = await service.run({ pipeline: 'both' });
    expect(run.error).toMatchObject({
      code: 'STREAMS_FAILED',
      message: 'expected all 3 streams and transforms to succeed, 2 failed: both_a, both_b',
      details: [{ path: 'both_a' }, { path: 'both_b' }],
    });
  });

  it('are tried again alone where the failure may pass; what cannot pass is not', async () => {
    await upload('again', [
      'again_child: after: [again_parent]',
      'again_parent',
      `again_wrong: ${WRONG}`,
      'again_free',
    ]);
    const loader = app.app.get(LoaderService, { strict: false });
    const schema = app.app.get(SchemaService, { strict: false });
    const load = loader.load.bind(loader);
    let failures = 1;
    const loads = jest.spyOn(loader, 'load').mockImplementation(async (request) => {
      if (request.table === 'again_parent' && failures-- > 0)
        throw new TransientError('CONNECTION_LOST', 'lost');
      return load(request);
    });
    const stages = jest.spyOn(schema, 'stage');
    const run = await service.run({ pipeline: 'again' });
    expect(run).toMatchObject({ state: 'failed', attempt: 2 });
    expect(statesOf(run)).toEqual({
      again_child: 'succeeded',
      again_parent: 'succeeded',
      again_wrong: 'failed',
      again_free: 'succeeded',
    });
    expect(run.streams.map(({ error }) => error?.code ?? null)).toEqual([null, null, run.error!.code, null]);
    expect(loads.mock.calls.map(([{ table }]) => table).toSorted()).toEqual([
      'again_child',
      'again_free',
      'again_parent',
      'again_parent',
    ]);
    expect(stages.mock.calls.filter(([{ table }]) => table === 'again_wrong')).toHaveLength(1);
  });
});

describe('streams that do not need each other', () => {
  it('are loaded side by side, and cancelled together', async () => {
    await upload(
      'wide',
      ['wide_first', 'wide_a: after: [wide_first]', 'wide_b: after: [wide_first]'],
      'concurrency: 2',
    );
    await query(
      app.database.url,
      'CREATE TABLE wide_a (id bigint, name text); CREATE TABLE wide_b (id bigint, name text)',
    );
    const holder = new Client({ connectionString: app.database.url });
    await holder.connect();
    try {
      await holder.query('BEGIN; LOCK TABLE wide_a, wide_b IN EXCLUSIVE MODE');
      const { body } = await service.post<RunDto>('/trigger-job', { pipeline: 'wide' });
      const run = await until(async () => {
        const { body: now } = await service.get<RunDto>(`/runs/${body.id}`);
        return now.streams.filter(({ state }) => state === 'loading').length === 2 && now;
      });
      expect(statesOf(run)).toEqual({ wide_first: 'succeeded', wide_a: 'loading', wide_b: 'loading' });
      await service.post(`/runs/${run.id}/cancel`, {});
      const ended = await until(async () => {
        const { body: now } = await service.get<RunDto>(`/runs/${run.id}`);
        return now.state === 'cancelled' && now;
      });
      expect(statesOf(ended)).toEqual({ wide_first: 'succeeded', wide_a: 'cancelled', wide_b: 'cancelled' });
    } finally {
      await holder.end();
    }
    expect(statesOf(await service.run({ pipeline: 'wide' }))).toEqual({
      wide_first: 'unchanged',
      wide_a: 'succeeded',
      wide_b: 'succeeded',
    });
  });

  it('go on in another process with those that were not loaded, and remember those that failed', async () => {
    const env = {
      DATABASE_URL: app.database.url,
      MILLRACE_HOME: app.home,
      MILLRACE_DATA_ROOTS: app.dataRoot,
    };
    await app.app.close();
    const first = await createApp({ env });
    service = new Service(first.url);
    await upload('moved', [
      'moved_loaded',
      `moved_wrong: ${WRONG}`,
      'moved_child: after: [moved_wrong]',
      'moved_late',
    ]);
    const schema = first.app.get(SchemaService, { strict: false });
    const stage = schema.stage.bind(schema);
    const stages = jest.spyOn(schema, 'stage').mockImplementation(async (request) => {
      if (request.table !== 'moved_late') return stage(request);
      return new Promise((_, reject) => {
        request.signal?.addEventListener('abort', () => reject(request.signal?.reason as Error), {
          once: true,
        });
      });
    });
    const { body } = await service.post<RunDto>('/trigger-job', { pipeline: 'moved' });
    await until(async () => {
      const { body: now } = await service.get<RunDto>(`/runs/${body.id}`);
      const { moved_child: child, moved_loaded: loaded, moved_late: late } = statesOf(now);
      return child === 'skipped' && loaded === 'succeeded' && late === 'staging';
    });
    await first.close();
    stages.mockRestore();
    await rm(join(app.dataRoot, 'moved', 'moved_loaded.csv'));
    const second = await createApp({ env });
    service = new Service(second.url);
    try {
      const run = await service.ended(body.id);
      expect(run).toMatchObject({ state: 'failed', attempt: 2 });
      expect(statesOf(run)).toEqual({
        moved_loaded: 'succeeded',
        moved_wrong: 'failed',
        moved_child: 'skipped',
        moved_late: 'succeeded',
      });
      expect(run.error).toMatchObject({ code: run.streams[1]!.error!.code });
      expect(run.error?.message).toContain('moved_wrong');
    } finally {
      await second.close();
    }
  });
});

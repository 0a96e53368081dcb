import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { RunDto } from '../src/jobs/run.dto.js';
import { query, Service, until } from './jobs-support.js';
import { type Family, parseMetrics } from './parse-metrics.js';
import { createApp, type TestApp } from './support.js';

let app: TestApp;
let service: Service;

beforeAll(async () => {
  app = await createApp();
  service = new Service(app.url);
});

afterAll(() => app.close());

class Scrape {
  constructor(private readonly families: Map<string, Family>) {}

  names(): string[] {
    return [...this.families.keys()];
  }

  family(name: string): Family {
    const family = this.families.get(`millrace_${name}`);
    if (!family) throw new Error(`expected millrace_${name}, got ${this.names().join(', ')}`);
    return family;
  }

  /** Sum of all samples of that name and these labels; null when there is none. */
  value(name: string, labels: Record<string, string> = {}): number | null {
    const family = name.replace(/_(bucket|sum|count)$/, '');
    const samples = this.family(this.families.has(`millrace_${name}`) ? name : family).samples.filter(
      (sample) =>
        sample.name === `millrace_${name}` &&
        Object.entries(labels).every(([label, value]) => sample.labels[label] === value),
    );
    return samples.length === 0 ? null : samples.reduce((sum, { value }) => sum + value, 0);
  }
}

async function scrape(): Promise<Scrape> {
  const { status, body } = await service.get<string>('/metrics');
  expect(status).toBe(200);
  return new Scrape(parseMetrics(body));
}

/** As soon as the metrics know of so many runs that ended. */
async function scrapeAfter(runs: number, pipeline: string): Promise<Scrape> {
  return until(async () => {
    const seen = await scrape();
    return (seen.value('runs_finished_total', { pipeline }) ?? 0) >= runs && seen;
  });
}

async function prepare(pipeline: string, yaml: string, files: Record<string, string>): Promise<void> {
  for (const [path, text] of Object.entries(files)) {
    await mkdir(join(app.dataRoot, path, '..'), { recursive: true });
    await writeFile(join(app.dataRoot, path), text);
  }
  await service.upload(`pipeline: ${pipeline}\nmonitor: false\n${yaml}`);
}

const shop = `
streams:
  - table: orders
    sources: [{ type: local, path: shop/orders }]
    schema: { columns: { id: integer } }
    output: orders.csv
  - table: customers
    sources: [{ type: local, path: shop/customers }]
`;
const shopFiles = {
  'shop/orders/a.csv': 'id\n1\n2\n2\nx\n',
  'shop/orders/b.csv': 'id\n3\n',
  'shop/orders/copy-of-b.csv': 'id\n3\n',
  'shop/customers/c.csv': 'id,name\n1,A\n2,B\n',
};

describe('/metrics', () => {
  it('is in the text format of Prometheus', async () => {
    const { headers, body } = await service.get<string>('/metrics');
    expect(headers.get('content-type')).toBe('text/plain; version=0.0.4; charset=utf-8');
    for (const [name, { type, help, samples }] of parseMetrics(body)) {
      expect(name).toMatch(/^millrace_[a-z0-9_]+$/);
      expect(help).not.toBe('');
      if (type === 'counter') expect(name).toMatch(/_total$/);
      for (const { value } of samples) expect(value).not.toBeNaN();
    }
  });

  it('tells about the process and its event loop', async () => {
    const seen = await scrape();
    expect(seen.value('process_resident_memory_bytes')).toBeGreaterThan(1e6);
    expect(seen.value('nodejs_eventloop_lag_p99_seconds')).toBeGreaterThanOrEqual(0);
  });

  it('counts what the runs report', async () => {
    await prepare('shop', shop, shopFiles);
    const before = await scrape();
    expect(before.value('rows_total', { pipeline: 'shop' })).toBeNull();
    const runs = [await service.run({ pipeline: 'shop' })];
    await writeFile(join(app.dataRoot, 'shop/orders/d.csv'), 'id\n3\n4\n');
    runs.push(await service.run({ pipeline: 'shop' }), await service.run({ pipeline: 'shop' }));
    expect(runs.map(({ state }) => state)).toEqual(['succeeded', 'succeeded', 'succeeded']);
    const after = await scrapeAfter(3, 'shop');
    for (const table of ['orders', 'customers']) {
      const labels = { pipeline: 'shop', table };
      for (const outcome of ['inserted', 'updated', 'duplicate', 'rejected'] as const) {
        const total = after.value('rows_total', { ...labels, outcome });
        expect([table, outcome, total]).toEqual([table, outcome, sumOf(runs, table, outcome)]);
      }
      expect(after.value('read_rows_total', labels)).toBe(sumOf(runs, table, 'read'));
      expect(after.value('rows_total', labels)).toBe(sumOf(runs, table, 'read'));
      expect(after.value('row_bytes_total', labels)).toBe(sumOf(runs, table, 'rowBytes'));
    }
    expect(sumOf(runs, 'orders', 'rejected')).toBeGreaterThan(0);
    expect(sumOf(runs, 'orders', 'duplicate')).toBeGreaterThan(0);
  });

  it('counts the bytes of the files that were read, copies and unchanged ones not', async () => {
    await prepare('bytes', 'sources: [{ type: local, path: bytes }]', {
      'bytes/a.csv': 'id\n1\n',
      'bytes/copy.csv': 'id\n1\n',
    });
    await service.run({ pipeline: 'bytes' });
    await service.run({ pipeline: 'bytes' });
    const after = await scrapeAfter(2, 'bytes');
    expect(after.value('source_bytes_total', { pipeline: 'bytes' })).toBe('id\n1\n'.length);
  });

  it('counts each run once, by how it ended', async () => {
    const strict = 'schema: { columns: { id: integer } }\ncontract: { max_rejects: 0 }';
    await prepare('ends', `sources: [{ type: local, path: ends }]\n${strict}`, { 'ends/a.csv': 'id\nx\n' });
    const before = await scrape();
    const failed = await service.run({ pipeline: 'ends' });
    expect(failed.state).toBe('failed');
    await writeFile(join(app.dataRoot, 'ends/a.csv'), 'id\n1\n');
    await service.run({ pipeline: 'ends' });
    const after = await scrapeAfter(2, 'ends');
    for (const state of ['failed', 'succeeded']) {
      const labels = { pipeline: 'ends', trigger: 'manual', state };
      expect([state, after.value('runs_finished_total', labels)]).toEqual([state, 1]);
      const grown = (name: string) =>
        (after.value(name, { state }) ?? 0) - (before.value(name, { state }) ?? 0);
      expect([state, grown('run_duration_seconds_count')]).toEqual([state, 1]);
      expect(grown('run_duration_seconds_sum')).toBeGreaterThan(0);
    }
  });

  it('tells how long the stages took that streams have ended', async () => {
    const stages = ['extracting', 'staging', 'loading', 'writing'];
    const before = await scrape();
    await prepare('stages', 'sources: [{ type: local, path: stages }]', { 'stages/a.csv': 'id\n1\n' });
    await service.run({ pipeline: 'stages' });
    const after = await scrapeAfter(1, 'stages');
    for (const stage of stages) {
      const name = 'stage_duration_seconds_count';
      const grown = (after.value(name, { stage }) ?? 0) - (before.value(name, { stage }) ?? 0);
      expect([stage, grown]).toEqual([stage, 1]);
    }
    const buckets = after
      .family('stage_duration_seconds')
      .samples.filter(({ labels }) => labels['le'] === '+Inf');
    for (const { labels, value } of buckets) {
      expect(value).toBe(after.value('stage_duration_seconds_count', { stage: labels['stage']! }));
    }
  });

  it('tells what is stored: runs, the queue, monitors, schedules', async () => {
    const { url } = app.database;
    const stored = await query<{ state: string; n: number }>(
      url,
      'SELECT state, count(*)::int AS n FROM millrace.runs GROUP BY state',
    );
    expect(stored.map(({ state }) => state).sort()).toEqual(['failed', 'succeeded']);
    // Those that are over are counted again every few seconds only.
    const shown = await until(async () => {
      const seen = await scrape();
      return stored.every(({ state, n }) => seen.value('runs', { state }) === n) && seen;
    });
    expect(shown.value('runs', { state: 'running' })).toBe(0);
    expect(shown.value('runs', { state: 'queued' })).toBe(0);
    expect(shown.value('queue_depth')).toBe(0);
    expect(shown.value('queue_age_seconds')).toBe(0);
    expect(shown.value('database_up')).toBe(1);
    await query(
      url,
      `INSERT INTO millrace.runs (id, pipeline, config_version, trigger, state, queued_at, attempt)
         SELECT gen_random_uuid(), 'waiting', 1, 'manual', 'queued', now() - interval '1 hour', 0
           FROM generate_series(1, 2)`,
    );
    await service.post('/schedule-job', { pipeline: 'shop' });
    const waiting = await until(async () => {
      const seen = await scrape();
      return seen.value('queue_depth') === 2 && seen.value('schedules') === 1 && seen;
    });
    expect(waiting.value('runs', { state: 'queued' })).toBe(2);
    expect(waiting.value('queue_age_seconds')).toBeGreaterThanOrEqual(3_600);
    expect(waiting.value('queue_age_seconds')).toBeLessThan(3_700);
    expect(waiting.value('monitors')).toBe(0);
    expect(waiting.value('monitor_lag_seconds')).toBe(0);
    await query(url, `DELETE FROM millrace.runs WHERE pipeline = 'waiting'`);
  });
});

describe('/metrics without a database', () => {
  it('is answered all the same, without what is stored there', async () => {
    const other = await createApp();
    try {
      await other.database.drop();
      const answer = await until(async () => {
        const { status, body } = await new Service(other.url).get<string>('/metrics');
        expect(status).toBe(200);
        const seen = new Scrape(parseMetrics(body));
        return seen.value('database_up') === 0 && seen;
      });
      for (const name of ['runs', 'queue_depth', 'queue_age_seconds', 'monitor_lag_seconds', 'monitors']) {
        expect([name, answer.value(name)]).toEqual([name, null]);
      }
      expect(answer.value('process_resident_memory_bytes')).toBeGreaterThan(0);
    } finally {
      await other.close();
    }
  });
});

describe('/metrics of a service with an API key', () => {
  it('needs it, as a bearer token or in its header', async () => {
    const other = await createApp({ env: { API_KEY: 'key-of-metrics' } });
    try {
      const get = (headers: Record<string, string>) => new Service(other.url).get('/metrics', headers);
      expect((await get({})).status).toBe(401);
      expect((await get({ authorization: 'Bearer key-of-metrics' })).status).toBe(200);
      expect((await get({ 'x-api-key': 'key-of-metrics' })).status).toBe(200);
    } finally {
      await other.close();
    }
  });
});

type Figure = 'read' | 'inserted' | 'updated' | 'duplicate' | 'rejected' | 'rowBytes';

function sumOf(runs: RunDto[], table: string, figure: Figure): number {
  const streams = runs.flatMap((run) => run.streams.filter((stream) => stream.table === table));
  return streams.reduce((sum, stream) => sum + stream[figure], 0);
}

import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { DuckDBInstance } from '@duckdb/node-api';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { query, Service } from './jobs-support.js';
import { planOf } from './plan-support.js';
import { createApp, type TestApp } from './support.js';

let app: TestApp;
let service: Service;

beforeAll(async () => {
  app = await createApp({ env: { LOG_LEVEL: 'error' } });
  service = new Service(app.url);
});

afterAll(() => app.close());

const KINDS = [
  (n: number) => String(n),
  (n: number) => (n % 3 === 0 ? '' : String(n % 2 === 0)),
  () => '',
  (n: number) => `2024-01-${String((n % 28) + 1).padStart(2, '0')}`,
];
const names = (width: number) => Array.from({ length: width }, (_, n) => `c${n}`);
const values = (row: number, width: number) =>
  Array.from({ length: width }, (_, n) => (n === 0 ? String(row) : KINDS[n % 4]!(row * 3 + n)));
const csv = (width: number, rows: string[][]) =>
  [names(width), ...rows].map((row) => `${row.join(',')}\n`).join('');

async function put(path: string, content: string): Promise<void> {
  await mkdir(join(app.dataRoot, path, '..'), { recursive: true });
  await writeFile(join(app.dataRoot, path), content);
}

async function load(pipeline: string, rest = '') {
  await service.upload(
    `pipeline: ${pipeline}\nmonitor: false\ntable: ${pipeline}\noutput: all.csv\n` +
      `sources: [{ type: local, path: ${pipeline} }]\n${rest}`,
  );
  return service.run({ pipeline });
}

const rowsOf = (table: string) =>
  query<Record<string, unknown>>(app.database.url, `SELECT * FROM "${table}" ORDER BY c0`);

describe('a table of 1,600 columns', () => {
  it('is loaded with rejects, and knows every row again', async () => {
    const rows = Array.from({ length: 60 }, (_, row) => values(row, 1600));
    const wrong = values(60, 1600).with(0, 'no number');
    await put('widest/a.csv', csv(1600, [...rows, wrong]));
    const schema = 'schema: { columns: { c0: bigint } }\n';
    const first = await load('widest', schema);
    expect(first.error).toBeNull();
    expect(first.streams[0]).toMatchObject({ read: 61, inserted: 60, rejected: 1 });
    const found = await rowsOf('widest');
    expect([found.length, Object.keys(found[0]!).length]).toEqual([60, 1600]);
    expect([found[7]!['c0'], found[7]!['c2'], found[7]!['c4']]).toEqual(['7', null, '25']);
    const combined = await readFile(join(app.home, 'output/widest/all.csv'), 'utf8');
    expect(combined === csv(1600, rows)).toBe(true);
    await put('widest/b.csv', csv(1600, [...rows.slice(0, 5), values(99, 1600)]));
    const second = await load('widest', schema);
    expect(second.streams[0]).toMatchObject({ inserted: 1, updated: 0 });
  });

  it('is the most that a file may have: one with more is refused whole', async () => {
    await put('wider/a.csv', csv(1601, [values(1, 1601)]));
    await put('wider/b.csv', csv(3, [values(1, 3)]));
    const run = await load('wider');
    expect(run.streams[0]).toMatchObject({ read: 2, inserted: 1, rejected: 1 });
    const { body } = await service.get<{ items: { reason: string }[] }>(`/runs/${run.id}/rejects`);
    expect(body.items[0]!.reason).toBe('header: expected at most 1600 columns, got 1601');
  });

  it('cannot be made of files that have more together, and nothing is written', async () => {
    await put('together/a.csv', csv(1000, [values(1, 1000)]));
    await put('together/b.csv', csv(700, [values(1, 700)]).replaceAll('c', 'd'));
    const run = await load('together');
    expect(run.error).toMatchObject({
      code: 'TOO_MANY_COLUMNS',
      message: expect.stringContaining(
        "together: expected at most 1600 columns, PostgreSQL's limit, got 1700;",
      ),
    });
    expect(await query(app.database.url, `SELECT FROM pg_class WHERE relname = 'together'`)).toEqual([]);
  });

  it('cannot become wider by new columns of a file', async () => {
    const columns = names(1590).map((name) => `${name} text`);
    await query(app.database.url, `CREATE TABLE grows (${columns.join(', ')})`);
    const fresh = Array.from({ length: 20 }, (_, n) => `n${n}`);
    await put('grows/a.csv', `${['c0', ...fresh].join(',')}\n1${',x'.repeat(20)}\n`);
    const run = await load('grows');
    expect(run.error?.message).toContain('got 1610 (1589 of them in the table alone)');
    expect(await rowsOf('grows')).toEqual([]);
  });
});

describe('a table of 450 columns', () => {
  const rows = Array.from({ length: 40 }, (_, row) => values(row, 450));

  it('is the same from JSON, and from Parquet', async () => {
    await put('wide_csv/a.csv', csv(450, rows));
    const objects = rows.map((row) => Object.fromEntries(row.map((value, n) => [`c${n}`, value || null])));
    await put('wide_json/a.json', JSON.stringify(objects));
    const instance = await DuckDBInstance.create(':memory:');
    const connection = await instance.connect();
    await mkdir(join(app.dataRoot, 'wide_parquet'));
    const [from, to] = ['wide_csv/a.csv', 'wide_parquet/a.parquet'].map((path) => join(app.dataRoot, path));
    await connection.run(`COPY (FROM read_csv('${from}', all_varchar = true)) TO '${to}' (FORMAT parquet)`);
    connection.closeSync();
    instance.closeSync();
    const columns = names(450).map((name, n) => `${name}: ${['integer', 'boolean', 'text', 'date'][n % 4]}`);
    const schema = `schema: { columns: { ${columns.join(', ')} } }\n`;
    for (const pipeline of ['wide_csv', 'wide_json', 'wide_parquet']) {
      const run = await load(pipeline, schema);
      expect(run.error).toBeNull();
      expect(run.streams[0]).toMatchObject({ inserted: 40, rejected: 0 });
    }
    const expected = await rowsOf('wide_csv');
    for (const table of ['wide_json', 'wide_parquet']) expect(await rowsOf(table)).toEqual(expected);
  });
});

describe('a table of 200 columns', () => {
  const rows = Array.from({ length: 40 }, (_, row) => values(row, 200));

  it.each(['upsert', 'replace', 'scd2'])('is written by %s', async (write) => {
    const pipeline = `wide_${write}`;
    await put(`${pipeline}/a.csv`, csv(200, rows));
    const rest = `write: ${write}\nkey: [c0]\n`;
    expect((await load(pipeline, rest)).error).toBeNull();
    const changed = rows.slice(0, 30).map((row, n) => (n === 4 ? row.with(197, 'true') : row));
    await put(`${pipeline}/a.csv`, csv(200, changed));
    const run = await load(pipeline, rest);
    expect(run.error).toBeNull();
    const { read, inserted, updated, duplicate, rejected } = run.streams[0]!;
    expect([read, inserted + updated + duplicate + rejected]).toEqual([30, 30]);
  });

  it('is planned', async () => {
    await put('wide_plan/a.csv', csv(200, rows));
    const yaml = 'pipeline: wide_plan\nmonitor: false\nsources: [{ type: local, path: wide_plan }]\n';
    const { status, body } = await planOf(service, yaml);
    expect(status).toBe(200);
    expect(JSON.stringify(body)).toContain('"inserted":40');
  });
});

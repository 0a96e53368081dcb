import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Client } from 'pg';
import type { RunDto } from '../src/jobs/run.dto.js';
import { query, Service, until } from './jobs-support.js';
import { createApp, type TestApp } from './support.js';

let app: TestApp;
let service: Service;

beforeAll(async () => {
  app = await createApp({ env: { MILLRACE_SQL_AS_SUPERUSER: 'true' } });
  service = new Service(app.url);
});

afterAll(() => app.close());

const sql = <T extends object>(text: string) => query<T>(app.database.url, text);

async function put(name: string, text: string): Promise<void> {
  await mkdir(join(app.dataRoot, 'in'), { recursive: true });
  await writeFile(join(app.dataRoot, 'in', name), text);
}

/** A pipeline with one stream of the same name, and its transforms. */
async function upload(name: string, transforms: string, keys = ''): Promise<void> {
  await service.upload(`
pipeline: ${name}
monitor: false
streams:
  - table: ${name}
    sources: [{ type: local, path: in, include: [${name}.csv] }]
    ${keys}
transform:
${transforms}`);
}

const statesOf = ({ transforms }: RunDto) => transforms.map(({ name, state, rows }) => [name, state, rows]);

async function changesOf(pipeline: string, table: string): Promise<string[]> {
  const { body } = await service.get<{ items: { statement: string }[] }>(
    `/pipelines/${pipeline}/schema-changes?table=${table}`,
  );
  return body.items.map(({ statement }) => statement).reverse();
}

describe('transforms', () => {
  it('make views and tables after the loads, and nothing when nothing has changed', async () => {
    await put('sales.csv', 'day,amount\n2024-01-01,2\n2024-01-01,3\n2024-01-02,5\n');
    await writeFile(
      join(app.dataRoot, 'top.sql'),
      '-- the best days\nSELECT * FROM sales_days WHERE amount > 4;\n',
    );
    await upload(
      'sales',
      `  - { name: sales_days, as: table, sql: 'SELECT day, sum(amount) AS amount FROM sales GROUP BY day' }
  - { name: sales_top, file: top.sql }
  - { name: sales_note, as: statement, sql: 'CREATE TABLE IF NOT EXISTS sales_notes (at timestamptz); INSERT INTO sales_notes VALUES (now())' }`,
    );
    const first = await service.run({ pipeline: 'sales' });
    expect(first.error).toBeNull();
    expect(statesOf(first)).toEqual([
      ['sales_days', 'succeeded', 2],
      ['sales_top', 'succeeded', null],
      ['sales_note', 'succeeded', 1],
    ]);
    expect(await sql('SELECT day::text, amount::int FROM sales_top ORDER BY day')).toEqual([
      { day: '2024-01-01', amount: 5 },
      { day: '2024-01-02', amount: 5 },
    ]);
    const { body: events } = await service.get<string>(`/runs/${first.id}/events`);
    expect(events).toMatch(
      /event: transform\nid: \d+\ndata: .*"name":"sales_days","rows":2,"state":"succeeded"/,
    );
    const again = await service.run({ pipeline: 'sales' });
    expect(statesOf(again).map(([, state]) => state)).toEqual(['unchanged', 'unchanged', 'unchanged']);

    await put('sales.csv', 'day,amount\n2024-01-03,9\n');
    expect(statesOf(await service.run({ pipeline: 'sales' }))).toEqual([
      ['sales_days', 'succeeded', 3],
      ['sales_top', 'unchanged', null],
      ['sales_note', 'succeeded', 1],
    ]);
    expect(await sql('SELECT count(*)::int FROM sales_top')).toEqual([{ count: 3 }]);
    expect(await changesOf('sales', 'sales_days')).toEqual([
      'CREATE TABLE "public"."sales_days" (day date, amount numeric)',
    ]);
    expect(await changesOf('sales', 'sales_note')).toHaveLength(2);
  });

  it('never show an empty table, and keep grants when its columns change', async () => {
    await put('shown.csv', 'n\n1\n2\n');
    await sql(
      `DO $$ BEGIN IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'transform_reader') THEN CREATE ROLE transform_reader; END IF; END $$`,
    );
    await upload(
      'shown',
      `  - { name: shown_all, as: table, sql: SELECT n FROM shown }\n  - { name: shown_view, sql: SELECT 1 AS a, after: [shown] }`,
    );
    await service.run({ pipeline: 'shown' });
    await sql('GRANT SELECT ON shown_all, shown_view TO transform_reader');
    const reader = new Client({ connectionString: app.database.url });
    await reader.connect();
    const counts = new Set<number>();
    const over = new AbortController();
    const reading = (async () => {
      while (!over.signal.aborted) {
        const { rows } = await reader.query<{ count: number }>('SELECT count(*)::int FROM shown_all');
        counts.add(rows[0]!.count);
      }
    })();
    reading.catch(() => over.abort());
    const seen = (count: number) => until(() => counts.has(count) || over.signal.aborted);
    try {
      await seen(2);
      await put('shown.csv', 'n\n3\n');
      await service.run({ pipeline: 'shown' });
      await seen(3);
      await upload(
        'shown',
        `  - { name: shown_all, as: table, sql: 'SELECT n::text AS m, 1 AS more FROM shown' }\n  - { name: shown_view, sql: 'SELECT 2 AS b', after: [shown] }`,
      );
      expect(statesOf(await service.run({ pipeline: 'shown' }))).toEqual([
        ['shown_all', 'succeeded', 3],
        ['shown_view', 'succeeded', null],
      ]);
    } finally {
      over.abort();
      await reading;
      await reader.end();
    }
    expect([...counts]).toEqual([2, 3]);
    expect(
      await sql(
        `SELECT has_table_privilege('transform_reader', 'shown_all', 'SELECT') AS t, has_table_privilege('transform_reader', 'shown_view', 'SELECT') AS v`,
      ),
    ).toEqual([{ t: true, v: true }]);
    expect(await changesOf('shown', 'shown_view')).toEqual([
      'CREATE VIEW "public"."shown_view" AS SELECT 1 AS a',
      'DROP VIEW "public"."shown_view"',
      'CREATE VIEW "public"."shown_view" AS SELECT 2 AS b',
      'GRANT SELECT ON "public"."shown_view" TO "transform_reader"',
    ]);
  });

  it('fail without a trace, tell no value of a row, and skip what needs them', async () => {
    await put('bad.csv', 'name\nsecret-7\n');
    await upload(
      'bad',
      `  - { name: bad_free, sql: SELECT name FROM bad, after: [bad] }
  - { name: bad_cast, as: table, sql: 'SELECT name::int FROM bad', after: [bad] }
  - { name: bad_half, as: statement, sql: 'CREATE TABLE bad_left (id int); SELECT 1/0', after: [bad] }
  - { name: bad_child, sql: SELECT * FROM bad_cast, after: [bad_cast] }`,
    );
    const run = await service.run({ pipeline: 'bad' });
    expect(statesOf(run)).toEqual([
      ['bad_free', 'succeeded', null],
      ['bad_cast', 'failed', null],
      ['bad_half', 'failed', null],
      ['bad_child', 'skipped', null],
    ]);
    expect(run).toMatchObject({
      state: 'failed',
      streams: [{ state: 'succeeded' }],
      error: { code: 'STREAMS_FAILED', details: [{ path: 'bad_cast' }, { path: 'bad_half' }] },
    });
    expect(run.transforms[3]?.error?.message).toMatch(/^bad_cast failed: /);
    expect(JSON.stringify(run) + (await service.logOf(run.id))).not.toContain('secret-7');
    expect(await sql(`SELECT to_regclass('bad_left') AS left`)).toEqual([{ left: null }]);
    expect(await changesOf('bad', 'bad_half')).toEqual([]);
    await upload(
      'bad',
      '  - { name: bad_child, sql: SELECT name FROM bad }',
      'schema: { name: integer }\n    contract: { invalid_rows: fail }',
    );
    await put('bad.csv', 'name\nsecret-8\n');
    expect(statesOf(await service.run({ pipeline: 'bad' }))).toEqual([['bad_child', 'skipped', null]]);
  });

  it('are cancelled while they work, and rolled back', async () => {
    await put('slow.csv', 'id\n1\n');
    await upload('slow', `  - { name: slow_all, as: table, sql: 'SELECT id FROM slow, pg_sleep(600)' }`);
    const { body } = await service.post<RunDto>('/trigger-job', { pipeline: 'slow' });
    const asleep = `SELECT FROM pg_stat_activity WHERE datname = current_database() AND wait_event = 'PgSleep'`;
    await until(async () => (await sql(asleep)).length > 0);
    await service.post(`/runs/${body.id}/cancel`, {});
    const run = await until(async () => {
      const { body: now } = await service.get<RunDto>(`/runs/${body.id}`);
      return now.state === 'cancelled' && now;
    });
    expect(run).toMatchObject({ streams: [{ state: 'succeeded' }], transforms: [{ state: 'cancelled' }] });
    expect(await sql(`SELECT to_regclass('slow_all') AS made`)).toEqual([{ made: null }]);
    await until(async () => (await sql(asleep)).length === 0);
  });

  it('do not run as a superuser of the service, unless that is allowed', async () => {
    const other = await createApp({ env: { MILLRACE_DATA_ROOTS: app.dataRoot } });
    try {
      const strict = new Service(other.url);
      await put('super.csv', 'id\n1\n');
      await strict.upload(
        `pipeline: super\nmonitor: false\nsources: [{ type: local, path: in, include: [super.csv] }]\ntransform: [{ name: v, sql: SELECT 1 }]`,
      );
      const run = await strict.run({ pipeline: 'super' });
      expect(run).toMatchObject({
        state: 'failed',
        error: { code: 'TRANSFORM_SUPERUSER' },
        streams: [{ state: 'succeeded' }],
      });
    } finally {
      await other.close();
    }
  });

  it('leave alone what is not theirs, and files outside the data roots', async () => {
    await put('own.csv', 'id\n1\n');
    await sql('CREATE TABLE own_taken (id int)');
    await upload(
      'own',
      `  - { name: own_taken, sql: SELECT 1, after: [own] }\n  - { name: own_file, file: ../secret.sql, after: [own] }`,
    );
    const run = await service.run({ pipeline: 'own' });
    expect(run.transforms.map(({ error }) => error?.code)).toEqual(['TRANSFORM_NAME_TAKEN', 'PATH_REFUSED']);
  });
});

describe('a table that the user manages', () => {
  it('is never changed; the run says what it lacks', async () => {
    await put('managed.csv', 'id,name\n1,x\n');
    await service.upload(
      `pipeline: managed\nmonitor: false\nsources: [{ type: local, path: in, include: [managed.csv] }]\nschema: { managed_by: user }`,
    );
    const run = await service.run({ pipeline: 'managed' });
    expect(run.error?.code).toBe('SCHEMA_MANAGED_BY_USER');
    const statement = 'CREATE TABLE "public"."managed" ("id" bigint, "name" text);';
    expect(run.error?.details.map(({ message }) => message)).toEqual([statement]);
    await sql(statement);
    expect(await service.run({ pipeline: 'managed' })).toMatchObject({
      state: 'succeeded',
      streams: [{ inserted: 1 }],
    });
    expect(await changesOf('managed', 'managed')).toEqual([]);
  });
});

import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Client } from 'pg';
import { query, Service } from './jobs-support.js';
import { dump, listing, planOf } from './plan-support.js';
import { RecordApi } from './record-api.js';
import { createApp, createDatabase, type TestApp, type TestDatabase } from './support.js';

let api: RecordApi;
let app: TestApp;
let service: Service;
let other: TestDatabase;

beforeAll(async () => {
  api = await RecordApi.start();
  other = await createDatabase();
  const { host, port, user, password, database } = other.connection;
  const target = { HOST: host, PORT: String(port), USER: user, PASSWORD: password, DATABASE: database };
  const env = Object.fromEntries(Object.entries(target).map(([name, value]) => [`TARGET_${name}`, value]));
  app = await createApp({ env: { ...env, MILLRACE_API_HOSTS: api.host, API_URL: api.origin } });
  service = new Service(app.url);
});

afterAll(async () => {
  await app.close();
  await other.drop();
  await api.close();
});

async function put(path: string, text: string): Promise<void> {
  const at = join(app.dataRoot, path);
  await mkdir(join(at, '..'), { recursive: true });
  await writeFile(at, text);
}

const yaml = (name: string, rest = '') => `
pipeline: ${name}
monitor: false
sources: [{ type: local, path: ${name} }]
schema:
  columns:
    id: { type: bigint, required: true }
    amount: numeric(8,2)
${rest}`;

const counts = (inserted: number, duplicate = 0, rejected = 0) => {
  return { read: inserted + duplicate + rejected, inserted, updated: 0, duplicate, rejected };
};

describe('POST /plan', () => {
  it('tells of a text that was never uploaded what a run would do, and a run then does it', async () => {
    await put('fresh/a.csv', 'id,amount,note\n1,1.50,x\n2,bad,y\n3,3,z\n1,1.5,x\n');
    const { status, body } = await planOf(service, yaml('fresh'));
    expect(status).toBe(200);
    expect(body).toMatchObject({
      state: 'ready',
      pipeline: 'fresh',
      configVersion: null,
      isComplete: true,
      wouldFail: false,
      error: null,
      warnings: [],
    });
    expect(body.streams).toMatchObject([
      {
        table: 'fresh',
        state: 'loads',
        columns: [
          { name: 'id', type: 'bigint', isNew: true, origin: 'declared' },
          { name: 'amount', type: 'numeric(8,2)', isNew: true, origin: 'declared' },
          { name: 'note', type: 'text', isNew: true, origin: 'inferred' },
        ],
        ddl: ['CREATE TABLE "public"."fresh" ("id" bigint NOT NULL, "amount" numeric(8,2), "note" text)'],
        changes: ['fresh is created with 3 columns'],
        counts: { ...counts(2, 1, 1), deleted: 0 },
        files: [{ name: 'a.csv', ...counts(2, 1, 1) }],
        samples: {
          inserted: [
            { id: '1', amount: '1.50', note: 'x' },
            { id: '3', amount: '3.00', note: 'z' },
          ],
          rejected: [{ file: 'a.csv', line: 3, column: 'amount', raw: '2,bad,y' }],
        },
      },
    ]);
    await service.upload(yaml('fresh'));
    const run = await service.run({ planId: body.planId });
    expect(run).toMatchObject({ state: 'succeeded', streams: [counts(2, 1, 1)] });
  });

  it('tells which columns evolve, what is lost, and knows a file that was loaded', async () => {
    await put('evolve/a.csv', 'id,amount\n1,1.00\n');
    await service.upload(yaml('evolve'));
    await service.run({ pipeline: 'evolve' });
    expect((await planOf(service, { pipeline: 'evolve' })).body).toMatchObject({
      configVersion: 1,
      streams: [{ state: 'unchanged', ddl: [], changes: [], counts: counts(0) }],
    });
    await put('evolve/b.csv', `id,amount,${'long'.repeat(20)}\n1,1,\n0002,+2.5,x\n3,3.125,x\n4,4,y\n`);
    const wish = yaml('evolve', `rename: { ${'long'.repeat(20)}: note }\n`);
    const { body } = await planOf(service, wish);
    expect(body).toMatchObject({
      configVersion: null,
      streams: [
        {
          columns: [
            { name: 'id', isNew: false, origin: 'declared' },
            { name: 'amount', isNew: false, origin: 'declared' },
            { name: 'note', isNew: true, origin: 'inferred' },
          ],
          ddl: ['ALTER TABLE "public"."evolve" ADD COLUMN "note" text'],
          changes: ['note is added as text'],
          counts: counts(2, 2, 1),
        },
      ],
    });
    expect(body.streams[0]!.losses).toMatchObject([
      { kind: 'long_name', effect: 'altered', count: null },
      { column: 'id', kind: 'leading_zeros', effect: 'altered', count: 1, samples: ['0002'] },
      { column: 'amount', kind: 'plus_sign', effect: 'altered', count: 1, samples: ['+2.5'] },
      { column: 'amount', kind: 'precision', effect: 'rejected', count: 1, samples: ['3.125'] },
    ]);
  });

  it('asks an API from where the last run stopped, and leaves the cursor there', async () => {
    const records = [1, 2, 3].map((id) => ({ id, updated_at: `2024-01-0${id}` }));
    api.lists.set('/items', records.slice(0, 2));
    const config = `
pipeline: items
streams:
  - table: items
    sources:
      - { type: api, url: '\${API_URL}/items', records: $.data, pagination: { type: single },
          cursor: { field: updated_at, param: since } }
`;
    await service.upload(config);
    await service.run({ pipeline: 'items' });
    api.lists.set('/items', records);
    api.asked('/items');
    for (const from of ['since=2024-01-02', 'since=2024-01-02']) {
      const { body } = await planOf(service, config);
      expect(body).toMatchObject({ configVersion: 1, streams: [{ counts: { inserted: 1 } }] });
      expect(body.warnings.join()).toContain('what APIs give is as of the plan');
      expect(api.asked('/items')).toEqual([expect.stringContaining(from)]);
    }
    expect(await service.run({ pipeline: 'items' })).toMatchObject({ streams: [{ inserted: 1 }] });
  });

  it('is text to read where that is asked for, and a form or JSON will do', async () => {
    await put('texts/a.csv', 'id,amount\n1,1\n2,x\n');
    const form = new FormData();
    form.set('file', new Blob([yaml('texts')]), 'texts.yaml');
    const { body } = await service.call<string>('POST', '/plan?format=text', { method: 'POST', body: form });
    expect(body).toContain(
      '# texts: loads, 2 read: 1 to insert, 0 to update, 0 to delete, 0 duplicate, 1 rejected',
    );
    expect(body).toContain('    CREATE TABLE "public"."texts"');
    expect(body).toContain('  ! a.csv, line 3: amount: expected numeric(8,2), got "x"');
    expect(await service.post('/plan', { pipeline: 'nowhere' })).toMatchObject({ status: 404 });
    expect(await service.post('/plan', { version: 0 })).toMatchObject({ status: 400 });
    expect(await planOf(service, 'pipeline: [')).toMatchObject({ status: 422 });
    expect(await planOf(service, 'x', { 'content-type': 'image/png' })).toMatchObject({ status: 415 });
  });
});

describe('changes nothing', () => {
  const state = async () => [await dump(app.database.url), await dump(other.url), await listing(app.home)];
  const foreign =
    'target: { host: "${TARGET_HOST}", port: "${TARGET_PORT}", user: "${TARGET_USER}", password: "${TARGET_PASSWORD}", database: "${TARGET_DATABASE}", schema: fresh }';

  /** A table with a column to come, rows to come and one to refuse. */
  async function prepare(name: string): Promise<string> {
    await put(`${name}/a.csv`, 'id,amount\n1,1.00\n2,2.00\n');
    await service.upload(yaml(name, 'output: all.csv'));
    await service.run({ pipeline: name });
    await put(`${name}/b.csv`, 'id,amount,more\n3,3.00,x\n4,bad,y\n');
    return yaml(name, 'output: all.csv');
  }

  it('of a table that is there, and of a database without a trace of Millrace', async () => {
    const there = await prepare('there');
    const before = await state();
    const first = await planOf(service, there);
    expect(first.body).toMatchObject({ streams: [{ ddl: [expect.any(String)], counts: counts(1, 2, 1) }] });
    const second = await planOf(service, yaml('there', `${foreign}\n`));
    expect(second.body).toMatchObject({
      wouldFail: false,
      streams: [
        { ddl: ['CREATE SCHEMA IF NOT EXISTS "fresh"', expect.any(String)], counts: counts(3, 0, 1) },
      ],
    });
    expect(await state()).toEqual(before);
  });

  it('where the load fails, where a stream does before it, and where the plan does in the middle', async () => {
    const failing = await prepare('failing');
    await query(app.database.url, 'CREATE TABLE narrow (id smallint); INSERT INTO narrow VALUES (7)');
    await query(app.database.url, 'ALTER TABLE failing ADD CONSTRAINT low CHECK (id < 3)');
    const before = await state();
    const refused = await planOf(service, failing);
    expect(refused.body).toMatchObject({
      wouldFail: true,
      streams: [{ state: 'failed', counts: counts(0), ddl: [] }],
    });
    const narrow = await planOf(service, failing.replace('sources:', 'table: narrow\nsources:'));
    expect(narrow.body).toMatchObject({ streams: [{ state: 'failed', error: { code: 'TABLE_MISMATCH' } }] });
    const strict = await planOf(service, `${failing}\ncontract: { max_rejects: 0 }\n`);
    expect(strict.body).toMatchObject({
      streams: [{ state: 'failed', error: { code: 'TOO_MANY_REJECTS' } }],
    });
    const unset = await planOf(service, failing.replace('path: failing', "path: '${SOURCE_UNSET}'"));
    expect(unset).toMatchObject({ status: 422, body: { code: 'VARIABLE_UNSET' } });
    const locker = new Client({ connectionString: app.database.url });
    await locker.connect();
    await locker.query('BEGIN; LOCK TABLE failing');
    const locked = await planOf(service, failing);
    await locker.end();
    expect(locked).toMatchObject({ status: 503, body: { code: 'LOCK_TIMEOUT' } });
    expect(await state()).toEqual(before);
  });
});

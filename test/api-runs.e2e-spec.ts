import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { FilePageDto, RunDto, RunPageDto } from '../src/jobs/run.dto.js';
import { countRows, query, Service, until } from './jobs-support.js';
import { numbered, RecordApi, status } from './record-api.js';
import { expectBalance, rejectsOf, replay } from './replay-support.js';
import { createApp, type TestApp } from './support.js';

let api: RecordApi;
let app: TestApp;
let service: Service;

beforeAll(async () => {
  api = await RecordApi.start();
  app = await createApp({ env: { MILLRACE_API_HOSTS: api.host, API_URL: api.origin, API_TOKEN: 'token-1' } });
  service = new Service(app.url);
});

afterAll(async () => {
  await app.close();
  await api.close();
});

/** A source that reads `/<path>` three records at a time. */
const source = (path: string, more = '') =>
  `{ type: api, url: '\${API_URL}/${path}', records: $.data, pagination: { type: offset, limit: 3 }${more && `, ${more}`} }`;

const SINCE = 'cursor: { field: updated_at, param: since, format: text }';

/** A pipeline of one table, all of the same name, that reads the API path of that name. */
async function add(name: string, records: object[], { more = '', yaml = '' } = {}): Promise<void> {
  api.lists.set(`/${name}`, records as Record<string, unknown>[]);
  await service.upload(`pipeline: ${name}\nsources: [${source(name, more)}]\n${yaml}`);
}

const at = (id: number, updated: string, name = `name ${id}`) => ({ id, name, updated_at: updated });
const ids = async (table: string, column = 'id') =>
  (await query<{ id: string }>(app.database.url, `SELECT ${column} AS id FROM ${table} ORDER BY 1`)).map(
    ({ id }) => Number(id),
  );
const cursorOf = async (table: string) =>
  (
    await query<{ value: string }>(
      app.database.url,
      `SELECT value FROM millrace.api_cursors c JOIN millrace.loaded_tables t ON t.id = c.table_id WHERE table_name = $1`,
      [table],
    )
  ).map(({ value }) => value);
const get = async (id: string) => (await service.get<RunDto>(`/runs/${id}`)).body;

describe('an API as a source', () => {
  it('is loaded page by page, each with its counts and where it came from', async () => {
    await add('plain', [...numbered(1, 7), { id: 1, name: 'name 1' }]);
    const run = await service.run({ pipeline: 'plain' });
    expect(run).toMatchObject({ state: 'succeeded', streams: [{ read: 8, inserted: 7, duplicate: 1 }] });
    await expectBalance(app.database.url, run);
    const { files, columns } = run.streams[0]!;
    expect(
      files.map(({ read, inserted, duplicate, state }) => ({ read, inserted, duplicate, state })),
    ).toEqual([
      { read: 3, inserted: 3, duplicate: 0, state: 'loaded' },
      { read: 3, inserted: 3, duplicate: 0, state: 'loaded' },
      { read: 2, inserted: 1, duplicate: 1, state: 'loaded' },
    ]);
    expect(files.map(({ url }) => url)).toEqual([
      expect.stringMatching(new RegExp(`^${api.origin}/plain`)),
      expect.stringContaining('offset=3'),
      expect.stringContaining('offset=6'),
    ]);
    expect(files[0]).toMatchObject({ detected: { format: 'json' }, copyOf: null, source: 0 });
    expect(columns).toEqual([
      { name: 'id', type: 'bigint' },
      { name: 'name', type: 'text' },
    ]);
    const { body } = await service.get<FilePageDto>(`/runs/${run.id}/files?limit=2`);
    expect(body.items.map(({ url }) => url)).toEqual(files.slice(0, 2).map(({ url }) => url));
    // The last one is empty.
    expect(api.asked('/plain')).toHaveLength(4);
  });

  it('that gives the same again is fetched and loads nothing', async () => {
    await add('again', numbered(1, 5));
    const first = await service.run({ pipeline: 'again' });
    api.asked('/again');
    const second = await service.run({ pipeline: 'again' });
    expect(second).toMatchObject({
      state: 'succeeded',
      streams: [{ state: 'unchanged', read: 0, rowBytes: 0 }],
    });
    expect(second.streams[0]!.files.map(({ state }) => state)).toEqual(['unchanged', 'unchanged']);
    expect(second.streams[0]!.signature).toBe(first.streams[0]!.signature);
    expect(api.asked('/again')).toHaveLength(3);
    const loads = await query(app.database.url, `SELECT FROM millrace.loads WHERE table_name = 'again'`);
    expect(loads).toHaveLength(1);
  });

  it('that gives more loads only what is new', async () => {
    await add('more', numbered(1, 5));
    await service.run({ pipeline: 'more' });
    api.lists.set('/more', [...numbered(1, 5), ...numbered(10, 2)]);
    const run = await service.run({ pipeline: 'more' });
    expect(run).toMatchObject({ streams: [{ read: 7, inserted: 2, duplicate: 5 }] });
    expect(await ids('more')).toEqual([1, 2, 3, 4, 5, 10, 11]);
  });

  it('that gives no record is empty', async () => {
    await add('none', []);
    const run = await service.run({ pipeline: 'none' });
    expect(run).toMatchObject({ state: 'succeeded', streams: [{ state: 'empty', files: [] }] });
  });

  it('and files make one table and one combined CSV', async () => {
    const folder = join(app.dataRoot, 'mixed');
    await mkdir(folder);
    await writeFile(join(folder, 'a.csv'), 'name,id\nfrom a file,100\n');
    api.lists.set('/mixed', numbered(1, 4));
    await service.upload(
      `pipeline: mixed\nmonitor: false\nsources: [${source('mixed')}, { type: local, path: mixed }]\noutput: mixed.csv`,
    );
    const run = await service.run({ pipeline: 'mixed' });
    expect(run).toMatchObject({ state: 'succeeded', streams: [{ read: 5, inserted: 5 }] });
    await expectBalance(app.database.url, run);
    expect(run.streams[0]!.files.map(({ source: from, url }) => [from, url !== undefined])).toEqual([
      [0, true],
      [0, true],
      [1, false],
    ]);
    const { body } = await service.get<string>(`/runs/${run.id}/output/mixed`);
    expect(body).toBe('id,name\n1,name 1\n2,name 2\n3,name 3\n4,name 4\n100,from a file\n');
    await writeFile(join(folder, 'b.csv'), 'id,name\n200,b\n');
    const second = await service.run({ pipeline: 'mixed' });
    expect(second).toMatchObject({ streams: [{ read: 6, inserted: 1, duplicate: 5 }] });
  });

  it('keeps rejects that can be replayed', async () => {
    const records = [
      { id: 1, amount: 2.5 },
      { id: 'x', amount: 10.1 },
      { id: 3, amount: 1 },
      { id: 'y', amount: 7 },
    ];
    const yaml = 'schema: { columns: { id: integer } }';
    await add('rejected', records, { yaml });
    const run = await service.run({ pipeline: 'rejected' });
    expect(run).toMatchObject({ state: 'succeeded', streams: [{ read: 4, inserted: 2, rejected: 2 }] });
    expect(run.streams[0]!.files.map(({ rejected }) => rejected)).toEqual([1, 1]);
    const { items } = await rejectsOf(service, run.id);
    expect(items.map(({ line, column, raw }) => ({ line, column, raw }))).toEqual([
      { line: 2, column: 'id', raw: '{"id":"x","amount":10.1}' },
      { line: 1, column: 'id', raw: '{"id":"y","amount":7}' },
    ]);
    await query(app.database.url, 'ALTER TABLE rejected ALTER id TYPE text');
    await add('rejected', records, { yaml: 'schema: { columns: { id: text } }' });
    const replayed = await replay(service, run.id);
    expect(replayed).toMatchObject({ state: 'succeeded', streams: [{ read: 2, inserted: 2, rejected: 0 }] });
    const rows = await query(app.database.url, 'SELECT id, amount::text FROM rejected ORDER BY id');
    expect(rows).toContainEqual({ id: 'x', amount: '10.1' });
    expect((await rejectsOf(service, run.id)).total).toBe(0);
  });
});

describe('a cursor', () => {
  it('asks only for what came since, and takes rows at its value once', async () => {
    const records = [at(1, '2024-01-01'), at(2, '2024-01-02'), at(3, '2024-01-03')];
    await add('since', records, { more: SINCE });
    expect(await service.run({ pipeline: 'since' })).toMatchObject({ streams: [{ inserted: 3 }] });
    expect(await cursorOf('since')).toEqual(['2024-01-03']);
    expect(api.asked('/since')[0]).not.toContain('since=');
    api.lists.set('/since', [...records, at(4, '2024-01-03'), at(5, '2024-01-05')]);
    const second = await service.run({ pipeline: 'since' });
    expect(second).toMatchObject({ streams: [{ read: 3, inserted: 2, duplicate: 1 }] });
    expect(api.asked('/since')[0]).toContain('since=2024-01-03');
    expect(await cursorOf('since')).toEqual(['2024-01-05']);
    expect(await service.run({ pipeline: 'since' })).toMatchObject({
      streams: [{ read: 1, inserted: 0, duplicate: 1 }],
    });
    expect(api.asked('/since')[0]).toContain('since=2024-01-05');
    expect(await service.run({ pipeline: 'since' })).toMatchObject({ streams: [{ state: 'unchanged' }] });
    expect(await ids('since')).toEqual([1, 2, 3, 4, 5]);
  });

  it('stays where it is when a page fails for good', async () => {
    await add('halfway', [at(1, '2024-01-01')], { more: SINCE });
    await service.run({ pipeline: 'halfway' });
    api.lists.set(
      '/halfway',
      Array.from({ length: 6 }, (_, n) => at(n + 1, `2024-01-0${n + 1}`)),
    );
    const mend = api.fail('/halfway', { offset: '3' }, status(403));
    const failed = await service.run({ pipeline: 'halfway' });
    expect(failed).toMatchObject({ state: 'failed', streams: [{ state: 'failed', inserted: 0 }] });
    expect(failed.streams[0]!.files).toHaveLength(1);
    expect([await cursorOf('halfway'), await countRows(app.database.url, 'halfway')]).toEqual([
      ['2024-01-01'],
      1,
    ]);
    mend();
    expect(await service.run({ pipeline: 'halfway' })).toMatchObject({ streams: [{ read: 6, inserted: 5 }] });
    expect(await cursorOf('halfway')).toEqual(['2024-01-06']);
  });

  it('stays where it is when the load is rolled back', async () => {
    await add('refused', [at(1, '2024-01-01')], { more: SINCE });
    await service.run({ pipeline: 'refused' });
    const refuse = `ADD CONSTRAINT refused CHECK (table_name <> 'refused') NOT VALID`;
    await query(app.database.url, `ALTER TABLE millrace.loads ${refuse}`);
    api.lists.set('/refused', [at(1, '2024-01-01'), at(2, '2024-01-02')]);
    expect(await service.run({ pipeline: 'refused' })).toMatchObject({ state: 'failed' });
    expect(await cursorOf('refused')).toEqual(['2024-01-01']);
    await query(app.database.url, 'ALTER TABLE millrace.loads DROP CONSTRAINT refused');
    expect(await service.run({ pipeline: 'refused' })).toMatchObject({
      state: 'succeeded',
      streams: [{ inserted: 1 }],
    });
    expect(await cursorOf('refused')).toEqual(['2024-01-02']);
  });

  it('that is new in the config is kept though the records are not', async () => {
    await add('later', [at(1, '2024-01-01')]);
    await service.run({ pipeline: 'later' });
    await add('later', [at(1, '2024-01-01')], { more: SINCE });
    expect(await service.run({ pipeline: 'later' })).toMatchObject({
      streams: [{ inserted: 0, duplicate: 1 }],
    });
    expect(await cursorOf('later')).toEqual(['2024-01-01']);
  });

  it('goes with its table: all is asked for again', async () => {
    await add('dropped', [at(1, '2024-01-01'), at(2, '2024-01-02')], { more: SINCE });
    await service.run({ pipeline: 'dropped' });
    await query(app.database.url, 'DROP TABLE dropped');
    api.asked('/dropped');
    expect(await service.run({ pipeline: 'dropped' })).toMatchObject({ streams: [{ inserted: 2 }] });
    expect(api.asked('/dropped')[0]).not.toContain('since=');
  });

  it('is no good for a table that was made anew while the API was asked', async () => {
    await add('remade', [at(1, '2024-01-01')], { more: SINCE });
    await service.run({ pipeline: 'remade' });
    let isAsked = false;
    let release = () => {};
    const mend = api.fail('/remade', {}, (_request, response) => {
      isAsked = true;
      release = () => response.end(JSON.stringify({ data: [at(2, '2024-01-02')] }));
      response.writeHead(200, { 'content-type': 'application/json' });
    });
    const { body } = await service.post<RunDto>('/trigger-job', { pipeline: 'remade' });
    await until(() => isAsked);
    await query(app.database.url, 'DROP TABLE remade');
    mend();
    release();
    expect(await service.ended(body.id)).toMatchObject({
      state: 'failed',
      attempt: 1,
      error: { code: 'CURSORS_GONE' },
    });
    api.lists.set('/remade', [at(1, '2024-01-01'), at(2, '2024-01-02')]);
    expect(await service.run({ pipeline: 'remade' })).toMatchObject({ streams: [{ inserted: 2 }] });
  });
});

describe('children', () => {
  const child = (name: string, parent: string, more = '') =>
    source(
      `${name}/{parent.id}`,
      `for_each: { stream: ${parent}, field: id, include: { id: parent_id, name: parent_name } }, on_status: { 404: ignore }${more && `, ${more}`}`,
    );

  /** Parents 1 to 4; the third has no children. The children come first in the config. */
  async function addFamily(name: string, more = ''): Promise<void> {
    api.lists.set(`/${name}`, numbered(1, 4));
    for (const id of [1, 2, 4]) api.lists.set(`/${name}_c/${id}`, [{ note: `${id}a` }, { note: `${id}b` }]);
    await service.upload(`
pipeline: ${name}
streams:
  - table: ${name}_c
    sources: [${child(`${name}_c`, name, more)}]
  - table: ${name}
    sources: [${source(name)}]
`);
  }

  it('are asked for each row of their parent, which comes first', async () => {
    await addFamily('family');
    const run = await service.run({ pipeline: 'family' });
    expect(run).toMatchObject({
      state: 'succeeded',
      streams: [
        { table: 'family_c', read: 6, inserted: 6, skippedCount: 1 },
        { table: 'family', read: 4, inserted: 4 },
      ],
    });
    await expectBalance(app.database.url, run);
    const rows = await query(
      app.database.url,
      'SELECT note, parent_id::int, parent_name FROM family_c ORDER BY note',
    );
    expect(rows.slice(0, 2)).toEqual([
      { note: '1a', parent_id: 1, parent_name: 'name 1' },
      { note: '1b', parent_id: 1, parent_name: 'name 1' },
    ]);
    expect(rows).toHaveLength(6);
    expect(api.asked('/family_c/3')).toHaveLength(1);
    const log = await service.logOf(run.id);
    const lines = log
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as { stream: string; msg: string });
    const finished = lines.filter(({ msg }) => msg === 'stream finished').map(({ stream }) => stream);
    expect(finished).toEqual(['family', 'family_c']);
  });

  it('are asked again though their parent has not changed', async () => {
    await addFamily('same');
    await service.run({ pipeline: 'same' });
    api.lists.set('/same_c/3', [{ note: 'late' }]);
    const run = await service.run({ pipeline: 'same' });
    expect(run).toMatchObject({ streams: [{ read: 7, inserted: 1, duplicate: 6 }, { state: 'unchanged' }] });
  });

  it('of nobody are none', async () => {
    await addFamily('nobody');
    api.lists.set('/nobody', []);
    const run = await service.run({ pipeline: 'nobody' });
    expect(run).toMatchObject({ state: 'succeeded', streams: [{ state: 'empty' }, { state: 'empty' }] });
    expect(run.streams[0]!.skipped).toEqual([
      { source: 0, name: 'nobody', reason: 'expected rows of nobody to ask for, this run has read none' },
    ]);
  });

  it('do not begin when their parent fails', async () => {
    await addFamily('broken');
    const mend = api.fail('/broken', {}, status(403));
    const run = await service.run({ pipeline: 'broken' });
    expect(run).toMatchObject({ state: 'failed', streams: [{ state: 'skipped' }, { state: 'failed' }] });
    expect(api.seen.filter(({ url }) => url.startsWith('/broken_c'))).toEqual([]);
    mend();
  });

  it('of columns that the parent does not have are an error that names those it has', async () => {
    await addFamily('columns');
    await service.upload(`
pipeline: columns
streams:
  - table: columns
    sources: [${source('columns')}]
  - table: columns_c
    sources: [${source('columns_c/{parent.nummer}', 'for_each: { stream: columns, field: nummer }')}]
`);
    const run = await service.run({ pipeline: 'columns' });
    expect(run).toMatchObject({
      state: 'failed',
      error: {
        code: 'PARENT_COLUMNS_MISSING',
        message:
          'columns_c: expected columns of columns in for_each, got nummer; columns has id, name; skipped because of that: columns_c',
      },
    });
  });

  it('have a cursor for each parent', async () => {
    await addFamily('each', SINCE);
    for (const id of [1, 2, 4]) api.lists.set(`/each_c/${id}`, [{ note: id, updated_at: `2024-01-0${id}` }]);
    await service.run({ pipeline: 'each' });
    expect((await cursorOf('each_c')).sort()).toEqual(['2024-01-01', '2024-01-02', '2024-01-04']);
    api.asked('/each_c/2');
    await service.run({ pipeline: 'each' });
    expect(api.asked('/each_c/2')[0]).toContain('since=2024-01-02');
  });
});

describe('a run of an API', () => {
  it('goes on at the page that its worker had not got', async () => {
    await add('killed', [at(1, '2024-01-01')], { more: SINCE });
    const mend = api.fail('/killed', { offset: '6' }, () => {});
    api.lists.set(
      '/killed',
      Array.from({ length: 8 }, (_, n) => at(n + 1, `2024-01-0${n + 1}`)),
    );
    const { body } = await service.post<RunDto>('/trigger-job', { pipeline: 'killed' });
    await until(() => api.seen.some(({ url }) => url.startsWith('/killed') && url.includes('offset=6')));
    api.asked('/killed');
    mend();
    await restart();
    const run = await service.ended(body.id);
    expect(run).toMatchObject({ state: 'succeeded', attempt: 2, streams: [{ read: 8, inserted: 8 }] });
    const asked = api.asked('/killed');
    expect(asked.filter((url) => !/offset=[68]/.test(url))).toEqual([]);
    expect(run.streams[0]!.files).toHaveLength(3);
    expect(await cursorOf('killed')).toEqual(['2024-01-08']);
  });

  it('asks for the rows of a parent again whose file is on another disk', async () => {
    api.lists.set('/moved', [at(1, '2024-01-01')]);
    for (const id of [1, 2, 3]) api.lists.set(`/moved_c/${id}`, [{ note: id }]);
    await service.upload(`
pipeline: moved
streams:
  - table: moved
    sources: [${source('moved', SINCE)}]
  - table: moved_c
    sources: [${source('moved_c/{parent.id}', 'for_each: { stream: moved, field: id }, parallel: 1')}]
`);
    await service.run({ pipeline: 'moved' });
    api.lists.set('/moved', [at(1, '2024-01-01'), at(2, '2024-01-02'), at(3, '2024-01-03')]);
    const mend = api.fail('/moved_c/3', {}, () => {});
    const { body } = await service.post<RunDto>('/trigger-job', { pipeline: 'moved' });
    await until(() => api.asked('/moved_c/3').length > 0);
    // The parent is loaded, and its cursor has moved past the rows that its children are asked for.
    expect(await cursorOf('moved')).toEqual(['2024-01-03']);
    api.asked('/moved');
    mend();
    await restart(join(app.home, '..', 'another'));
    const run = await service.ended(body.id);
    expect(run).toMatchObject({
      state: 'succeeded',
      attempt: 2,
      streams: [
        { table: 'moved', read: 3, inserted: 2, duplicate: 1 },
        { table: 'moved_c', inserted: 2, duplicate: 1 },
      ],
    });
    await expectBalance(app.database.url, run);
    const again = api.asked('/moved');
    expect(again.length).toBeGreaterThan(0);
    expect(again.filter((url) => !url.includes('since=2024-01-01'))).toEqual([]);
    expect(await ids('moved_c', 'note')).toEqual([1, 2, 3]);
  });

  it('goes on without a page that workers died of, and the cursor stays', async () => {
    const hang = api.fail('/poison', { offset: '3' }, () => {});
    await add(
      'poison',
      [1, 2, 3, 4, 5].map((id) => at(id, `2024-01-0${id}`)),
      { more: SINCE },
    );
    const { body } = await service.post<RunDto>('/trigger-job', { pipeline: 'poison' });
    await until(() => api.seen.some(({ url }) => url.startsWith('/poison') && url.includes('offset=3')));
    const { database, app: running } = app;
    await running.close();
    const [row] = await query<{ fingerprint: string }>(
      database.url,
      `SELECT files->0->'files'->0->>'fingerprint' AS fingerprint FROM millrace.runs WHERE id = $1`,
      [body.id],
    );
    await query(database.url, 'UPDATE millrace.runs SET deaths = 3, suspects = $2 WHERE id = $1', [
      body.id,
      { [row!.fingerprint]: 3 },
    ]);
    hang();
    await restart();
    const run = await service.ended(body.id);
    expect(run).toMatchObject({ state: 'succeeded', streams: [{ read: 2, inserted: 2, skippedCount: 1 }] });
    expect(run.streams[0]!.skipped).toEqual([
      {
        source: 0,
        name: expect.any(String),
        reason: expect.stringContaining('expected a file that a worker survives'),
      },
    ]);
    expect(await cursorOf('poison')).toEqual([]);
    expect(await service.run({ pipeline: 'poison' })).toMatchObject({
      streams: [{ state: 'unchanged', skippedCount: 1 }],
    });
  });

  it('shows its pages while they come, and ends at once when it is cancelled', async () => {
    // Nothing but the cancel ends what waits for the third page.
    await add('cancelled', numbered(1, 9), { more: 'timeouts: { headers: 600s, total: 3600s }' });
    const mend = api.fail('/cancelled', { offset: '6' }, () => {});
    const { body } = await service.post<RunDto>('/trigger-job', { pipeline: 'cancelled' });
    const seen = await until(async () => {
      const run = await get(body.id);
      return run.progress?.filesDone === 2 && run;
    });
    expect(seen).toMatchObject({ state: 'running', progress: { stage: 'extracting', table: 'cancelled' } });
    await service.post(`/runs/${body.id}/cancel`, {});
    await until(async () => (await get(body.id)).state === 'cancelled');
    mend();
  });

  it('fails at once when the API is down, and asks again next time', async () => {
    await add('down', numbered(1, 2), { more: 'timeouts: { total: 5s }' });
    const mend = api.fail('/down', {}, status(503));
    const run = await service.run({ pipeline: 'down' });
    expect(run).toMatchObject({ state: 'failed', attempt: 1, error: { code: expect.any(String) } });
    const [row] = await query<{ signature: string | null }>(
      app.database.url,
      'SELECT signature FROM millrace.runs WHERE id = $1',
      [run.id],
    );
    expect(row!.signature).toBeNull();
    mend();
    expect(await service.run({ pipeline: 'down' })).toMatchObject({
      state: 'succeeded',
      streams: [{ inserted: 2 }],
    });
  });

  it('that somebody asks for while it fetches is followed by another', async () => {
    await add('asked', numbered(1, 2));
    let release = () => {};
    const mend = api.fail('/asked', {}, (_request, response) => {
      release = () => response.end('{"data":[{"id":1,"name":"name 1"}],"has_more":false}');
      response.writeHead(200, { 'content-type': 'application/json' }).flushHeaders();
    });
    const { body } = await service.post<RunDto>('/trigger-job', { pipeline: 'asked' });
    await until(() => api.asked('/asked').length > 0);
    expect((await service.post<RunDto>('/trigger-job', { pipeline: 'asked' })).body.id).toBe(body.id);
    mend();
    release();
    await service.ended(body.id);
    const next = await until(async () => {
      const { items } = (await service.get<RunPageDto>('/runs?pipeline=asked')).body;
      return items.length === 2 && items[0];
    });
    expect(await service.ended(next.id)).toMatchObject({ state: 'succeeded', streams: [{ inserted: 1 }] });
  });
});

describe('a monitor', () => {
  it('is not begun for APIs alone, and ends when the files are gone from the config', async () => {
    await add('unwatched', numbered(1, 1));
    await service.run({ pipeline: 'unwatched' });
    expect((await service.get('/monitors/unwatched')).status).toBe(404);
    await mkdir(join(app.dataRoot, 'unwatched'));
    const both = `pipeline: unwatched\nmonitor: { every: 1s }\nsources: [${source('unwatched')}, { type: local, path: unwatched }]`;
    await service.upload(both);
    await service.run({ pipeline: 'unwatched' });
    expect((await service.get('/monitors/unwatched')).status).toBe(200);
    await add('unwatched', numbered(1, 1));
    await until(async () => (await service.get('/monitors/unwatched')).status === 404);
  });

  it('looks at the files, and a change of them reads the API too', async () => {
    await mkdir(join(app.dataRoot, 'watched'));
    api.lists.set('/watched', numbered(1, 1));
    await service.upload(
      `pipeline: watched\nmonitor: { every: 1s }\nsources: [${source('watched')}, { type: local, path: watched }]`,
    );
    await service.run({ pipeline: 'watched' });
    const looked = (says: string) =>
      until(async () => {
        const { body } = await service.get<{ lastResult: string | null }>('/monitors/watched');
        return body.lastResult?.startsWith(says) ? body : null;
      });
    expect(await looked('unchanged')).toMatchObject({ saw: { files: 0, changes: {} } });
    api.lists.set('/watched', numbered(1, 2));
    await writeFile(join(app.dataRoot, 'watched', 'a.csv'), 'id,name\n100,a\n');
    const run = await until(async () => {
      const { items } = (await service.get<RunPageDto>('/runs?pipeline=watched&trigger=monitor')).body;
      return items[0];
    });
    expect(await service.ended(run.id)).toMatchObject({ streams: [{ read: 3, inserted: 2 }] });
    await service.call('DELETE', '/monitors/watched');
  });
});

/** Another process goes on, on the same disk unless told otherwise. */
async function restart(home = app.home): Promise<void> {
  const env = {
    DATABASE_URL: app.database.url,
    MILLRACE_HOME: home,
    MILLRACE_DATA_ROOTS: app.dataRoot,
    MILLRACE_API_HOSTS: api.host,
    API_URL: api.origin,
    API_TOKEN: 'token-1',
  };
  const { database } = app;
  await app.app.close();
  const next = await createApp({ env });
  // The database that it was not given is not needed.
  await next.database.drop();
  app = { ...next, database, home: env.MILLRACE_HOME, dataRoot: env.MILLRACE_DATA_ROOTS };
  service = new Service(app.url);
}

import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { Client } from 'pg';
import type { ResetDto } from '../src/jobs/reset.dto.js';
import { ResetService } from '../src/jobs/reset.service.js';
import type { RunDto } from '../src/jobs/run.dto.js';
import { countRows, query, Service, until } from './jobs-support.js';
import { RecordApi } from './record-api.js';
import { createApp, type TestApp } from './support.js';

let api: RecordApi;
let app: TestApp;
let service: Service;
const records = [1, 2, 3].map((id) => ({ id, updated_at: `2024-01-0${id}` }));

beforeAll(async () => {
  api = await RecordApi.start();
  app = await createApp({ env: { MILLRACE_API_HOSTS: api.host, API_URL: api.origin } });
  service = new Service(app.url);
});

afterAll(async () => {
  await app.close();
  await api.close();
});

const configOf = (pipeline: string, table: string) => `
pipeline: ${pipeline}
streams:
  - table: ${table}
    sources:
      - type: api
        url: \${API_URL}/${table}
        records: $.data
        pagination: { type: single }
        cursor: { field: updated_at, param: since }
`;

/** A pipeline of one table, all of the same name, that has loaded three records. */
async function load(name: string): Promise<void> {
  api.lists.set(`/${name}`, records);
  await service.upload(configOf(name, name));
  expect(await service.run({ pipeline: name })).toMatchObject({ streams: [{ inserted: 3 }] });
  api.asked(`/${name}`);
}

const reset = (name: string, body?: object, table = name) =>
  body === undefined
    ? service.call<ResetDto>('POST', `/pipelines/${name}/streams/${table}/reset`)
    : service.post<ResetDto>(`/pipelines/${name}/streams/${table}/reset`, body);

const forgotten = (name: string, more: Partial<ResetDto> = {}) => {
  return {
    pipeline: name,
    table: name,
    loads: 1,
    cursors: 1,
    hashes: 3,
    files: 0,
    truncated: false,
    ...more,
  };
};

describe('POST /pipelines/:name/streams/:table/reset', () => {
  it('without a body: the next run asks for everything, and inserts it once more', async () => {
    await load('anew');
    const { logger } = app.app.get(ResetService, { strict: false }) as unknown as {
      logger: { info: (fields: object, message: string) => void };
    };
    const logged = jest.spyOn(logger, 'info');
    expect(await reset('anew')).toMatchObject({ status: 200, body: forgotten('anew') });
    expect(logged).toHaveBeenCalledWith(
      expect.objectContaining({ pipeline: 'anew', stream: 'anew', truncate: false }),
      'a stream was reset',
    );
    expect(await service.run({ pipeline: 'anew' })).toMatchObject({ streams: [{ inserted: 3 }] });
    expect(api.asked('/anew')[0]).not.toContain('since');
    expect(await countRows(app.database.url, 'anew')).toBe(6);
  });

  it('truncate: the table is filled from the beginning', async () => {
    await load('emptied');
    const answer = await reset('emptied', { truncate: true });
    expect(answer.body).toEqual(forgotten('emptied', { truncated: true }));
    expect(await countRows(app.database.url, 'emptied')).toBe(0);
    expect(await service.run({ pipeline: 'emptied' })).toMatchObject({ streams: [{ inserted: 3 }] });
    expect(await countRows(app.database.url, 'emptied')).toBe(3);
  });

  it('hashes: false asks for everything, and rows that are there stay once', async () => {
    await load('cursors');
    expect((await reset('cursors', { hashes: false })).body).toEqual(forgotten('cursors', { hashes: 0 }));
    expect(await service.run({ pipeline: 'cursors' })).toMatchObject({ streams: [{ read: 3, inserted: 0 }] });
    expect(api.asked('/cursors')[0]).not.toContain('since');
  });

  it('cursors: false goes on where the last load ended', async () => {
    await load('hashes');
    expect((await reset('hashes', { cursors: false })).body).toEqual(forgotten('hashes', { cursors: 0 }));
    expect(await service.run({ pipeline: 'hashes' })).toMatchObject({ streams: [{ read: 1, inserted: 1 }] });
    expect(api.asked('/hashes')[0]).toContain('since=2024-01-03');
  });

  it('makes a stream of files load once more that has not changed', async () => {
    await mkdir(join(app.dataRoot, 'files'));
    await writeFile(join(app.dataRoot, 'files', 'a.csv'), 'id\n1\n');
    await service.upload('pipeline: files\nmonitor: false\nsources: [{ type: local, path: files }]');
    await service.run({ pipeline: 'files' });
    expect(await service.run({ pipeline: 'files' })).toMatchObject({ streams: [{ state: 'unchanged' }] });
    expect((await reset('files', { truncate: true })).body).toEqual(
      forgotten('files', { cursors: 0, hashes: 1, truncated: true }),
    );
    expect(await service.run({ pipeline: 'files' })).toMatchObject({ streams: [{ inserted: 1 }] });
  });

  it('truncate makes every pipeline of the table begin anew', async () => {
    await load('shared');
    await service.upload(configOf('shared_too', 'shared'));
    expect(await service.run({ pipeline: 'shared_too' })).toMatchObject({ streams: [{ inserted: 0 }] });
    const { body } = await reset('shared', { truncate: true });
    expect(body).toMatchObject({ loads: 2, cursors: 2, hashes: 3 });
    expect(await service.run({ pipeline: 'shared_too' })).toMatchObject({ streams: [{ inserted: 3 }] });
  });

  it('of a stream that was never loaded forgets nothing', async () => {
    await service.upload(configOf('unloaded', 'unloaded'));
    expect((await reset('unloaded', { truncate: true })).body).toEqual(
      forgotten('unloaded', { loads: 0, cursors: 0, hashes: 0 }),
    );
  });

  it('is refused while a run is under way, until that is over', async () => {
    await load('busy');
    const holder = new Client({ connectionString: app.database.url });
    await holder.connect();
    await holder.query(
      `BEGIN; SELECT pg_advisory_xact_lock(hashtextextended('millrace load "public"."busy"', 0))`,
    );
    api.lists.set('/busy', [...records, { id: 4, updated_at: '2024-01-04' }]);
    const { body: run } = await service.post<RunDto>('/trigger-job', { pipeline: 'busy' });
    await until(
      async () => (await service.get<RunDto>(`/runs/${run.id}`)).body.streams[0]?.state === 'loading',
    );
    const refused = await reset('busy');
    expect(refused).toMatchObject({
      status: 409,
      body: { code: 'RUN_UNDER_WAY', detail: expect.stringContaining(run.id) },
    });
    await holder.end();
    await service.ended(run.id);
    expect((await reset('busy')).body).toEqual(forgotten('busy', { loads: 2, hashes: 4 }));
  });

  it('is refused for a run that is being cancelled, which may still commit', async () => {
    await load('late');
    const set = (changes: string) =>
      query(app.database.url, `UPDATE millrace.runs SET ${changes} WHERE pipeline = 'late'`);
    await set(`state = 'running', cancel_asked_at = now()`);
    const refused = await reset('late');
    await set(`state = 'succeeded', cancel_asked_at = NULL`);
    expect(refused).toMatchObject({ status: 409, body: { code: 'RUN_UNDER_WAY' } });
  });

  it.each([
    { name: 'nobody', table: 'anew', body: {}, status: 404, code: 'CONFIG_NOT_FOUND' },
    { name: 'anew', table: 'nothing', body: {}, status: 404, code: 'STREAM_NOT_FOUND' },
    { name: 'anew', table: 'anew', body: { cursors: 'yes' }, status: 400, code: 'INVALID_REQUEST' },
    { name: 'anew', table: 'anew', body: { rows: true }, status: 400, code: 'INVALID_REQUEST' },
    {
      name: 'anew',
      table: 'anew',
      body: { cursors: false, hashes: false },
      status: 400,
      code: 'INVALID_REQUEST',
    },
    {
      name: 'anew',
      table: 'anew',
      body: { truncate: true, hashes: false },
      status: 400,
      code: 'INVALID_REQUEST',
    },
    {
      name: 'anew',
      table: 'anew',
      body: { truncate: true, cursors: false },
      status: 400,
      code: 'INVALID_REQUEST',
    },
  ])('$name/$table with $body is $status', async ({ name, table, body, status, code }) => {
    const before = await query(app.database.url, 'SELECT count(*) FROM millrace.loaded_row_hashes');
    expect(await reset(name, body, table)).toMatchObject({ status, body: { code } });
    expect(await query(app.database.url, 'SELECT count(*) FROM millrace.loaded_row_hashes')).toEqual(before);
  });

  it('is in the OpenAPI document', async () => {
    const { body } = await service.get<{ paths: Record<string, { post?: { responses: object } }> }>(
      '/docs-json',
    );
    const answers = body.paths['/pipelines/{name}/streams/{table}/reset']?.post?.responses ?? {};
    expect(Object.keys(answers)).toEqual(['200', '400', '401', '404', '409', '415', '422', '503']);
  });
});

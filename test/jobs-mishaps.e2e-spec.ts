import { appendFile, mkdir, readdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { TerminalError, TransientError } from '../src/errors.js';
import { LoaderService } from '../src/loader/loader.service.js';
import { SchemaService } from '../src/schema/schema.service.js';
import { query, Service } from './jobs-support.js';
import { createApp, type TestApp } from './support.js';

let app: TestApp;
let service: Service;

beforeAll(async () => {
  app = await createApp({ env: { SOURCE_DIR: 'from-variable' } });
  service = new Service(app.url);
});

afterEach(() => {
  jest.restoreAllMocks();
});

afterAll(() => app.close());

async function folder(name: string, files: Record<string, string>): Promise<string> {
  const path = join(app.dataRoot, name);
  await mkdir(path, { recursive: true });
  for (const [file, text] of Object.entries(files)) await writeFile(join(path, file), text);
  return path;
}

describe('variables', () => {
  it('stand for what they are set to outside the target too', async () => {
    await folder('from-variable/in', { 'a.csv': 'id,note\n1,${x}\n2,b\n' });
    await service.upload(`
pipeline: variables
monitor: false
sources: [{ type: local, path: '\${SOURCE_DIR}/in', csv: { nulls: ['$\${x}'] } }]
output: '\${SOURCE_DIR}.csv'
`);
    const run = await service.run({ pipeline: 'variables' });
    expect(run.error).toBeNull();
    expect(run.streams[0]).toMatchObject({ inserted: 2, output: 'from-variable.csv' });
    const rows = await query(app.database.url, 'SELECT id::int, note FROM variables ORDER BY id');
    expect(rows).toEqual([
      { id: 1, note: null },
      { id: 2, note: 'b' },
    ]);
  });
});

describe('a file that changes while it is read', () => {
  it('is read again, also when what was read of it could not be staged', async () => {
    const good = 'id\n1\n2\n';
    const path = join(await folder('changing', { 'a.csv': good }), 'a.csv');
    await service.upload(`
pipeline: changing
monitor: false
sources: [{ type: local, path: changing }]
schema: { columns: { id: integer } }
contract: { max_rejects: 0 }
`);
    const schema = app.app.get(SchemaService, { strict: false });
    const stage = schema.stage.bind(schema);
    jest.spyOn(schema, 'stage').mockImplementationOnce(async (request) => {
      await writeFile(path, 'id\nx\ny\n');
      return stage(request).finally(() => writeFile(path, good));
    });
    const run = await service.run({ pipeline: 'changing' });
    expect(run).toMatchObject({
      state: 'succeeded',
      attempt: 2,
      streams: [{ read: 2, inserted: 2, rejected: 0 }],
    });
  });
});

describe('a run that is tried again after one of its streams is loaded', () => {
  it('keeps what that stream has loaded, whatever became of its files since', async () => {
    const path = await folder('twice', { 'first.csv': 'id\n1\n2\n', 'second.csv': 'id\n3\n' });
    await service.upload(`
pipeline: twice
monitor: false
concurrency: 1
streams:
  - { table: twice_first, sources: [{ type: local, path: twice, include: [first.csv] }] }
  - { table: twice_second, sources: [{ type: local, path: twice, include: [second.csv] }] }
`);
    const loader = app.app.get(LoaderService, { strict: false });
    const load = loader.load.bind(loader);
    jest
      .spyOn(loader, 'load')
      .mockImplementationOnce(load)
      .mockImplementationOnce(async () => {
        await rm(join(path, 'first.csv'));
        throw new TransientError('CONNECTION_LOST', 'the connection was lost');
      });
    const run = await service.run({ pipeline: 'twice' });
    expect(run).toMatchObject({ state: 'succeeded', attempt: 2 });
    expect(run.streams).toMatchObject([
      { state: 'succeeded', read: 2, inserted: 2, files: [{ name: 'first.csv', inserted: 2 }] },
      { state: 'succeeded', read: 1, inserted: 1 },
    ]);
  });
});

describe('a run of so many rows that its combined CSV is written while they travel', () => {
  const body = Array.from({ length: 60_000 }, (_, n) => `${n},row ${n}\n`).join('');

  it('shows them all, and an attempt that fails meanwhile leaves nothing behind', async () => {
    await folder('many', { 'a.csv': `id,note\n${body}` });
    await service.upload('pipeline: many\nmonitor: false\nsources: [{ type: local, path: many }]');
    const loader = app.app.get(LoaderService, { strict: false });
    const load = loader.load.bind(loader);
    const folders: string[] = [];
    jest.spyOn(loader, 'load').mockImplementationOnce(async (request) => {
      await load({ ...request, table: 'elsewhere' });
      folders.push(request.folder);
      throw new TransientError('LOST', 'the connection was lost');
    });
    jest.spyOn(loader, 'load').mockImplementationOnce(async (request) => {
      expect(await readdir(request.folder)).not.toContain('combined.csv');
      const result = await load(request);
      request.stage.writeCombined = () => Promise.reject(new TerminalError('NO_OUTPUT', 'written once more'));
      return result;
    });
    const run = await service.run({ pipeline: 'many' });
    expect([run.state, folders.length, run.streams[0]!.inserted]).toEqual(['succeeded', 1, 60_000]);
    const { body: shown } = await service.get<string>(`/runs/${run.id}/output/many`);
    expect(shown).toBe(`id,note\n${body}`);
  });
});

describe('a run whose load is committed and whose combined CSV fails', () => {
  it('is not taken for unchanged by the next one', async () => {
    const path = join(await folder('stale', { 'a.csv': 'id\n1\n' }), 'a.csv');
    await service.upload('pipeline: stale\nmonitor: false\nsources: [{ type: local, path: stale }]');
    await service.run({ pipeline: 'stale' });
    await appendFile(path, '2\n');
    const loader = app.app.get(LoaderService, { strict: false });
    const load = loader.load.bind(loader);
    jest.spyOn(loader, 'load').mockImplementationOnce(async (request) => {
      const result = await load(request);
      request.stage.writeCombined = () => Promise.reject(new TerminalError('NO_OUTPUT', 'no output'));
      return result;
    });
    const failed = await service.run({ pipeline: 'stale' });
    expect(failed).toMatchObject({ state: 'failed', error: { code: 'NO_OUTPUT' } });
    const next = await service.run({ pipeline: 'stale' });
    expect(next.streams[0]).toMatchObject({ state: 'succeeded', inserted: 0, duplicate: 2 });
    const { body } = await service.get<string>(`/runs/${next.id}/output/stale`);
    expect(body).toBe('id\n1\n2\n');
  });
});

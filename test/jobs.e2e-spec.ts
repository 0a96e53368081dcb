import { appendFile, copyFile, mkdir, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { FileReportDto, RunDto, StreamReportDto } from '../src/jobs/run.dto.js';
import { countRows, query, Service } from './jobs-support.js';
import { createApp, type TestApp } from './support.js';

const REAL_DATA = join(import.meta.dirname, '../node_modules/vega-datasets/data');

let app: TestApp;
let service: Service;

beforeAll(async () => {
  app = await createApp();
  service = new Service(app.url);
});

afterAll(() => app.close());

async function folder(name: string, files: Record<string, string> = {}): Promise<string> {
  const path = join(app.dataRoot, name);
  await mkdir(path, { recursive: true });
  for (const [file, text] of Object.entries(files)) await writeFile(join(path, file), text);
  return path;
}

const counts = ({ read, inserted, updated, duplicate, rejected }: FileReportDto | StreamReportDto) => {
  return { read, inserted, updated, duplicate, rejected };
};

const NOTHING = { read: 0, inserted: 0, updated: 0, duplicate: 0, rejected: 0 };

function expectBalanced(run: RunDto): void {
  expect(run).toMatchObject({ state: 'succeeded', error: null });
  for (const stream of run.streams) {
    for (const { read, inserted, updated, duplicate, rejected } of [stream, ...stream.files]) {
      expect(read).toBe(inserted + updated + duplicate + rejected);
    }
    expect(stream.files.reduce((sum, file) => sum + file.read, 0)).toBe(stream.read);
  }
}

describe('the main job on real files', () => {
  let first: RunDto;

  beforeAll(async () => {
    const real = await folder('real');
    for (const file of ['seattle-weather.csv', 'weather.csv', 'cars.json', 'unemployment.tsv']) {
      await copyFile(join(REAL_DATA, file), join(real, file));
    }
    await service.upload(`
pipeline: real
monitor: false
streams:
  - table: weather
    sources: [{ type: local, path: real, include: ['*weather.csv'] }]
    output: weather.csv
  - table: cars
    sources: [{ type: local, path: real/cars.json }]
  - table: unemployment
    sources: [{ type: local, path: real/unemployment.tsv }]
`);
    first = await service.run({ pipeline: 'real' });
  });

  it('loads every row, typed, once, and accounts for each', async () => {
    expectBalanced(first);
    for (const stream of first.streams) {
      expect(await countRows(app.database.url, stream.table)).toBe(stream.inserted);
      expect(stream.inserted).toBeGreaterThan(100);
      expect(stream.rejected).toBe(0);
    }
    expect(first.streams[0]!.files).toMatchObject([
      {
        name: 'seattle-weather.csv',
        state: 'loaded',
        read: 1461,
        detected: { format: 'csv', delimiter: ',' },
      },
      { name: 'weather.csv', state: 'loaded', read: 2922 },
    ]);
    const [hottest] = await query(
      app.database.url,
      `SELECT temp_max, pg_typeof(date)::text AS date FROM weather WHERE location IS NULL ORDER BY temp_max DESC`,
    );
    expect(hottest).toEqual({ temp_max: '35.6', date: 'date' });
  });

  it('does nothing the second time', async () => {
    const second = await service.run({ pipeline: 'real' });
    expectBalanced(second);
    for (const stream of second.streams) {
      expect(stream).toMatchObject({ state: 'unchanged', ...NOTHING, rowBytes: 0 });
      for (const file of stream.files) expect(file).toMatchObject({ state: 'unchanged', ...NOTHING });
    }
  });

  it('gives the combined CSV: every row of every file, joined by column name', async () => {
    const { status, headers, body } = await service.get<string>(`/runs/${first.id}/output/weather`);
    expect(status).toBe(200);
    expect(headers.get('content-type')).toBe('text/csv; charset=utf-8');
    expect(headers.get('content-disposition')).toContain('attachment; filename="weather.csv"');
    const lines = body.trimEnd().split('\n');
    expect(lines[0]!.split(',')).toEqual(first.streams[0]!.columns.map(({ name }) => name));
    expect(lines).toHaveLength(1 + first.streams[0]!.read);
  });

  it('writes the combined CSV again when somebody removed it', async () => {
    await rename(join(app.home, 'output/real/weather.csv'), join(app.home, 'gone.csv'));
    const missing = await service.get(`/runs/${first.id}/output/weather`);
    expect(missing).toMatchObject({ status: 404, body: { code: 'OUTPUT_NOT_FOUND' } });
    const again = await service.run({ pipeline: 'real' });
    expectBalanced(again);
    expect(again.streams[0]).toMatchObject({ state: 'succeeded', inserted: 0, rowBytes: 0 });
    expect((await service.get(`/runs/${first.id}/output/weather`)).status).toBe(200);
  });
});

describe('ten files', () => {
  const config = `
pipeline: ten
table: ten
monitor: false
sources: [{ type: local, path: ten }]
`;
  let path: string;

  beforeAll(async () => {
    const files = Array.from({ length: 10 }, (_, file) => {
      const rows = Array.from({ length: 20 }, (_, row) => `${file * 100 + row},name ${row}\n`);
      return [`part-${file}.csv`, `id,name\n${rows.join('')}`];
    });
    path = await folder('ten', Object.fromEntries(files));
    await service.upload(config);
    await service.run({ pipeline: 'ten' });
  });

  it('a row appended to one of them is one row inserted', async () => {
    await appendFile(join(path, 'part-3.csv'), '399,appended\n');
    const run = await service.run({ pipeline: 'ten' });
    expectBalanced(run);
    expect(counts(run.streams[0]!)).toEqual({
      read: 201,
      inserted: 1,
      updated: 0,
      duplicate: 200,
      rejected: 0,
    });
    expect(run.streams[0]!.files.filter((file) => file.inserted > 0)).toMatchObject([{ name: 'part-3.csv' }]);
    expect(await countRows(app.database.url, 'ten')).toBe(201);
  });

  it('a file renamed and a file copied are not read at all', async () => {
    await rename(join(path, 'part-4.csv'), join(path, 'renamed.csv'));
    await copyFile(join(path, 'part-5.csv'), join(path, 'zz-copy.csv'));
    const run = await service.run({ pipeline: 'ten' });
    expectBalanced(run);
    expect(run.streams[0]).toMatchObject({ state: 'unchanged', ...NOTHING, rowBytes: 0 });
    expect(run.streams[0]!.files).toHaveLength(11);
  });

  it('a copy beside a new file is listed, and not read', async () => {
    await writeFile(join(path, 'part-new.csv'), 'id,name\n5000,new\n');
    const run = await service.run({ pipeline: 'ten' });
    expectBalanced(run);
    expect(run.streams[0]!.inserted).toBe(1);
    const copy = run.streams[0]!.files.find((file) => file.name === 'zz-copy.csv');
    expect(copy).toMatchObject({ state: 'copy', copyOf: 'part-5.csv', ...NOTHING });
  });
});

describe('rejects', () => {
  let run: RunDto;

  beforeAll(async () => {
    await folder('bad', { 'bad.csv': 'id,amount\n1,10\n2,=1+1\n3,"ten, or so"\n4,40\n' });
    await service.upload(`
pipeline: bad
table: bad
monitor: false
sources: [{ type: local, path: bad }]
schema: { columns: { id: integer, amount: integer } }
`);
    run = await service.run({ pipeline: 'bad' });
  });

  it('stop no good row', async () => {
    expectBalanced(run);
    expect(counts(run.streams[0]!)).toEqual({ read: 4, inserted: 2, updated: 0, duplicate: 0, rejected: 2 });
  });

  it('come as JSON, page by page, as they stood in the file', async () => {
    interface Page {
      items: { line: number; raw: string }[];
      nextCursor: string | null;
    }
    const first = await service.get<Page>(`/runs/${run.id}/rejects?limit=1`);
    expect(first.body.items).toMatchObject([
      { table: 'bad', file: 'bad.csv', line: 3, column: 'amount', raw: '2,=1+1' },
    ]);
    const rest = await service.get<Page>(`/runs/${run.id}/rejects?cursor=${first.body.nextCursor}`);
    expect(rest.body).toMatchObject({ items: [{ line: 4, raw: '3,"ten, or so"' }], nextCursor: null });
  });

  it('come by the id in upper case too', async () => {
    const { body } = await service.get<{ items: unknown[] }>(`/runs/${run.id.toUpperCase()}/rejects`);
    expect(body.items).toHaveLength(2);
  });

  it.each<{ name: string; path: string; headers: Record<string, string> }>([
    { name: 'by Accept', path: '', headers: { accept: 'text/csv' } },
    { name: 'by format', path: '?format=csv', headers: {} },
  ])('come as CSV that no spreadsheet runs: $name', async ({ path, headers }) => {
    const {
      status,
      headers: answered,
      body,
    } = await service.get<string>(`/runs/${run.id}/rejects${path}`, headers);
    expect(status).toBe(200);
    expect(answered.get('content-type')).toBe('text/csv; charset=utf-8');
    const [header, first, second] = body.split('\r\n');
    expect(header).toBe('table,file,line,column,reason,raw,configVersion');
    expect(first).toMatch(/^bad,bad\.csv,3,amount,.*,"2,=1\+1",1$/);
    expect(second).toMatch(/^bad,bad\.csv,4,amount,.*,"3,""ten, or so""",1$/);
  });

  it('stay to be seen when the run fails because of them', async () => {
    await service.upload(`
pipeline: strict
table: strict
monitor: false
sources: [{ type: local, path: bad }]
schema: { columns: { id: integer, amount: integer } }
contract: { max_rejects: 10% }
`);
    const failed = await service.run({ pipeline: 'strict' });
    expect(failed).toMatchObject({
      state: 'failed',
      error: { code: 'TOO_MANY_REJECTS' },
      streams: [{ state: 'failed' }],
    });
    const { body } = await service.get<{ items: unknown[] }>(`/runs/${failed.id}/rejects`);
    expect(body.items).toHaveLength(2);
    const [{ exists }] = (await query<{ exists: boolean }>(
      app.database.url,
      `SELECT to_regclass('strict') IS NOT NULL AS exists`,
    )) as [{ exists: boolean }];
    expect(exists).toBe(false);
  });
});

describe('a run that cannot be', () => {
  const cannot = 'pipeline: cannot\ntable: t\nmonitor: false\nsources: [{ type: local, path: bad }]';

  it.each([
    {
      name: 'a folder that is not there',
      yaml: () => cannot.replace('path: bad', 'path: nowhere'),
      code: 'PATH',
    },
    {
      name: 'a wrong password',
      yaml: () => {
        const { host, port, user, database } = app.database.connection;
        return `${cannot}\ntarget: ${JSON.stringify({ host, port, user, database, password: 'wrong' })}`;
      },
      code: 'TARGET_LOGIN',
    },
    {
      name: 'a variable that is not set',
      yaml: () => `${cannot}\ntarget: { host: '\${TARGET_UNSET}' }`,
      code: 'VARIABLE_UNSET',
    },
  ])('fails at the first attempt and says why: $name', async ({ yaml, code }) => {
    await service.upload(yaml());
    const run = await service.run({ pipeline: 'cannot' });
    expect(run).toMatchObject({
      state: 'failed',
      attempt: 1,
      error: { code: expect.stringContaining(code) },
    });
    expect(JSON.stringify(run)).not.toContain('wrong"');
  });
});

describe('an empty folder', () => {
  it('is a run that has nothing to do', async () => {
    await folder('void');
    await service.upload('pipeline: void\nmonitor: false\nsources: [{ type: local, path: void }]');
    const run = await service.run({ pipeline: 'void' });
    expectBalanced(run);
    expect(run.streams[0]).toMatchObject({ state: 'empty', files: [], ...NOTHING });
  });
});

import { execFileSync } from 'node:child_process';
import { chmodSync, mkdirSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, afterEach, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { ExtractionService } from '../src/extraction/extraction.service.js';
import type { RejectPageDto } from '../src/jobs/rejects.dto.js';
import { FaultyFolders, isBalanced, skippedOf } from './faults-support.js';
import { createApp, type TestApp } from './support.js';

let app: TestApp;
let folders: FaultyFolders;

beforeAll(async () => {
  app = await createApp();
  folders = new FaultyFolders(app);
});

afterEach(() => void jest.restoreAllMocks());
afterAll(() => app.close());

const csv = (...ids: number[]) => `id\n${ids.join('\n')}\n`;

describe('D3: a file that is being uploaded', () => {
  const unfinished = ['.b.csv', 'b.csv.tmp', 'b.csv.part', 'b.csv.crdownload', 'b.csv~'];
  it('is ignored until it has its final name', async () => {
    const path = await folders.make('d3', { 'a.csv': csv(1) }, "path: d3, include: ['*']");
    unfinished.forEach((name, index) => writeFileSync(join(path, name), csv(10 + index)));
    const before = await folders.run('d3');
    expect(before).toMatchObject({
      state: 'succeeded',
      streams: [{ files: [{ name: 'a.csv' }], skipped: [] }],
    });
    unfinished.forEach((name, index) => renameSync(join(path, name), join(path, `final-${index}.csv`)));
    expect((await folders.run('d3')).streams[0]).toMatchObject({ inserted: unfinished.length, duplicate: 1 });
    expect(await folders.ids('d3')).toEqual([1, 10, 11, 12, 13, 14]);
  });
});

/** Root may read anything, so that the service looks at its files as another user. */
function lookAsOrdinaryUser(): void {
  if (process.getuid?.() !== 0) return;
  chmodSync(join(app.dataRoot, '..'), 0o755);
  const extraction = app.app.get(ExtractionService);
  const list = extraction.list.bind(extraction);
  const know = extraction.know.bind(extraction);
  const asOrdinary = <T>(work: () => Promise<T>): Promise<T> => {
    process.seteuid?.(65_534);
    return work().finally(() => process.seteuid?.(0));
  };
  jest.spyOn(extraction, 'list').mockImplementation((...of) => asOrdinary(() => list(...of)));
  jest.spyOn(extraction, 'know').mockImplementation((...of) => asOrdinary(() => know(...of)));
}

describe('D9: no permission', () => {
  it('for a file or a folder is no reason to leave the others, and they are taken once it is given', async () => {
    const files = { 'a.csv': csv(1), 'shut.csv': csv(2), 'sub/b.csv': csv(3) };
    const path = await folders.make('d9', files, 'path: d9/**/*.csv');
    chmodSync(join(path, 'shut.csv'), 0);
    chmodSync(join(path, 'sub'), 0);
    lookAsOrdinaryUser();
    const run = await folders.run('d9');
    expect(run.state).toBe('succeeded');
    expect(skippedOf(run)).toEqual({
      'shut.csv': 'expected to read the file, got EACCES',
      'sub/': 'expected a folder to list, got EACCES',
    });
    expect(await folders.ids('d9')).toEqual([1]);
    chmodSync(join(path, 'shut.csv'), 0o644);
    chmodSync(join(path, 'sub'), 0o755);
    expect(skippedOf(await folders.run('d9'))).toEqual({});
    expect(await folders.ids('d9')).toEqual([1, 2, 3]);
  });

  it('for the source itself fails the run with the reason, until it is given', async () => {
    const path = await folders.make('d9_source', { 'a.csv': csv(1) });
    chmodSync(path, 0);
    lookAsOrdinaryUser();
    const refused = { code: 'PATH_UNREADABLE', message: 'path: expected to list "d9_source", got EACCES' };
    expect(await folders.run('d9_source')).toMatchObject({ state: 'failed', attempt: 1, error: refused });
    chmodSync(path, 0o755);
    expect((await folders.run('d9_source')).streams[0]).toMatchObject({ inserted: 1 });
  });
});

describe('D10: a folder that is missing', () => {
  const ways: [string, string, (path: string) => void, string][] = [
    ['gone', 'd10_gone', () => {}, 'got "d10_gone/in", which does not exist'],
    [
      'gone, with all above it',
      'd10_top',
      (path) => rmSync(path, { recursive: true }),
      'which does not exist',
    ],
    [
      'a file now, one above it',
      'd10_file',
      (path) => (rmSync(path, { recursive: true }), writeFileSync(path, csv(9))),
      'expected a folder on the way to "d10_file/in", got a file',
    ],
  ];
  it.each(ways)(
    '%s: fails the run with the reason, and is read when it is back',
    async (_how, name, also, says) => {
      const path = await folders.make(name, { 'in/a.csv': csv(1) }, `path: ${name}/in`);
      const away = folders.path(`${name}_away`);
      renameSync(join(path, 'in'), away);
      also(path);
      const failed = await folders.run(name);
      expect(failed).toMatchObject({ state: 'failed', attempt: 1, error: { code: 'PATH_MISSING' } });
      expect(failed.error?.message).toContain(says);
      rmSync(path, { recursive: true, force: true });
      mkdirSync(path);
      renameSync(away, join(path, 'in'));
      expect(await folders.run(name)).toMatchObject({ state: 'succeeded', streams: [{ inserted: 1 }] });
    },
  );

  it('an empty one, as an unmounted disk leaves it, takes nothing from the table', async () => {
    const path = await folders.make('d10_disk', { 'a.csv': csv(1) });
    await folders.run('d10_disk');
    renameSync(join(path, 'a.csv'), folders.path('away.csv'));
    expect(await folders.run('d10_disk')).toMatchObject({
      state: 'succeeded',
      streams: [{ state: 'empty' }],
    });
    expect(await folders.ids('d10_disk')).toEqual([1]);
    renameSync(folders.path('away.csv'), join(path, 'a.csv'));
    expect((await folders.run('d10_disk')).streams[0]).toMatchObject({ state: 'unchanged' });
  });
});

describe('D11: a symbolic link', () => {
  it('is skipped, wherever it leads, and ends in no loop', async () => {
    const path = await folders.make('d11', { 'a.csv': csv(1) }, 'path: d11/**/*.csv');
    const outside = join(app.home, 'outside');
    mkdirSync(outside);
    writeFileSync(join(outside, 'secret.csv'), csv(666));
    symlinkSync(join(outside, 'secret.csv'), join(path, 'file.csv'));
    symlinkSync(outside, join(path, 'folder'));
    symlinkSync('nowhere', join(path, 'dangling.csv'));
    symlinkSync('..', join(path, 'loop'));
    symlinkSync('self.csv', join(path, 'self.csv'));
    const run = await folders.run('d11');
    expect(run.state).toBe('succeeded');
    const reason = 'expected a regular file, got a symbolic link';
    const names = ['dangling.csv', 'file.csv', 'folder', 'loop', 'self.csv'];
    expect(skippedOf(run)).toEqual(Object.fromEntries(names.map((name) => [name, reason])));
    expect(await folders.ids('d11')).toEqual([1]);
  });

  it('as the path itself fails the run', async () => {
    await folders.make('d11_path', {}, 'path: d11_link');
    symlinkSync(app.home, folders.path('d11_link'));
    const error = {
      code: 'PATH_REFUSED',
      message: 'path: expected a path without symbolic links, got "d11_link"',
    };
    expect(await folders.run('d11_path')).toMatchObject({ state: 'failed', error });
  });
});

describe('D12: pipes, sockets and folders named like files', () => {
  it('are skipped, the service stays alive and goes on', async () => {
    const path = await folders.make('d12', { 'a.csv': csv(1), 'folder.csv/b.txt': '' });
    const pipes = [1, 2, 3, 4].map((number) => `pipe${number}.csv`);
    execFileSync(
      'mkfifo',
      pipes.map((name) => join(path, name)),
    );
    const server = createServer().listen(join(path, 'socket.csv'));
    await new Promise((resolve) => server.once('listening', resolve));
    const run = await folders.run('d12');
    server.close();
    expect(run.state).toBe('succeeded');
    expect(skippedOf(run)).toEqual({
      'folder.csv': 'expected a regular file, got a folder',
      'socket.csv': 'expected a regular file, got a socket',
      ...Object.fromEntries(pipes.map((name) => [name, 'expected a regular file, got a named pipe'])),
    });
    expect(await folders.ids('d12')).toEqual([1]);
    expect((await folders.service.get('/health')).status).toBe(200);
  });
});

describe('D15: a file without records', () => {
  it('is loaded with 0 rows', async () => {
    const bom = Buffer.from([0xef, 0xbb, 0xbf]);
    const empty = { 'none.csv': '', 'none.json': '', 'none.txt': '', 'bom.csv': bom, 'bom.json': bom };
    await folders.make('d15', { ...empty, 'header.csv': 'id\n', 'bare.csv': 'id', 'array.json': '[]' });
    const run = await folders.run('d15');
    expect(run).toMatchObject({ state: 'succeeded', error: null });
    const [stream] = run.streams;
    expect(stream).toMatchObject({ state: 'succeeded', read: 0, inserted: 0, rejected: 0, skipped: [] });
    expect(stream!.files).toHaveLength(8);
    for (const file of stream!.files) expect(file).toMatchObject({ read: 0, rejected: 0 });
  });
});

describe('D18: a file that is not what its name says', () => {
  const odd: Record<string, [content: string | Buffer, reason: string]> = {
    'json.csv': ['[{"id": 7}]', 'expected delimited text, got JSON'],
    'xlsx.csv': [Buffer.from('PK\x03\x04 and more'), 'got a zip archive or an Office document'],
    'binary.csv': [Buffer.alloc(4096), 'got bytes of which many are zero'],
    'html.csv': ['<!doctype html><p>Log in</p>', 'expected delimited text, got an HTML page'],
    'csv.json': ['id\n7\n', 'expected a value, got "id'],
    'text.parquet': ['id\n7\n', 'Parquet'],
    'cut.csv.gz': [gzipSync(csv(7)).subarray(0, 20), 'expected whole gzip data'],
    'pdf.txt': ['%PDF-1.7', 'expected text, got a PDF document'],
  };
  it('is rejected with the reason, and the others are loaded', async () => {
    const files = Object.fromEntries(Object.entries(odd).map(([name, [content]]) => [name, content]));
    const path = await folders.make('d18', { ...files, 'good.csv': csv(1) });
    writeFileSync(join(path, 'sheet.xlsx'), 'PK\x03\x04');
    const run = await folders.run('d18');
    expect(run).toMatchObject({ state: 'succeeded', error: null });
    expect(isBalanced(run)).toBe(true);
    expect(run.streams[0]).toMatchObject({ inserted: 1, rejected: Object.keys(odd).length });
    const { body } = await folders.service.get<RejectPageDto>(`/runs/${run.id}/rejects`);
    const reasons = new Map(body.items.map(({ file, reason }) => [file, reason]));
    for (const [name, [, reason]] of Object.entries(odd)) expect(reasons.get(name)).toContain(reason);
    expect(run.streams[0]!.files.map(({ name }) => name)).not.toContain('sheet.xlsx');
  });

  it('gzip is told by the content, with .gz or without', async () => {
    await folders.make('d18_gz', { 'plain.csv.gz': csv(1), 'packed.csv': gzipSync(csv(2)) });
    expect(await folders.run('d18_gz')).toMatchObject({
      state: 'succeeded',
      streams: [{ inserted: 2, rejected: 0 }],
    });
  });
});

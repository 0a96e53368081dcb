import { renameSync, rmSync, statSync, truncateSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { ExtractionService } from '../src/extraction/extraction.service.js';
import type { RejectPageDto } from '../src/jobs/rejects.dto.js';
import { SchemaService } from '../src/schema/schema.service.js';
import { FaultyFolders, isBalanced, skippedOf } from './faults-support.js';
import { query } from './jobs-support.js';
import { createApp, type TestApp } from './support.js';

let app: TestApp;
let folders: FaultyFolders;

beforeAll(async () => {
  app = await createApp();
  folders = new FaultyFolders(app);
});

beforeEach(() => {
  // What is tried again is tried at once.
  jest.spyOn(Math, 'random').mockReturnValue(0);
});
afterEach(() => void jest.restoreAllMocks());
afterAll(() => app.close());

const CHUNK = 2 ** 20;

/** `count` rows of 100 bytes each, ids from `first`. */
function rows(first: number, count: number): string {
  const padded = Array.from({ length: count }, (_, index) => `${first + index},`.padEnd(99, 'x'));
  return `id,note\n${padded.join('\n')}\n`;
}

/** More than three of the chunks that files are read in. */
const LONG = Math.ceil((3.5 * CHUNK) / 100);

type Read = (this: FileHandle, ...how: unknown[]) => Promise<unknown>;
type FileHandle = Awaited<ReturnType<typeof open>>;

/** Does something in place of, or just before, the n-th read of a file's content, once; reading goes on when it returns. */
async function atRead(path: string, nth: number, act: () => void): Promise<void> {
  const { ino } = statSync(path);
  const handle = await open(path);
  const prototype = Object.getPrototypeOf(handle) as { read: Read };
  await handle.close();
  const read = prototype.read;
  let count = 0;
  jest.spyOn(prototype, 'read').mockImplementation(async function (this: FileHandle, ...how) {
    if ((await this.stat()).ino === ino && ++count === nth) act();
    return read.apply(this, how);
  });
}

/** Does something when the file has been seen and its landing begins. */
function beforeLanding(act: () => void): void {
  const extraction = app.app.get(ExtractionService);
  const land = extraction.land.bind(extraction);
  jest.spyOn(extraction, 'land').mockImplementationOnce((...of) => (act(), land(...of)));
}

/** Does something when the files are landed and the engine is about to read them. */
function beforeStaging(act: () => void): void {
  const schema = app.app.get(SchemaService, { strict: false });
  const stage = schema.stage.bind(schema);
  jest.spyOn(schema, 'stage').mockImplementationOnce((request) => (act(), stage(request)));
}

const moments: [string, string, (path: string, act: () => void) => void | Promise<void>, number][] = [
  ['while it is first read', 'look', (path, act) => atRead(path, 2, act), 1],
  ['before it is opened again', 'land', (_path, act) => beforeLanding(act), 2],
  ['before it is staged', 'stage', (_path, act) => beforeStaging(act), 2],
];

describe('D4: a file that is deleted', () => {
  it.each(moments)('%s: is no part of the run, the others are', async (_when, name, at, attempt) => {
    const table = `d4_${name}`;
    const path = await folders.make(table, { 'a.csv': rows(LONG, 3), 'b.csv': rows(0, LONG) });
    await at(join(path, 'b.csv'), () => rmSync(join(path, 'b.csv')));
    const run = await folders.run(table);
    expect(run).toMatchObject({ state: 'succeeded', attempt, error: null });
    expect(isBalanced(run)).toBe(true);
    expect(await folders.ids(table)).toEqual([LONG, LONG + 1, LONG + 2]);
  });
});

describe('D5: a file that is truncated', () => {
  it.each(moments)('%s: is never loaded half', async (_when, name, at, attempt) => {
    const table = `d5_${name}`;
    const path = await folders.make(table, { 'a.csv': rows(LONG, 3), 'b.csv': rows(0, LONG) });
    // Two whole rows of what was a hundred thousand.
    await at(join(path, 'b.csv'), () => truncateSync(join(path, 'b.csv'), 'id,note\n'.length + 200));
    const run = await folders.run(table);
    expect(run).toMatchObject({ state: 'succeeded', attempt, error: null });
    const short = [0, 1, LONG, LONG + 1, LONG + 2];
    // A look leaves the file alone, and the next one takes it as it then is.
    expect(await folders.ids(table)).toEqual(attempt === 1 ? short.slice(2) : short);
    if (attempt > 1) return;
    expect(skippedOf(run)['b.csv']).toContain('still growing');
    await folders.run(table);
    expect(await folders.ids(table)).toEqual(short);
  });
});

describe('D6: a file that is renamed', () => {
  it.each(moments)('%s: is loaded once', async (_when, name, at, attempt) => {
    const table = `d6_${name}`;
    const path = await folders.make(table, { 'b.csv': rows(0, LONG) });
    await at(join(path, 'b.csv'), () => renameSync(join(path, 'b.csv'), join(path, 'c.csv')));
    const first = await folders.run(table);
    expect(first).toMatchObject({ state: 'succeeded', attempt, error: null });
    const second = await folders.run(table);
    expect(second.streams[0]!.files).toMatchObject([{ name: 'c.csv' }]);
    expect(first.streams[0]!.inserted + second.streams[0]!.inserted).toBe(LONG);
    expect(second.streams[0]).toMatchObject({ duplicate: 0 });
    const count = `SELECT count(*)::int AS rows, count(DISTINCT id)::int AS ids FROM ${table}`;
    expect(await query(app.database.url, count)).toEqual([{ rows: LONG, ids: LONG }]);
  });
});

describe('D13: the disk fails to give a part of a file', () => {
  it('which may pass: the run is tried again', async () => {
    const path = await folders.make('d13', { 'a.csv': rows(0, LONG) });
    await atRead(join(path, 'a.csv'), 3, () => {
      throw Object.assign(new Error('EIO: i/o error, read'), { code: 'EIO', errno: -5, syscall: 'read' });
    });
    const run = await folders.run('d13');
    expect(run).toMatchObject({ state: 'succeeded', attempt: 2, streams: [{ inserted: LONG }] });
  });
});

describe('D14: a record without an end', () => {
  const bytes = 40 * CHUNK;
  const endless = (start: string) => Buffer.alloc(bytes, 'x').fill(start, 0, start.length);
  const cases: [string, string, Buffer, string][] = [
    ['a line', 'line.csv', endless('id,note\n1,'), 'expected a record of at most 16 MiB'],
    [
      'a quote that nothing closes',
      'quote.csv',
      endless('id,note\n1,"'),
      'expected a record of at most 16 MiB',
    ],
    ['a line of text', 'line.txt', endless('first\n'), 'expected at most 16777216 bytes for one'],
    ['a value', 'value.json', endless('[{"id":"'), 'expected at most 16777216 bytes for one value, got more'],
  ];
  it.each(cases)(
    '%s of 40 MiB is a reject, and other files are loaded',
    async (_what, name, content, reason) => {
      const table = `d14_${name.replace('.', '_')}`;
      await folders.make(table, { 'good.csv': 'id\n41\n', [name]: content });
      const run = await folders.run(table);
      expect(run).toMatchObject({ state: 'succeeded', error: null });
      expect(isBalanced(run)).toBe(true);
      expect(await folders.ids(table)).toContain(41);
      const { body } = await folders.service.get<RejectPageDto>(`/runs/${run.id}/rejects`);
      expect(body.items.filter(({ file }) => file === name)).toMatchObject([
        { reason: expect.stringContaining(reason) },
      ]);
      expect(JSON.stringify(body).length).toBeLessThan(CHUNK);
    },
  );
});

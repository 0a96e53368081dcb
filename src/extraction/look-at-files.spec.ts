import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  appendFileSync,
  chmodSync,
  copyFileSync,
  mkdtempSync,
  realpathSync,
  renameSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { Clock } from './await-still.js';
import type { Look } from './file-look.entity.js';
import { FileChanged } from './file-errors.js';
import { fingerprintFile } from './fingerprint-file.js';
import { listFiles, type Listing } from './list-files.js';
import { lookAtFiles, type LookStore, type Patience } from './look-at-files.js';
import { openFile, verifyPaths } from './open-file.js';

let root: string;
let store: LookStore & { looks: Map<string, Look>; remembered: number; knownMs: number };

beforeEach(() => {
  root = realpathSync(mkdtempSync(join(tmpdir(), 'millrace-look-')));
  store = {
    looks: new Map(),
    remembered: 0,
    knownMs: 0,
    find: async (paths) => {
      const { looks, knownMs } = store;
      const known = paths.flatMap((path) => (looks.has(path) ? [{ ...looks.get(path)!, knownMs }] : []));
      return new Map(known.map((look) => [look.path, look]));
    },
    remember: async (looks) => {
      store.remembered += looks.length;
      for (const look of looks) store.looks.set(look.path, look);
    },
  };
});

afterEach(() => rmSync(root, { recursive: true }));

const list = (): Promise<Listing> =>
  listFiles({ path: '.', include: null }, { roots: [root], home: join(root, 'home') });
const later: Clock = { now: () => Date.now() + 120_000, wait: async () => {} };
const look = async (clock = later, listing?: Listing) =>
  lookAtFiles(listing ?? (await list()), { source: 3, store, clock });
const lookPatiently = async (clock = later, format: Patience['format'] = 'auto') =>
  lookAtFiles(await list(), { source: 3, store, clock, patience: { stillForMs: 5_000, format } });
const sha = (text: string): string => createHash('sha256').update(text).digest('hex');

describe('lookAtFiles', () => {
  it('knows a file by its content and reads it once', async () => {
    writeFileSync(join(root, 'a.csv'), 'a,b\r\n1,é\r\n');
    const first = await look();
    expect(first.files).toMatchObject([
      {
        source: 3,
        name: 'a.csv',
        path: join(root, 'a.csv'),
        bytes: 11,
        fingerprint: sha('a,b\r\n1,é\r\n'),
        text: { isUtf8: true, hasNul: false, lineEnds: 'crlf' },
      },
    ]);
    const second = await look();
    expect(second).toEqual(first);
    expect(store.remembered).toBe(1);
  });

  it('sees a file that was replaced by one of the same name, size and time', async () => {
    const path = join(root, 'a.csv');
    writeFileSync(path, 'a\n1\n');
    utimesSync(path, 1_000, 1_000);
    const before = await look();
    writeFileSync(join(root, 'new'), 'a\n2\n');
    utimesSync(join(root, 'new'), 1_000, 1_000);
    renameSync(join(root, 'new'), path);
    const after = await look();
    expect(statSync(path).mtimeMs).toBe(1_000_000);
    expect(after.files[0]?.fingerprint).not.toBe(before.files[0]?.fingerprint);
  });

  it('gives a copy and a renamed file the fingerprint of the first', async () => {
    writeFileSync(join(root, 'a.csv'), 'a\n1\n');
    copyFileSync(join(root, 'a.csv'), join(root, 'b.csv'));
    const { files } = await look();
    renameSync(join(root, 'b.csv'), join(root, 'c.csv'));
    const renamed = await look();
    expect(new Set([...files, ...renamed.files].map((file) => file.fingerprint)).size).toBe(1);
  });

  it('leaves a file that grows while it waits, and takes the others', async () => {
    writeFileSync(join(root, 'grows.csv'), 'a\n1\n');
    writeFileSync(join(root, 'still.csv'), 'a\n1\n');
    const waits: number[] = [];
    const growing: Clock = {
      now: () => Date.now(),
      wait: async (ms) => {
        waits.push(ms);
        appendFileSync(join(root, 'grows.csv'), '2');
      },
    };
    const { files, skipped } = await look(growing);
    expect(files.map((file) => file.name)).toEqual(['still.csv']);
    expect(skipped).toMatchObject([
      { name: 'grows.csv', reason: 'expected a file that stands still, got one that is still growing' },
    ]);
    expect(waits).toEqual([1_200]);
  });

  const ages: [string, number, number | null, number][] = [
    ['changed half a minute ago', 30_000, null, 1],
    ['changed long ago', 90_000, null, 0],
    ['from the future', 90_000, 4e9, 1],
  ];
  it.each(ages)(
    'looks twice at unknown files %s, once at known ones',
    async (_name, age, mtime, expected) => {
      for (const name of ['a.csv', 'b.csv']) {
        writeFileSync(join(root, name), 'a\n1\n');
        if (mtime !== null) utimesSync(join(root, name), mtime, mtime);
      }
      let waits = 0;
      const now = Date.now() + age;
      const clock: Clock = { now: () => now, wait: async () => void waits++ };
      expect((await look(clock)).files).toHaveLength(2);
      expect(waits).toBe(expected);
      await look(clock);
      expect(waits).toBe(expected);
    },
  );

  it('skips a file that vanished after it was listed', async () => {
    writeFileSync(join(root, 'a.csv'), 'a\n1\n');
    const listing = await list();
    rmSync(join(root, 'a.csv'));
    const { files, skipped } = await look(later, listing);
    expect({ files, skipped }).toEqual({
      files: [],
      skipped: [{ name: 'a.csv', reason: 'expected to read the file, got ENOENT' }],
    });
  });

  it('skips a file that it may not read, and takes the others', async () => {
    writeFileSync(join(root, 'open.csv'), 'a\n1\n');
    writeFileSync(join(root, 'shut.csv'), 'a\n1\n');
    chmodSync(join(root, 'shut.csv'), 0);
    chmodSync(root, 0o755);
    const isRoot = process.getuid?.() === 0;
    // Root may read anything, so it looks as another user.
    if (isRoot) process.seteuid?.(65_534);
    try {
      const { files, skipped } = await look();
      expect(files.map((file) => file.name)).toEqual(['open.csv']);
      expect(skipped).toEqual([{ name: 'shut.csv', reason: 'expected to read the file, got EACCES' }]);
    } finally {
      if (isRoot) process.seteuid?.(0);
    }
  });
});

describe('lookAtFiles, with patience', () => {
  const now: Clock = { now: () => Date.now(), wait: async () => {} };
  const reasons = ({ skipped }: { skipped: { name: string; reason: string }[] }) =>
    skipped.map(({ name, reason }) => `${name}: ${reason.split(', got ')[1]}`);

  it('takes a file at the second look that finds it in the same state, long enough after the first', async () => {
    writeFileSync(join(root, 'a.csv'), 'a\n1\n');
    const first = await lookPatiently();
    expect(first.files).toEqual([]);
    expect(first.skipped).toMatchObject([{ name: 'a.csv', isUnsettled: true }]);
    store.knownMs = 4_999;
    expect((await lookPatiently()).files).toEqual([]);
    store.knownMs = 5_000;
    expect((await lookPatiently()).files).toHaveLength(1);
    expect(store.remembered).toBe(1);
    appendFileSync(join(root, 'a.csv'), '2\n');
    expect((await lookPatiently()).files).toEqual([]);
  });

  const halves: [string, string, string | Buffer, boolean][] = [
    ['a CSV file', 'a.csv', 'a\n1\n12', false],
    ['a text file of another name', 'a', 'a\n1\n12', false],
    ['a CSV file that ends with LF', 'a.csv', 'a\n1\n', true],
    ['a CSV file that ends with CR', 'a.csv', 'a\r1\r', true],
    ['UTF-16, low byte first', 'a.csv', Buffer.from('a\n1\n', 'utf16le'), true],
    ['UTF-16, high byte first', 'a.csv', Buffer.from('a\n1\n', 'utf16le').swap16(), true],
    ['UTF-16 in the middle of a line', 'a.csv', Buffer.from('a\n1', 'utf16le'), false],
    ['an empty file', 'a.csv', '', true],
    ['NDJSON', 'a.ndjson', '{"a":1}', false],
    ['JSON, which half a document is not', 'a.json', '{"a":1}', true],
    ['a compressed file, which says itself where it ends', 'a.csv.gz', 'x', true],
  ];
  it.each(halves)('half a line: %s', async (_what, name, content, isTaken) => {
    const listing = () =>
      listFiles({ path: '.', include: ['*'] }, { roots: [root], home: join(root, 'home') });
    const patience = { stillForMs: 0, format: 'auto' as const };
    writeFileSync(join(root, name), content);
    await lookAtFiles(await listing(), { source: 3, store, clock: now });
    const { files } = await lookAtFiles(await listing(), { source: 3, store, clock: now, patience });
    expect(files).toHaveLength(isTaken ? 1 : 0);
  });

  const times: [string, number, number, boolean][] = [
    ['half a minute ago', -30, 0, false],
    ['three minutes ago', -180, 0, true],
    ['in the future, and changed just now', 1e9, 0, false],
    ['in the future, and changed three minutes ago', 1e9, 180, true],
    ['in the future, as all its times are', 1e9, -1e9, true],
  ];
  it.each(times)('a last line without an end, written %s', async (_when, mtime, later_, isTaken) => {
    store.knownMs = 5_000;
    const path = join(root, 'a.csv');
    writeFileSync(path, 'a\n1\n12');
    utimesSync(path, Date.now() / 1_000 + mtime, Date.now() / 1_000 + mtime);
    const clock: Clock = { now: () => Date.now() + 1_000 * later_, wait: async () => {} };
    await look(clock);
    const found = await lookPatiently(clock);
    expect(reasons(found)).toEqual(
      isTaken ? [] : ['a.csv: none, and it was written less than 2 minutes ago'],
    );
  });
});

describe('fingerprintFile', () => {
  const changes: [string, (path: string) => void][] = [
    ['appended', (path) => appendFileSync(path, 'x')],
    ['truncated', (path) => writeFileSync(path, '')],
    ['touched', (path) => utimesSync(path, 5, 5)],
    ['replaced', (path) => (writeFileSync(`${path}.new`, 'a\n1\n'), renameSync(`${path}.new`, path))],
  ];
  it.each(changes)('throws FILE_CHANGED for a file that was %s', async (_how, change) => {
    writeFileSync(join(root, 'a.csv'), 'a\n1\n');
    const [file] = (await list()).files;
    if (file === undefined) throw new Error('expected a file');
    await expect(verifyPaths([file])).resolves.toBeUndefined();
    change(file.path);
    await expect(fingerprintFile(file)).rejects.toThrow(FileChanged);
    await expect(verifyPaths([file])).rejects.toMatchObject({
      code: 'FILE_CHANGED',
    });
  });

  it('leaves no file open, whether it succeeds or not', async () => {
    writeFileSync(join(root, 'a.csv'), 'a\n1\n');
    const [file] = (await list()).files;
    if (file === undefined) throw new Error('expected a file');
    await fingerprintFile(file);
    await expect(fingerprintFile({ ...file, stamp: { ...file.stamp, size: '5' } })).rejects.toThrow(
      FileChanged,
    );
    await expect(fingerprintFile(file, AbortSignal.abort())).rejects.toThrow(/abort/);
    const open = await openFile(file.path);
    expect(openFiles()).toEqual([file.path]);
    await open.close();
    expect(openFiles()).toEqual([]);
  });
});

/** Paths below the test's folder that this process has open. */
function openFiles(): string[] {
  const paths = spawnSync('ls', ['-l', `/proc/${process.pid}/fd`])
    .stdout.toString()
    .split('\n');
  return paths.map((line) => line.split(' -> ')[1] ?? '').filter((path) => path.startsWith(root));
}

import { execFileSync } from 'node:child_process';
import { lstatSync, mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { type Held, readWhole, seeStates, SMALL } from './read-whole.js';

let root: string;

beforeEach(() => {
  root = realpathSync(mkdtempSync(join(tmpdir(), 'millrace-whole-')));
});

afterEach(() => rmSync(root, { recursive: true }));

/** So many that a thread reads them. */
const many = 200;

function writeMany(): string[] {
  return Array.from({ length: many }, (_, n) => {
    const path = join(root, `${n}.csv`);
    writeFileSync(path, 'é'.repeat(n * 11));
    return path;
  });
}

/** The bytes last until the next batch. */
const keep = ({ file, whole }: Held<string>) => {
  return { file, whole: whole && { ...whole, bytes: Buffer.from(whole.bytes) } };
};

async function readAll(files: string[], pathOf = (path: string): string | null => path) {
  const all = [];
  for await (const batch of readWhole(files, pathOf)) all.push(...batch.map(keep));
  return all;
}

describe('readWhole', () => {
  it('gives many files whole, in their order, with their states', async () => {
    const paths = writeMany();
    const held = await readAll(paths);
    expect(held.map(({ file }) => file)).toEqual(paths);
    const texts = held.map(({ whole }) => whole?.bytes.toString());
    expect(texts).toEqual(paths.map((_, n) => 'é'.repeat(n * 11)));
    const { size, mtimeNs, ctimeNs, ino, dev } = lstatSync(paths[7]!, { bigint: true });
    expect(held[7]?.whole?.state).toEqual({ size, mtimeNs, ctimeNs, ino, dev });
  });

  it('leaves few files to others', async () => {
    const paths = writeMany().slice(0, 3);
    expect(await readAll(paths)).toEqual(paths.map((file) => ({ file, whole: null })));
    expect(await readAll([])).toEqual([]);
  });

  it('leaves alone what it is not to read', async () => {
    const paths = writeMany();
    const held = await readAll(paths, (path) => (path.endsWith('5.csv') ? null : path));
    for (const { file, whole } of held) expect(whole === null).toBe(file.endsWith('5.csv'));
  });

  const odd: [string, (path: string) => void][] = [
    ['nothing', () => {}],
    ['a large file', (path) => writeFileSync(path, Buffer.alloc(SMALL + 1))],
    ['a folder', (path) => mkdirSync(path)],
    ['a named pipe', (path) => void execFileSync('mkfifo', [path])],
    ['a symbolic link', (path) => symlinkSync(join(root, '1.csv'), path)],
    [
      'a path through a symbolic link',
      (path) => {
        mkdirSync(join(root, 'real'));
        writeFileSync(join(root, 'real', 'a'), 'a');
        symlinkSync(join(root, 'real'), join(root, 'link'));
        symlinkSync(join(root, 'real'), path);
      },
    ],
  ];
  it.each(odd)('leaves %s to others', async (_name, make) => {
    const paths = writeMany();
    make(join(root, 'odd'));
    const odds = [join(root, 'odd'), join(root, 'link', 'a')];
    const held = await readAll([...odds, ...paths]);
    expect(held.slice(0, 2)).toEqual(odds.map((file) => ({ file, whole: null })));
    expect(held.slice(2).every(({ whole }) => whole !== null)).toBe(true);
  });

  it('takes a file of the largest size', async () => {
    const paths = writeMany();
    writeFileSync(paths[0]!, Buffer.alloc(SMALL, 'a'));
    expect((await readAll(paths))[0]?.whole?.bytes).toHaveLength(SMALL);
  });

  it('ends where the reader fails, and where a signal says so', async () => {
    const paths = writeMany();
    const failing = async () => {
      for await (const batch of readWhole(paths, (path) => path)) throw new Error(`not ${batch.length} more`);
    };
    await expect(failing()).rejects.toThrow('not 64 more');
    const stopped = readWhole(paths, (path) => path, AbortSignal.abort(new Error('stopped')));
    await expect(stopped.next()).rejects.toThrow('stopped');
  });
});

describe('seeStates', () => {
  it('tells what stands at many paths, not where links lead', async () => {
    const paths = writeMany();
    symlinkSync(paths[0]!, join(root, 'link'));
    const states = await seeStates([...paths, join(root, 'gone'), join(root, 'link')]);
    const inodes = paths.map((path) => lstatSync(path, { bigint: true }).ino);
    const link = lstatSync(join(root, 'link'), { bigint: true }).ino;
    expect(states.map((state) => state && state.ino)).toEqual([...inodes, null, link]);
  });
});

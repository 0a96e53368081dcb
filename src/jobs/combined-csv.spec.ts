import { mkdtemp, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { rewrite } from '../../test/rewrite.js';
import { combinedPath, isAsPublished, isPublished, publish, runOfLeftover } from './combined-csv.js';

const runId = '0198f0a0-0000-7000-8000-00000000000a';
let home: string;

beforeAll(async () => {
  home = await mkdtemp(join(tmpdir(), 'millrace-combined-'));
});

afterAll(async () => {
  await rm(home, { recursive: true });
});

describe('publish', () => {
  it('puts the new file in the place of the old one and leaves nothing else', async () => {
    const path = combinedPath(home, 'shop', 'orders.csv');
    for (const text of ['old', 'new']) {
      await publish(path, { runId, signature: text, write: (tmp) => writeFile(tmp, text, { flag: 'wx' }) });
    }
    expect(await readFile(path, 'utf8')).toBe('new');
    expect((await readdir(join(home, 'output', 'shop'))).sort()).toEqual([
      '.orders.csv.signature',
      'orders.csv',
    ]);
    expect([await isPublished(path, 'old'), await isPublished(path, 'new')]).toEqual([false, true]);
  });

  it('keeps the old file when writing fails, also where a dead process left its own', async () => {
    const path = combinedPath(home, 'other', 'orders.csv');
    await publish(path, { runId, signature: 'a', write: (tmp) => writeFile(tmp, 'old') });
    await writeFile(join(home, 'output', 'other', `.orders.csv.${runId}.tmp`), 'half');
    const write = async (tmp: string) => {
      await writeFile(tmp, 'half', { flag: 'wx' });
      throw new Error('disk full');
    };
    const failed = publish(path, { runId, signature: 'b', write });
    await expect(failed).rejects.toThrow('disk full');
    expect(await readFile(path, 'utf8')).toBe('old');
    expect((await readdir(join(home, 'output', 'other'))).sort()).toEqual([
      '.orders.csv.signature',
      'orders.csv',
    ]);
    expect(await isPublished(path, 'a')).toBe(true);
  });

  it('is not published while the file or its signature is missing', async () => {
    const path = combinedPath(home, 'gone', 'orders.csv');
    const publication = { runId, signature: 'a', write: (tmp: string) => writeFile(tmp, 'x') };
    expect(await isPublished(path, 'a')).toBe(false);
    for (const name of ['orders.csv', '.orders.csv.signature']) {
      await publish(path, publication);
      await rm(join(home, 'output', 'gone', name));
      expect(await isPublished(path, 'a')).toBe(false);
    }
  });
});

describe('isAsPublished', () => {
  const cases: [what: string, change: (path: string) => Promise<void>, expected: boolean][] = [
    ['as it was left', () => Promise.resolve(), true],
    [
      'under another name and back',
      (path) => rename(path, `${path}.1`).then(() => rename(`${path}.1`, path)),
      true,
    ],
    ['gone', (path) => rm(path), false],
    ['with other bytes', (path) => rewrite(path, 'y'), false],
    ['signed as before there were stamps', (path) => writeFile(beside(path), 'a'), false],
  ];
  const beside = (path: string) => join(dirname(path), `.${basename(path)}.signature`);

  it.each(cases)('%s', async (what, change, expected) => {
    const path = combinedPath(home, what.replaceAll(' ', '-'), 'orders.csv');
    await publish(path, { runId, signature: 'a', write: (tmp) => writeFile(tmp, 'x') });
    await change(path);
    expect([await isAsPublished(path, 'a'), await isAsPublished(path, 'b')]).toEqual([expected, false]);
  });
});

describe('combinedPath', () => {
  it.each(['../orders.csv', 'a/b.csv', '.hidden', '..'])('refuses %s', (output) => {
    expect(() => combinedPath(home, 'shop', output)).toThrow('output: expected a plain file name');
  });
});

describe('runOfLeftover', () => {
  it.each([
    [`.orders.csv.${runId}.tmp`, runId],
    ['orders.csv', null],
    ['.orders.csv.tmp', null],
  ])('%s -> %s', (name, expected) => {
    expect(runOfLeftover(name)).toBe(expected);
  });
});

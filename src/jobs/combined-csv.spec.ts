import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { combinedPath, publish, runOfLeftover } from './combined-csv.js';

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
    await publish(path, runId, (tmp) => writeFile(tmp, 'old', { flag: 'wx' }));
    await publish(path, runId, (tmp) => writeFile(tmp, 'new', { flag: 'wx' }));
    expect(await readFile(path, 'utf8')).toBe('new');
    expect(await readdir(join(home, 'output', 'shop'))).toEqual(['orders.csv']);
  });

  it('keeps the old file when writing fails, also where a dead process left its own', async () => {
    const path = combinedPath(home, 'other', 'orders.csv');
    await publish(path, runId, (tmp) => writeFile(tmp, 'old'));
    await writeFile(join(home, 'output', 'other', `.orders.csv.${runId}.tmp`), 'half');
    const failed = publish(path, runId, async (tmp) => {
      await writeFile(tmp, 'half', { flag: 'wx' });
      throw new Error('disk full');
    });
    await expect(failed).rejects.toThrow('disk full');
    expect(await readFile(path, 'utf8')).toBe('old');
    expect(await readdir(join(home, 'output', 'other'))).toEqual(['orders.csv']);
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

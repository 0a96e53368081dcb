import { access, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { CombinedAhead } from './combined-ahead.js';

let folder: string;
let path: string;
let target: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'millrace-ahead-'));
  path = join(folder, 'ahead.csv');
  target = join(folder, 'out.csv');
});

afterEach(() => rm(folder, { recursive: true, force: true }));

const isThere = (file: string) =>
  access(file).then(
    () => true,
    () => false,
  );

describe('a combined CSV that is written ahead', () => {
  it('is moved into place once it is whole, and written once', async () => {
    await writeFile(path, 'left by an attempt that died');
    let written = 0;
    const ahead = new CombinedAhead(path, async (to) => {
      written++;
      await writeFile(to, 'id\n1\n', { flag: 'wx' });
    });
    ahead.begin();
    ahead.begin();
    expect(await ahead.moveTo(target)).toBe(true);
    expect([await readFile(target, 'utf8'), written, await isThere(path)]).toEqual(['id\n1\n', 1, false]);
  });

  it('is not there when nobody began it, or when writing failed', async () => {
    expect(await new CombinedAhead(path, () => writeFile(path, 'x')).moveTo(target)).toBe(false);
    const failing = new CombinedAhead(path, () => Promise.reject(new Error('disk full')));
    failing.begin();
    expect([await failing.moveTo(target), await isThere(target)]).toEqual([false, false]);
  });

  it('stops and leaves nothing behind when it is dropped', async () => {
    let reason: unknown;
    const ahead = new CombinedAhead(path, async (to, signal) => {
      await writeFile(to, 'half');
      if (!signal.aborted)
        await new Promise((resolve) => signal.addEventListener('abort', resolve, { once: true }));
      reason = signal.reason;
      throw reason;
    });
    ahead.begin();
    await ahead.drop();
    expect([reason, await isThere(path)]).toEqual([expect.any(Error), false]);
  });
});

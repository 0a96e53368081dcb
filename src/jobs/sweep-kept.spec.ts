import { mkdtemp, mkdir, readdir, rm, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { sweepKept } from './sweep-kept.js';

let home: string;

beforeEach(async () => {
  home = await mkdtemp(join(tmpdir(), 'millrace-kept-'));
});

afterEach(() => rm(home, { recursive: true, force: true }));

describe('sweepKept', () => {
  it('removes what is old, of every pipeline and table', async () => {
    const folder = join(home, 'kept', 'orders', 'table');
    await mkdir(folder, { recursive: true });
    for (const name of ['old', 'new']) await writeFile(join(folder, name), name);
    const before = new Date('2026-01-01T00:00:00Z');
    await utimes(join(folder, 'old'), before, new Date(before.getTime() - 1));
    await utimes(join(folder, 'new'), before, before);
    expect(await sweepKept(home, before)).toEqual({ count: 1, bytes: 3 });
    expect(await readdir(folder)).toEqual(['new']);
  });

  it('has nothing to do where no copy was ever made', async () => {
    expect(await sweepKept(home, new Date())).toEqual({ count: 0, bytes: 0 });
  });
});

import { mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { sweepLeftovers } from './sweep-leftovers.js';

const over = '0198f0a0-0000-7000-8000-00000000000a';
const open = '0198f0a0-0000-7000-8000-00000000000b';
const finished = async (ids: string[]) => ids.filter((id) => id === over);
let home: string;

beforeEach(async () => {
  home = await mkdtemp(join(tmpdir(), 'millrace-sweep-'));
});

afterEach(async () => {
  await rm(home, { recursive: true });
});

describe('sweepLeftovers', () => {
  it('has nothing to do in a new home', async () => {
    expect(await sweepLeftovers(home, finished)).toEqual({ count: 0, bytes: 0 });
  });

  it('removes what belongs to runs that are over, and nothing else', async () => {
    for (const name of [over, open, 'notes']) await mkdir(join(home, 'runs', name), { recursive: true });
    await writeFile(join(home, 'runs', over, 'orders.parquet'), 'x');
    await mkdir(join(home, 'output/shop'), { recursive: true });
    for (const name of [`.a.csv.${over}.tmp`, `.a.csv.${open}.tmp`, 'a.csv']) {
      await writeFile(join(home, 'output/shop', name), 'x');
    }
    expect(await sweepLeftovers(home, finished)).toEqual({ count: 2, bytes: 2 });
    expect((await readdir(join(home, 'runs'))).sort()).toEqual([open, 'notes']);
    expect((await readdir(join(home, 'output/shop'))).sort()).toEqual([`.a.csv.${open}.tmp`, 'a.csv']);
  });
});

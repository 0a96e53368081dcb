import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { ProcessLock } from './process-lock.js';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'millrace-lock-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

describe('ProcessLock', () => {
  it('has one holder at a time', () => {
    const file = join(folder, 'lock');
    const first = ProcessLock.tryTake(file);
    expect(first).not.toBeNull();
    expect(ProcessLock.tryTake(file)).toBeNull();
    first?.release();
    const second = ProcessLock.tryTake(file);
    expect(second).not.toBeNull();
    second?.release();
  });

  it('says which file it cannot use', async () => {
    const file = join(folder, 'lock');
    await writeFile(file, 'something else, long enough to be no empty file');
    expect(() => ProcessLock.tryTake(file)).toThrow(`expected a file that this user may write, got ${file}`);
    expect(() => ProcessLock.tryTake(folder)).toThrow(folder);
  });
});

import { appendFile, mkdtemp, readFile, rm, stat, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { logPath, RunLogFile } from './run-log-file.js';

let folder: string;
let path: string;
let troubles: unknown[];
const open = (at = path) => RunLogFile.open(at, (error) => troubles.push(error));

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'millrace-log-'));
  path = join(folder, 'logs', 'a.log');
  troubles = [];
});

afterEach(() => rm(folder, { recursive: true, force: true }));

describe('RunLogFile', () => {
  it('writes all lines in their order before it closes', async () => {
    const file = await open();
    const lines = Array.from({ length: 5_000 }, (_, index) => `{"line":${index}}\n`);
    for (const line of lines) file.write(line);
    await file.close();
    expect(await readFile(path, 'utf8')).toBe(lines.join(''));
    expect(troubles).toEqual([]);
  });

  it('is there for its own user only, as is its folder', async () => {
    await (await open()).close();
    expect((await stat(path)).mode & 0o777).toBe(0o600);
    expect((await stat(dirname(path))).mode & 0o777).toBe(0o700);
  });

  it('goes on where an earlier attempt ended, on a new line', async () => {
    const first = await open();
    first.write('{"a":1}\n');
    await first.close();
    await appendFile(path, '{"half');
    const second = await open();
    second.write('{"b":2}\n');
    second.write('{"c":3}\n');
    await second.close();
    expect(await readFile(path, 'utf8')).toBe('{"a":1}\n{"half\n{"b":2}\n{"c":3}\n');
  });

  it('takes no line after it was closed', async () => {
    const file = await open();
    await file.close();
    file.write('late\n');
    file.flushSync();
    await file.close();
    expect(await readFile(path, 'utf8')).toBe('');
  });

  it('writes what waits at once when it is told to', async () => {
    const file = await open();
    file.write('first\n');
    file.write('second\n');
    file.flushSync();
    expect(await readFile(path, 'utf8')).toContain('second\n');
    await file.close();
    const written = await readFile(path, 'utf8');
    expect(written.split('\n').toSorted()).toEqual(['', 'first', 'second']);
  });

  it('goes on without a disk that is full, and ends', async () => {
    const file = await open('/dev/full');
    for (let index = 0; index < 10; index++) file.write('line\n');
    file.flushSync();
    file.write('line\n');
    await file.close();
    expect(troubles).toEqual([expect.objectContaining({ code: 'ENOSPC' })]);
  });

  it('keeps a few megabytes only for a disk that does not keep up', async () => {
    const file = await open();
    const line = `${'x'.repeat(1_000_000)}\n`;
    for (let index = 0; index < 20; index++) file.write(line);
    await file.close();
    expect((await stat(path)).size).toBeLessThan(6_000_000);
    expect(troubles).toHaveLength(1);
  });

  it('follows no link', async () => {
    await (await open()).close();
    const link = join(dirname(path), 'link.log');
    await symlink(path, link);
    await expect(open(link)).rejects.toMatchObject({ code: 'ELOOP' });
  });
});

describe('logPath', () => {
  it('begins with the day on which the run was queued, in UTC', () => {
    const run = { id: 'r1', queuedAt: new Date('2026-03-01T23:30:00-05:00') };
    expect(logPath('/home', run)).toBe('/home/logs/2026-03-02-r1.log');
  });
});

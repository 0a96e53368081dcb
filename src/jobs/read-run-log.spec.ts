import { mkdtemp, readdir, readlink, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { describeLine, readRunLog } from './read-run-log.js';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'millrace-log-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

async function read(text: string, tail?: number): Promise<string[]> {
  const path = join(folder, 'a.log');
  await writeFile(path, text);
  const lines = await readRunLog(path, tail);
  return lines ? Array.fromAsync(lines) : [];
}

const numbered = (count: number, pad = '') =>
  Array.from({ length: count }, (_, index) => JSON.stringify({ index, pad }));

describe('readRunLog', () => {
  const cases: [string, string, number | undefined, string[]][] = [
    ['nothing', '', undefined, []],
    ['nothing, of which it wants some', '', 5, []],
    ['whole lines', '{"a":1}\n{"b":2}\n', undefined, ['{"a":1}', '{"b":2}']],
    ['a line that is being written', '{"a":1}\n{"b":', undefined, ['{"a":1}']],
    ['only a line that is being written', '{"b":', undefined, []],
    ['a line that a worker died of', '{"a":1}\n{"b":\n{"c":3}\n', undefined, ['{"a":1}', '{"c":3}']],
    ['the last ones', '{"a":1}\n{"b":2}\n{"c":3}\n', 2, ['{"b":2}', '{"c":3}']],
    ['the last ones before one that is being written', '{"a":1}\n{"b":2}\n{"c', 1, ['{"b":2}']],
    ['more than there are', '{"a":1}\n{"b":2}\n', 9, ['{"a":1}', '{"b":2}']],
    ['as many as there are', '{"a":1}\n{"b":2}\n', 2, ['{"a":1}', '{"b":2}']],
    ['separators that are no line ends', '{"a":"\u2028\u0085"}\n', undefined, ['{"a":"\u2028\u0085"}']],
  ];
  it.each(cases)('gives %s', async (_name, text, tail, expected) => {
    expect(await read(text, tail)).toEqual(expected);
  });

  it.each([1, 7, 100, 2_999, 3_000])('finds the last %i of many lines', async (tail) => {
    const lines = numbered(3_000, 'äöü'.repeat(30));
    expect(await read(`${lines.join('\n')}\n`, tail)).toEqual(lines.slice(-tail));
  });

  it('is null where there is no file', async () => {
    expect(await readRunLog(join(folder, 'none.log'))).toBeNull();
  });

  it('lets go of the file when nobody reads on', async () => {
    const path = join(folder, 'left.log');
    await writeFile(path, `${numbered(20_000).join('\n')}\n`);
    const lines = (await readRunLog(path))!;
    await lines.next();
    expect(await openFiles()).toContain(path);
    await lines.return(undefined);
    await (await readRunLog(path))!.return(undefined);
    expect(await openFiles()).not.toContain(path);
  });
});

async function openFiles(): Promise<string[]> {
  const descriptors = await readdir('/proc/self/fd');
  return Promise.all(descriptors.map((fd) => readlink(`/proc/self/fd/${fd}`).catch(() => '')));
}

describe('describeLine', () => {
  const line = (fields: object) => JSON.stringify({ level: 30, time: 0, msg: 'landed', ...fields });

  it('is readable', () => {
    const fields = { pid: 1, hostname: 'h', runId: 'r', pipeline: 'p', stream: 'orders', files: 2 };
    expect(describeLine(line(fields))).toBe(
      '[1970-01-01 00:00:00.000] INFO: landed {"stream":"orders","files":2}\n',
    );
  });

  it('shows an error with its place', () => {
    const text = describeLine(line({ err: { type: 'E', message: 'm', stack: '    at a\n    at b' } }));
    expect(text).toMatch(/at a\n +at b\n/);
  });

  it('keeps what it quotes on its line, and off the terminal', () => {
    const evil = 'x\n[1970-01-01] ERROR: forged\r\u001b[31m\u009b2J\u2028\u202e';
    const err = { type: evil, message: evil, stack: `    at ${evil.replaceAll('\n', '')}` };
    const text = describeLine(line({ msg: evil, stream: evil, [evil]: evil, list: [evil], err }));
    expect(text).not.toMatch(/(?!\n)[\p{Cc}\p{Cf}\p{Zl}]/u);
    expect(text).not.toMatch(/^(?!\[1970-01-01 00:00:00.000\] INFO| {4})./m);
  });
});

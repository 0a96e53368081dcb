import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { readLines } from './read-lines.js';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'millrace-lines-'));
});
afterAll(() => rm(folder, { recursive: true }));

describe('readLines', () => {
  it.each<[string, string, string[]]>([
    ['nothing', '', []],
    ['an end at the end', 'a\nb\n', ['a', 'b']],
    ['none at the end', 'a\nb', ['a', 'b']],
    ['empty lines', '\n\na', ['', '', 'a']],
    ['other line ends, which are text', 'a\r\u2028b\u2029\n', ['a\r\u2028b\u2029']],
    ['a line longer than what is read at once', `${'é'.repeat(300_000)}\nb`, ['é'.repeat(300_000), 'b']],
  ])('reads %s', async (_what, text, expected) => {
    const file = path.join(folder, 'some.txt');
    await writeFile(file, text);
    expect((await Array.fromAsync(readLines(file))).flat()).toEqual(expected);
  });
});

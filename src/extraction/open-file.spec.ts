import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { openFile } from './open-file.js';

let root: string;

beforeEach(() => {
  root = realpathSync(mkdtempSync(join(tmpdir(), 'millrace-open-')));
});

afterEach(() => rmSync(root, { recursive: true }));

describe('openFile: what took a file’s place after it was listed', () => {
  const cases: [string, () => void, string, object][] = [
    ['a named pipe', () => execFileSync('mkfifo', [join(root, 'a')]), 'a', { kind: 'a named pipe' }],
    ['a folder', () => mkdirSync(join(root, 'a')), 'a', { kind: 'a folder' }],
    ['a symbolic link', () => symlinkSync('/etc/passwd', join(root, 'a')), 'a', { code: 'ELOOP' }],
    [
      'a symbolic link on the way',
      () => {
        mkdirSync(join(root, 'real'));
        writeFileSync(join(root, 'real/a'), '');
        symlinkSync(join(root, 'real'), join(root, 'link'));
      },
      'link/a',
      { kind: 'a path through a symbolic link' },
    ],
  ];
  it.each(cases)('refuses %s', async (_kind, make, name, error) => {
    make();
    await expect(openFile(join(root, name))).rejects.toMatchObject(error);
  });
});

import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { listFiles } from './list-files.js';

let root: string;
let outside: string;
let readable: { roots: string[]; home: string };

beforeEach(() => {
  root = realpathSync(mkdtempSync(join(tmpdir(), 'millrace-list-')));
  outside = `${root}-evil`;
  mkdirSync(outside);
  readable = { roots: [root], home: join(root, 'home') };
});

afterEach(() => {
  rmSync(root, { recursive: true });
  rmSync(outside, { recursive: true });
});

function put(...names: string[]): void {
  for (const name of names) {
    mkdirSync(dirname(join(root, name)), { recursive: true });
    writeFileSync(join(root, name), 'a\n1\n');
  }
}

async function namesOf(path: string, include: string[] | null = null): Promise<string[]> {
  return (await listFiles({ path, include }, readable)).files.map((file) => file.name);
}

describe('listFiles: what a path means', () => {
  const cases: [string, string, string[] | null, string[]][] = [
    [
      'a folder: its files, not those of sub-folders',
      'in',
      null,
      ['B.CSV', 'a.csv', 'c.json.gz', 'd.tsv.zst'],
    ],
    ['a folder with include', 'in', ['*.pdf', '*.csv'], ['B.CSV', 'a.csv', 'note.pdf']],
    ['a file', 'in/note.pdf', null, ['note.pdf']],
    ['a glob in one folder', 'in/*.csv', null, ['a.csv']],
    ['a glob through all sub-folders', 'in/**/*.csv', null, ['a.csv', 'sub/deep/f.csv', 'sub/e.csv']],
    ['a glob for one level', 'in/*/*.csv', null, ['sub/e.csv']],
    [
      'a glob that names no ending takes the known ones',
      'in/*',
      null,
      ['B.CSV', 'a.csv', 'c.json.gz', 'd.tsv.zst'],
    ],
    ['a glob and include', 'in/**/*.csv', ['e.*'], ['sub/e.csv']],
    ['a glob over folders', '{in,other}/*.{csv,pdf}', null, ['in/a.csv', 'in/note.pdf']],
    ['the root itself', '.', ['*'], []],
    [
      "all but what is hidden or the service's own",
      '**/{*.log,password,.env,.hidden.csv,x.csv}',
      ['*'],
      ['in/x.log'],
    ],
    ['a name that looks like a glob but is one', 'odd/[1].csv', null, ['[1].csv']],
  ];
  it.each(cases)('%s', async (_title, path, include, expected) => {
    put(
      'in/a.csv',
      'in/B.CSV',
      'in/c.json.gz',
      'in/d.tsv.zst',
      'in/note.pdf',
      'in/sub/e.csv',
      'in/sub/deep/f.csv',
    );
    put(
      'in/.hidden.csv',
      'in/.cache/x.csv',
      'in/x.csv.tmp',
      'in/x.csv.part',
      'in/x.csv~',
      'in/x.crdownload',
      'odd/[1].csv',
    );
    put('.env', 'home/password', 'home/deep/x.csv', 'in/x.log');
    expect(await namesOf(path, include)).toEqual(expected);
    expect(await namesOf(join(root, path), include)).toEqual(expected);
  });

  it('orders names by their bytes', async () => {
    put('b.csv', 'a.csv', 'Z.csv', 'é.csv', '\u{1f600}.csv', '\uffee.csv', 'a/x.csv');
    expect(await namesOf('**/*.csv')).toEqual([
      'Z.csv',
      'a.csv',
      'a/x.csv',
      'b.csv',
      'é.csv',
      '\uffee.csv',
      '\u{1f600}.csv',
    ]);
  });

  it('takes any name that is UTF-8', async () => {
    const names = [
      '-rf.csv',
      '$(id).csv',
      '<img onerror=x>.csv',
      'a\nb.csv',
      'a\u001b[31m.csv',
      `${'x'.repeat(251)}.csv`,
    ];
    put(...names);
    expect((await namesOf('.')).sort()).toEqual(names.sort());
  });

  it('lists a folder of thousands of files', async () => {
    put(...Array.from({ length: 3_000 }, (_, i) => `many/${i}.csv`));
    expect(await namesOf('many')).toHaveLength(3_000);
  });
});

describe('listFiles: what is refused as a whole', () => {
  const cases: [string, () => string, string, RegExp][] = [
    ['a missing folder', () => 'nowhere', 'PATH_MISSING', /got "nowhere", which does not exist/],
    ['a missing file', () => 'in/none.csv', 'PATH_MISSING', /"in\/none\.csv"/],
    ['a glob below a missing folder', () => 'none/*.csv', 'PATH_MISSING', /"none\/\*\.csv"/],
    ['a file on the way', () => 'in/a.csv/b.csv', 'PATH_MISSING', /expected a folder on the way/],
    ['two dots', () => 'in/../in', 'PATH_REFUSED', /without "\.\."/],
    [
      'another absolute path',
      () => '/etc/passwd',
      'PATH_REFUSED',
      /inside the data roots, got "\/etc\/passwd"/,
    ],
    ['a folder whose name starts like the root', () => outside, 'PATH_REFUSED', /inside the data roots/],
    ['a symbolic link to a folder', () => 'link', 'PATH_REFUSED', /without symbolic links/],
    ['a path through a symbolic link', () => 'link/a.csv', 'PATH_REFUSED', /without symbolic links/],
    ['a hidden file', () => '.env', 'PATH_REFUSED', /without hidden files and folders, got "\.env"/],
    ['a hidden file, absolute', () => `${root}/.env`, 'PATH_REFUSED', /without hidden/],
    ['a file in a hidden folder', () => 'in/.git/config', 'PATH_REFUSED', /without hidden/],
    ['a glob in a hidden folder', () => '.millrace/**', 'PATH_REFUSED', /without hidden/],
    ['a glob over hidden folders', () => '.*/*', 'PATH_REFUSED', /without hidden/],
    [
      "the service's own folder",
      () => 'home',
      'PATH_REFUSED',
      /outside the service's own folder, got "home"/,
    ],
    ["a file in the service's own folder", () => 'home/password', 'PATH_REFUSED', /own folder/],
    ["a missing file in the service's own folder", () => 'home/none', 'PATH_REFUSED', /own folder/],
    ["a glob in the service's own folder", () => './home//*', 'PATH_REFUSED', /own folder/],
    ['a NUL', () => 'in\0', 'PATH_REFUSED', /got "in\\u0000"/],
  ];
  it.each(cases)('%s', async (_title, path, code, message) => {
    put('in/a.csv', '.env', 'in/.git/config', '.millrace/x', 'home/password');
    symlinkSync(outside, join(root, 'link'));
    const refusal = listFiles({ path: path(), include: null }, readable);
    await expect(refusal).rejects.toMatchObject({ code, message: expect.stringMatching(message) });
  });
});

describe('listFiles: what is skipped with a reason', () => {
  it('skips what is not a regular file and stays alive', async () => {
    put('in/ok.csv', 'in/folder.csv/x.csv');
    const fifos = [1, 2, 3, 4].map((n) => join(root, `in/fifo${n}.csv`));
    execFileSync('mkfifo', fifos);
    symlinkSync(join(root, 'in/ok.csv'), join(root, 'in/link.csv'));
    symlinkSync(outside, join(root, 'in/out.csv'));
    symlinkSync(root, join(root, 'in/loop'));
    const server = createServer().listen(join(root, 'in/socket.csv'));
    await new Promise((resolve) => server.once('listening', resolve));
    server.unref();
    const flat = await listFiles({ path: 'in', include: null }, readable);
    const deep = await listFiles({ path: 'in/**/*.csv', include: null }, readable);
    server.close();
    expect(flat.files.map((file) => file.name)).toEqual(['ok.csv']);
    expect(flat.skipped.map(({ name, reason }) => `${name}: ${reason.split('got ')[1]}`)).toEqual([
      'fifo1.csv: a named pipe',
      'fifo2.csv: a named pipe',
      'fifo3.csv: a named pipe',
      'fifo4.csv: a named pipe',
      'folder.csv: a folder',
      'link.csv: a symbolic link',
      'out.csv: a symbolic link',
      'socket.csv: a socket',
    ]);
    expect(deep.files.map((file) => file.name)).toEqual(['folder.csv/x.csv', 'ok.csv']);
    expect(deep.skipped.map(({ name }) => name)).toContain('loop');
  });

  it('shows a name that is not UTF-8 with its bytes escaped', async () => {
    writeFileSync(
      Buffer.concat([Buffer.from(`${root}/a`), Buffer.from([0xff, 0x0a]), Buffer.from('.csv')]),
      '',
    );
    const listing = await listFiles({ path: '.', include: null }, readable);
    expect(listing).toEqual({
      isFile: false,
      files: [],
      skipped: [{ name: 'a\\xff\\x0a.csv', reason: 'expected a name in UTF-8, got other bytes' }],
    });
  });

  it('stops when it is told to', async () => {
    put('a.csv');
    await expect(listFiles({ path: '.', include: null }, readable, AbortSignal.abort())).rejects.toThrow(
      /abort/,
    );
  });
});

describe("listFiles: the service's own folder and the data roots", () => {
  it("knows the service's own folder through a symbolic link", async () => {
    put('home/password');
    symlinkSync(join(root, 'home'), join(outside, 'link'));
    const behindLink = { roots: [root], home: join(outside, 'link') };
    const refusal = listFiles({ path: 'home/password', include: null }, behindLink);
    await expect(refusal).rejects.toMatchObject({ code: 'PATH_REFUSED' });
    expect((await listFiles({ path: '**/*', include: ['*'] }, behindLink)).files).toEqual([]);
  });

  it('refuses a data root inside it', async () => {
    put('home/data/a.csv');
    const roots = [join(root, 'home/data')];
    const refusal = listFiles({ path: 'a.csv', include: null }, { ...readable, roots });
    await expect(refusal).rejects.toMatchObject({ code: 'PATH_REFUSED' });
  });

  it('reads a data root that is hidden itself, also inside another', async () => {
    put('.data/a.csv');
    const roots = [root, join(root, '.data')];
    const source = { path: join(root, '.data/a.csv'), include: null };
    expect((await listFiles(source, { ...readable, roots })).files).toHaveLength(1);
  });
});

describe('listFiles: a glob of many stars', () => {
  const stars = `${'*a'.repeat(16)}*b.csv`;
  it.each([
    ['as the path', `x/${stars}`, null],
    ['as include', 'x', [stars]],
  ])('answers at once, %s', async (_title, path, include) => {
    put(`x/${'a'.repeat(220)}.csv`);
    const start = performance.now();
    expect(await namesOf(path, include)).toEqual([]);
    // Generous, for a machine that is busy; a matcher that goes back over every star would take for ever.
    expect(performance.now() - start).toBeLessThan(10_000);
  });
});

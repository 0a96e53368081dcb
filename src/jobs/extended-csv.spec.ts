import { access, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { rewrite } from '../../test/rewrite.js';
import { publish } from './combined-csv.js';
import { ExtendedCsv } from './extended-csv.js';

const runId = '0198f0a0-0000-7000-8000-00000000000a';
const published = 'id\n1\n';

let folder: string;
let shown: string;
let draft: string;
let target: string;
let steps: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'millrace-extended-'));
  shown = join(folder, 'output', 'orders.csv');
  draft = join(folder, 'combined.csv');
  target = join(folder, 'new.csv');
  steps = join(folder, 'steps.json');
  await publish(shown, { runId, signature: 'last', write: (tmp) => writeFile(tmp, published) });
});

afterEach(() => rm(folder, { recursive: true, force: true }));

function extended(signature = 'last', rowsOf = () => Readable.from([Buffer.from('2\n')])) {
  const csv = new ExtendedCsv(draft, { path: shown, signature }, steps);
  csv.add(rowsOf);
  return csv;
}

function failing(message: string): () => Readable {
  return () => new Readable({ read() {}, construct: (done) => done(new Error(message)) });
}

describe('a combined CSV that is extended', () => {
  it('has the rows of both, and leaves the one before alone', async () => {
    const csv = new ExtendedCsv(draft, { path: shown, signature: 'last' }, steps);
    expect(await csv.isPossible()).toBe(true);
    csv.begin();
    csv.add(() => Readable.from([Buffer.from('2\n')]));
    csv.add(failing('added once'));
    expect(await csv.moveTo(target)).toBe(true);
    expect(await readFile(target, 'utf8')).toBe(`${published}2\n`);
    expect(await readFile(shown, 'utf8')).toBe(published);
    expect((await readdir(folder)).sort()).toEqual(['combined.csv', 'new.csv', 'output']);
  });

  it('is found by whoever takes the run up, whatever became of the one before', async () => {
    await extended().moveTo(target);
    await rm(target);
    await rm(shown);
    const again = extended('last', failing('written once'));
    expect(await again.isPossible()).toBe(true);
    await again.moveTo(target);
    expect(await readFile(target, 'utf8')).toBe(`${published}2\n`);
  });

  it.each([
    ['of another load', () => Promise.resolve(), 'another'],
    ['that has gone', () => rm(shown), 'last'],
    ['that somebody has written to', () => rewrite(shown, 'id\n3\n'), 'last'],
  ])('is none from one %s', async (_what, change, signature) => {
    await change();
    const csv = extended(signature);
    expect(await csv.isPossible()).toBe(false);
    await expect(csv.moveTo(target)).rejects.toMatchObject({ code: 'OUTPUT_CHANGED' });
    await expect(access(target)).rejects.toMatchObject({ code: 'ENOENT' });
  });

  it('leaves nothing behind when its rows cannot be written', async () => {
    const csv = extended('last', failing('disk full'));
    await expect(csv.moveTo(target)).rejects.toThrow('disk full');
    await csv.drop();
    expect((await readdir(folder)).sort()).toEqual(['output']);
  });
});

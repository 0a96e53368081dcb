import { appendFileSync, renameSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { Any, DataSource } from 'typeorm';
import { ExtractionService } from '../src/extraction/extraction.service.js';
import { FileLook } from '../src/extraction/file-look.entity.js';
import { FileLooks } from '../src/extraction/file-looks.js';
import { DataFolder, sourceOf } from './extraction-support.js';
import { createApp, type TestApp } from './support.js';

let app: TestApp;
let data: DataFolder;
let extraction: ExtractionService;

beforeAll(async () => {
  data = new DataFolder();
  app = await createApp({ env: { MILLRACE_DATA_ROOTS: data.root } });
  extraction = app.app.get(ExtractionService);
});

afterAll(async () => {
  await app.close();
  data.remove();
});

describe('ExtractionService', () => {
  it('remembers files in PostgreSQL and reads only what changed', async () => {
    const names = Array.from({ length: 2_100 }, (_, i) => `many/${String(i).padStart(4, '0')}.csv`);
    names.push('many/odd "{,}\\ NULL.csv');
    for (const name of names) data.write(name, `a\n${name}\n`);
    const source = sourceOf('many');
    const looks = app.app.get(DataSource).getRepository(FileLook);
    const first = await extraction.look(source, 0);
    expect(first).toMatchObject({ skipped: [], files: { length: names.length } });
    expect(await looks.count()).toBe(names.length);

    const remember = jest.spyOn(app.app.get(FileLooks), 'remember');
    expect(await extraction.look(source, 0)).toEqual(first);
    expect(remember).not.toHaveBeenCalled();

    appendFileSync(join(data.root, 'many/0007.csv'), 'more\n');
    renameSync(join(data.root, 'many/0008.csv'), join(data.root, 'many/renamed.csv'));
    const second = await extraction.look(source, 0);
    expect(remember.mock.calls.map(([rows]) => rows.length)).toEqual([2]);
    expect(second.files[7]?.fingerprint).not.toBe(first.files[7]?.fingerprint);
    expect(second.files.find(({ name }) => name === 'renamed.csv')).toMatchObject({
      name: 'renamed.csv',
      fingerprint: first.files[8]?.fingerprint,
    });
    expect(await extraction.look(source, 0)).toEqual(second);
    expect(remember).toHaveBeenCalledTimes(1);
    remember.mockRestore();
  });

  it('forgets what it has not seen for a month, and keeps what it sees', async () => {
    const looks = app.app.get(DataSource).getRepository(FileLook);
    await looks.clear();
    for (const name of ['a.csv', 'b.csv']) data.write(`kept/${name}`, `${name}\n`);
    await extraction.look(sourceOf('kept'), 0);
    const daysAgo = (days: number) => new Date(Date.now() - days * 24 * 60 * 60_000);
    const [a, b] = [join(data.root, 'kept/a.csv'), join(data.root, 'kept/b.csv')];
    await looks.update({ path: Any([a, b]) }, { seenAt: daysAgo(31) });
    await extraction.look(sourceOf('kept/b.csv'), 0);

    data.write('kept/c.csv', 'c\n');
    await extraction.look(sourceOf('kept/c.csv'), 0);
    const left = await looks.find({ order: { path: 'ASC' } });
    expect(left.map(({ path }) => path)).toEqual([b, join(data.root, 'kept/c.csv')]);
    for (const { seenAt } of left) expect(seenAt.getTime()).toBeGreaterThan(daysAgo(1).getTime());
  });

  it('lands a file and tells when it changed', async () => {
    const path = data.write('one/a.json', '[{"a":1}]');
    const source = sourceOf('one');
    const [seen] = (await extraction.look(source, 4)).files;
    if (seen === undefined) throw new Error('expected a file');
    const placeOf = () => ({ source, folder: app.home });
    const [landed] = await extraction.land([seen], { placeOf });
    expect(landed).toMatchObject({ source: 4, name: 'a.json', columns: ['a'], format: 'ndjson' });
    await expect(extraction.verify([seen])).resolves.toBeUndefined();
    appendFileSync(path, ' ');
    await expect(extraction.verify([seen])).rejects.toMatchObject({ code: 'FILE_CHANGED' });
  });
});

import { createHash } from 'node:crypto';
import { describe, expect, it } from '@jest/globals';
import type { LocalSourceConfig, StreamConfig } from '../config-history/pipeline-config.js';
import type { ApiSourceConfig } from '../config-history/api-source-config.js';
import { contentOf, loadSignature, planFiles, runSignature, streamSignature } from './plan-files.js';

const csv: LocalSourceConfig['csv'] = {
  delimiter: 'auto',
  quote: '"',
  header: true,
  columns: null,
  encoding: 'utf-8',
  nulls: [''],
};
const source: LocalSourceConfig = {
  type: 'local',
  path: 'inbox',
  include: null,
  format: 'auto',
  csv,
  records: '$',
};
const stream: StreamConfig = {
  table: 'orders',
  sources: [source],
  naming: 'snake_case',
  strictMode: false,
  columns: [],
  contract: { newColumns: 'evolve', invalidRows: 'reject', maxRejects: null },
  duplicates: 'drop',
  write: 'append',
  batchRows: 50_000,
  output: 'orders.csv',
};
const semicolons = { ...source, csv: { ...csv, delimiter: ';' } };

const file = (name: string, fingerprint: string, at = 0) => ({ source: at, name, fingerprint });

describe('planFiles', () => {
  it.each([
    { name: 'different contents', files: [file('a.csv', '1'), file('b.csv', '2')], copies: [] },
    { name: 'a copy', files: [file('a.csv', '1'), file('b.csv', '1')], copies: ['b.csv of a.csv'] },
    {
      name: 'two copies',
      files: [file('a.csv', '1'), file('b.csv', '1'), file('c.csv', '1')],
      copies: ['b.csv of a.csv', 'c.csv of a.csv'],
    },
    {
      name: 'a copy in another source',
      files: [file('a.csv', '1'), file('b.csv', '1', 1)],
      copies: ['b.csv of a.csv'],
    },
    {
      name: 'same bytes, read in another way',
      files: [file('a.csv', '1'), file('b.csv', '1', 2)],
      copies: [],
    },
    { name: 'same bytes, another extension', files: [file('a.csv', '1'), file('a.txt', '1')], copies: [] },
    {
      name: 'same bytes, another extension below the compression',
      files: [file('a.csv.gz', '1'), file('a.txt.gz', '1'), file('a.json.zst', '1')],
      copies: [],
    },
    {
      name: 'endings that mean one format, or none',
      files: [file('a.jsonl', '1'), file('a.ndjson', '1'), file('a.dat', '2'), file('a', '2')],
      copies: ['a.ndjson of a.jsonl', 'a of a.dat'],
    },
    {
      name: 'same extension in another case',
      files: [file('a.csv', '1'), file('B.CSV', '1')],
      copies: ['B.CSV of a.csv'],
    },
  ])('$name', ({ files, copies }) => {
    const plan = planFiles({ ...stream, sources: [source, source, semicolons] }, files);
    expect(plan.copies.map((copy) => `${copy.name} of ${copy.copyOf}`)).toEqual(copies);
    expect(plan.originals).toHaveLength(files.length - copies.length);
    expect(plan.contents).toHaveLength(plan.originals.length);
  });
});

describe('streamSignature', () => {
  const sign = (config: StreamConfig, files: ReturnType<typeof file>[]) =>
    streamSignature(config, planFiles(config, files).contents);
  const first = sign(stream, [file('a.csv', '1'), file('b.csv', '2')]);

  it.each([
    { name: 'another order', config: stream, files: [file('b.csv', '2'), file('a.csv', '1')] },
    { name: 'renamed', config: stream, files: [file('x.csv', '1'), file('y.csv', '2')] },
    { name: 'copied', config: stream, files: [file('a.csv', '1'), file('b.csv', '2'), file('c.csv', '2')] },
    {
      name: 'moved folder',
      config: { ...stream, sources: [{ ...source, path: 'other' }] },
      files: [file('a.csv', '1'), file('b.csv', '2')],
    },
    {
      name: 'other batches',
      config: { ...stream, batchRows: 1 },
      files: [file('a.csv', '1'), file('b.csv', '2')],
    },
  ])('stays: $name', ({ config, files }) => {
    expect(sign(config, files)).toBe(first);
  });

  it.each([
    {
      name: 'a file more',
      config: stream,
      files: [file('a.csv', '1'), file('b.csv', '2'), file('c.csv', '3')],
    },
    { name: 'a file less', config: stream, files: [file('a.csv', '1')] },
    { name: 'changed content', config: stream, files: [file('a.csv', '1'), file('b.csv', '3')] },
    {
      name: 'strict mode',
      config: { ...stream, strictMode: true },
      files: [file('a.csv', '1'), file('b.csv', '2')],
    },
    {
      name: 'other delimiter',
      config: { ...stream, sources: [semicolons] },
      files: [file('a.csv', '1'), file('b.csv', '2')],
    },
    {
      name: 'another output',
      config: { ...stream, output: 'all.csv' },
      files: [file('a.csv', '1'), file('b.csv', '2')],
    },
  ])('changes: $name', ({ config, files }) => {
    expect(sign(config, files)).not.toBe(first);
  });
});

describe('runSignature', () => {
  it('is unknown while a stream is', () => {
    expect(runSignature(['a', null])).toBeNull();
    expect(runSignature(['a', 'b'])).not.toBe(runSignature(['b', 'a']));
  });
});

describe('loadSignature', () => {
  const api = {
    type: 'api',
    url: 'https://a.example',
    headers: {},
    query: {},
    body: null,
    auth: { type: 'none' },
    records: '$',
    fields: null,
    cursor: null,
    forEach: null,
  };
  const sign = (pages: string[], more: object = {}, files = 'files') => {
    const config = { ...stream, sources: [{ ...api, ...more } as unknown as ApiSourceConfig] };
    return loadSignature(
      config,
      files,
      pages.map((fingerprint) => ({ source: 0, fingerprint })),
    );
  };
  const first = sign(['1', '2']);
  const cursor = { field: 'at', place: null };

  it.each([
    { name: 'the order of the pages', same: sign(['2', '1']) },
    { name: 'where they come from', same: sign(['1', '2'], { url: 'https://b.example' }) },
  ])('does not depend on $name', ({ same }) => expect(same).toBe(first));

  it.each([
    { name: 'a page more', other: sign(['1', '2', '3']) },
    { name: 'a page that comes twice', other: sign(['1', '2', '2']) },
    { name: 'other files', other: sign(['1', '2'], {}, 'others') },
    {
      name: 'other columns of the records',
      other: sign(['1', '2'], { fields: [{ name: 'id', path: 'key' }] }),
    },
    { name: 'a cursor', other: sign(['1', '2'], { cursor }) },
  ])('changes with $name', ({ other }) => expect(other).not.toBe(first));
});

describe('contentOf', () => {
  it('is the digest that earlier loads were remembered by', () => {
    const { format, csv: how, records } = source;
    const text = JSON.stringify(['1', 'csv', { format, csv: how, records }]);
    expect(contentOf(file('a.csv', '1'), source)).toBe(createHash('sha256').update(text).digest('hex'));
  });
});

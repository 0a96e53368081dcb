import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { landRecords } from '../land-records.js';
import type { LandedFile } from '../landed-file.js';
import type { NestedRules } from './nested-rules.js';
import { splitNested } from './split-nested.js';

let home: string;
let files = 0;

beforeAll(async () => {
  home = await mkdtemp(join(tmpdir(), 'millrace-nested-'));
});
afterAll(async () => {
  await rm(home, { recursive: true });
});

/** Records as extraction lands them: each is a JSON text. */
async function land(records: string[]): Promise<LandedFile> {
  const path = join(home, `${files++}.ndjson`);
  await writeFile(path, records.map((record) => `${record}\n`).join(''));
  return landRecords(path, { folder: home });
}

/** The rows of a landed file without their places; names of nested columns with a dot. */
async function rowsOf({ path, columns }: LandedFile): Promise<Record<string, string | null>[]> {
  const text = await readFile(path, 'utf8');
  const shown = (name: string) => name.replaceAll('\u001f', '.');
  return text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => {
      const record = JSON.parse(line) as Record<string, string | null>;
      return Object.fromEntries(columns!.map((name) => [shown(name), record[name] ?? null]));
    });
}

const orders = { table: 'orders', key: ['id'], inherited: [] };
const rules = (more: Partial<NestedRules> = {}): NestedRules => ({
  flatten: 0,
  childTables: null,
  nameOf: (source) => source.replaceAll('\u001f', '__').toLowerCase(),
  ...more,
});
const split = async (records: string[], more: Partial<NestedRules>) =>
  splitNested(await land(records), rules(more), { folder: join(home, 'nested') });

describe('splitNested, objects', () => {
  const cases: { title: string; records: string[]; flatten: number; expected: object[] }[] = [
    {
      title: 'one level',
      records: ['{"id":1,"a":{"b":1.10,"c":"x","d":null},"z":true}'],
      flatten: 1,
      expected: [{ id: '1', 'a.b': '1.10', 'a.c': 'x', 'a.d': null, z: 'true' }],
    },
    {
      title: 'what is deeper stays JSON',
      records: ['{"a":{"b":{"c":12345678901234567890}}}'],
      flatten: 1,
      expected: [{ 'a.b': '{"c":12345678901234567890}' }],
    },
    {
      title: 'two levels',
      records: ['{"a":{"b":{"c":12345678901234567890}}}'],
      flatten: 2,
      expected: [{ 'a.b.c': '12345678901234567890' }],
    },
    {
      title: 'objects, texts and nothing in one column',
      records: ['{"a":{"b":1}}', '{"a":"x"}', '{"a":null}', '{"a":[1]}', '{}'],
      flatten: 1,
      expected: [
        { a: null, 'a.b': '1' },
        { a: 'x', 'a.b': null },
        { a: null, 'a.b': null },
        { a: '[1]', 'a.b': null },
        { a: null, 'a.b': null },
      ],
    },
    {
      title: 'an object with a name that no column can have',
      records: ['{"a":{"":1,"b":2}}'],
      flatten: 1,
      expected: [{ a: '{"":1,"b":2}' }],
    },
    { title: 'no object', records: ['{"a":1}'], flatten: 3, expected: [{ a: '1' }] },
    { title: 'switched off', records: ['{"a":{"b":1}}'], flatten: 0, expected: [{ a: '{"b":1}' }] },
  ];
  it.each(cases)('$title', async ({ records, flatten, expected }) => {
    const { file, children } = await split(records, { flatten });
    expect(await rowsOf(file)).toEqual(expected);
    expect(children).toEqual([]);
  });

  it('keeps the places of the records', async () => {
    const { file } = await split(['{"a":1}', '{"a":{"b":1}}'], { flatten: 1 });
    const [, second] = (await readFile(file.path, 'utf8')).split('\n');
    expect(JSON.parse(second!)).toMatchObject({ '#line': 2, '#at': 8, '#length': 13 });
    expect(file.longest).toBe(
      Math.max(...(await readFile(file.path, 'utf8')).split('\n').map((line) => line.length + 1)),
    );
  });

  it('refuses more columns than a table can have', async () => {
    const wide = Object.fromEntries(Array.from({ length: 3300 }, (_, n) => [`k${n}`, n]));
    await expect(split([JSON.stringify({ a: wide })], { flatten: 1 })).rejects.toThrow(
      /expected at most 1600 columns once objects are flattened, got more/,
    );
  });
});

describe('splitNested, arrays', () => {
  it('makes records of their elements, of all levels, with the key of their row', async () => {
    const record = {
      items: [
        { sku: 'A', taxes: [{ rate: 7 }, { rate: 19 }] },
        { sku: 'B', taxes: [] },
      ],
      tags: ['x', null, 3],
      id: 7,
    };
    const { file, children } = await split([JSON.stringify(record), '{"id":8}'], { childTables: orders });
    expect(await rowsOf(file)).toEqual([{ id: '7' }, { id: '8' }]);
    const shown = await Promise.all(
      children.map(async ({ file: { path: _path, ...rest }, ...child }) => {
        return { ...child, rows: await rowsOf({ ...rest, path: _path }) };
      }),
    );
    expect(shown).toEqual([
      {
        table: 'orders__items',
        parent: 'orders',
        parentKey: ['orders__id'],
        references: ['id'],
        count: 2,
        rows: [
          { orders__id: '7', _index: '0', sku: 'A' },
          { orders__id: '7', _index: '1', sku: 'B' },
        ],
      },
      {
        table: 'orders__items__taxes',
        parent: 'orders__items',
        parentKey: ['orders__id', 'orders__items__index'],
        references: ['orders__id', '_index'],
        count: 2,
        rows: [
          { orders__id: '7', orders__items__index: '0', _index: '0', rate: '7' },
          { orders__id: '7', orders__items__index: '0', _index: '1', rate: '19' },
        ],
      },
      {
        table: 'orders__tags',
        parent: 'orders',
        parentKey: ['orders__id'],
        references: ['id'],
        count: 3,
        rows: [
          { orders__id: '7', _index: '0', value: 'x' },
          { orders__id: '7', _index: '1', value: null },
          { orders__id: '7', _index: '2', value: '3' },
        ],
      },
    ]);
  });

  it('takes arrays and the key out of flattened objects', async () => {
    const childTables = { table: 'orders', key: ['ref__no'], inherited: [] };
    const { children } = await split(['{"ref":{"no":"A1","lines":[{"n":1}]}}'], { flatten: 1, childTables });
    expect(children[0]!.table).toBe('orders__ref__lines');
    expect(await rowsOf(children[0]!.file)).toEqual([{ orders__ref__no: 'A1', _index: '0', n: '1' }]);
  });

  const refused: { title: string; records: string[]; says: RegExp }[] = [
    {
      title: 'a table name that would be cut',
      records: [JSON.stringify({ id: 1, ['x'.repeat(60)]: [1] })],
      says: /expected names of at most 63 bytes, got orders__x+; give x+ a shorter name by rename/,
    },
    {
      title: 'two arrays that would be one table',
      records: ['{"id":1,"items":[1],"ITEMS":[2]}'],
      says: /expected arrays of different names, got "items" and "ITEMS", which both become orders__items/,
    },
    {
      title: 'an element with a name that the table needs',
      records: ['{"id":1,"items":[{"_index":5}]}'],
      says: /expected elements without a member _index/,
    },
  ];
  it.each(refused)('refuses $title', async ({ records, says }) => {
    await expect(split(records, { childTables: orders })).rejects.toThrow(says);
  });
});

it('loses no value and invents none, whatever the records are', async () => {
  const scalar = fc.oneof(fc.integer().map(String), fc.constantFrom('true', '"t"', '1.10', '1e400'));
  const value = fc.letrec<{ value: string }>((tie) => ({
    value: fc.oneof(
      { depthSize: 'small', maxDepth: 4 },
      scalar,
      fc.array(tie('value'), { maxLength: 3 }).map((items) => `[${items.join(',')}]`),
      fc.dictionary(fc.constantFrom('a', 'b', 'c'), tie('value')).map(toObject),
    ),
  })).value;
  const record = fc.dictionary(fc.constantFrom('p', 'q', 'r'), value);
  await fc.assert(
    fc.asyncProperty(fc.array(record, { maxLength: 5 }), async (records) => {
      const texts = records.map((one, id) => toObject({ id: String(id), ...one }));
      const { file, children } = await split(texts, { flatten: 9, childTables: orders });
      const found = (await Promise.all([file, ...children.map((child) => child.file)].map(leavesOf))).flat();
      expect(found.sort()).toEqual(texts.flatMap(leavesOfText).sort());
    }),
    { numRuns: 60 },
  );
});

const toObject = (members: Record<string, string>) =>
  `{${Object.entries(members)
    .map(([name, text]) => `"${name}":${text}`)
    .join(',')}}`;

/** Every text, number and word of a JSON text but those of the record's number. */
function leavesOfText(text: string): string[] {
  return [...text.matchAll(/"t"|true|-?[0-9][0-9.e]*/g)].map(([leaf]) => leaf.replaceAll('"', '')).slice(1);
}

/** The values of a landed file, apart from keys and places, those inside JSON too. */
async function leavesOf(file: LandedFile): Promise<string[]> {
  const own = /^(id|_index|orders__.*)$/;
  const rows = await rowsOf(file);
  const values = rows.flatMap((row) => Object.entries(row).filter(([name]) => !own.test(name)));
  return values.flatMap(([, text]) =>
    [...(text ?? '').matchAll(/t(?!rue)|true|-?[0-9][0-9.e]*/g)].map(([leaf]) => leaf),
  );
}

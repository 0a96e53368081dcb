import { createHash } from 'node:crypto';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import {
  array,
  assert,
  asyncProperty,
  dictionary,
  jsonValue,
  oneof,
  string,
  stringMatching,
} from 'fast-check';
import { apiSource } from '../../../../test/api-source.js';
import type { ApiSourceConfig } from '../../../config-history/api-source-config.js';
import type { LandedFile, RecordReject } from '../../landed-file.js';
import { decodePage } from './decode-page.js';
import { landPage, type PageToLand } from './land-page.js';

let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'millrace-page-'));
});

afterEach(() => rmSync(folder, { recursive: true }));

interface Landed {
  file: LandedFile;
  /** As they are read: texts and nulls. */
  lines: Record<string, unknown>[];
  /** What the places of the lines point to. */
  raw: string[];
  rejects: RecordReject[];
}

async function land(
  body: string,
  source: Partial<ApiSourceConfig> = {},
  options: Partial<PageToLand> = {},
): Promise<Landed> {
  const headers = { 'content-type': body.startsWith('a,') ? 'text/csv' : 'application/json' };
  const answer = { status: 200, headers, url: 'https://api.test/x?key=s3cret', bytes: Buffer.from(body) };
  const page = await decodePage(answer, apiSource(source));
  const base = join(folder, 'page-1');
  const url = 'https://api.test/x';
  const file = await landPage({
    page,
    index: 2,
    name: 'page-1',
    url,
    base,
    fields: source.fields ?? null,
    ...options,
  });
  const bytes = readFileSync(file.rawPath);
  const lines = linesOf(file.path);
  return {
    file,
    lines: lines.map((line) =>
      Object.fromEntries(Object.entries(line).filter(([name]) => !/^#(?:line|at|length)$/.test(name))),
    ),
    raw: lines.map((line) =>
      bytes.toString('utf8', line['#at'] as number, (line['#at'] as number) + (line['#length'] as number)),
    ),
    rejects: file.rejects === null ? [] : (linesOf(file.rejects.path) as unknown as RecordReject[]),
  };
}

function linesOf(path: string): Record<string, unknown>[] {
  const lines = readFileSync(path, 'utf8').split('\n');
  return lines.slice(0, -1).map((line) => JSON.parse(line) as Record<string, unknown>);
}

describe('landPage: values', () => {
  it('C18: keeps every value as it was written', async () => {
    const records =
      '[{"id":12345678901234567890,"n":1.10,"z":-0,"x":1e400,"t":true,"u":null,"s":"é\\u00e9\\n\\"😀","o":{"b":[1.0,"é"],"__proto__":2.50}},{"id":"7","new":[]}]';
    const { file, lines, raw } = await land(records);
    expect(lines).toEqual([
      {
        id: '12345678901234567890',
        n: '1.10',
        z: '-0',
        x: '1e400',
        t: 'true',
        u: null,
        s: 'éé\n"😀',
        o: '{"b":[1.0,"é"],"__proto__":2.50}',
      },
      { id: '7', new: '[]' },
    ]);
    expect(raw).toEqual([
      '{"id":12345678901234567890,"n":1.10,"z":-0,"x":1e400,"t":true,"u":null,"s":"éé\\n\\"😀","o":{"b":[1.0,"é"],"__proto__":2.50}}',
      '{"id":"7","new":[]}',
    ]);
    expect(file).toMatchObject({
      source: 2,
      name: 'page-1',
      url: 'https://api.test/x',
      bytes: Buffer.byteLength(records),
      format: 'ndjson',
      columns: ['id', 'n', 'z', 'x', 't', 'u', 's', 'o', 'new'],
      nested: ['o', 'new'],
      numbers: { all: ['n', 'z', 'x'], some: ['id'] },
      rejects: null,
      dialect: null,
      detected: { format: 'json', encoding: 'utf-8', compression: null },
    });
    expect(file.longest).toBe(
      Math.max(
        ...readFileSync(file.path, 'utf8')
          .split('\n')
          .map((line) => Buffer.byteLength(line) + 1),
      ),
    );
  });

  it('rejects what cannot be columns or texts, and lands the rest', async () => {
    const deep = `${'['.repeat(64)}${']'.repeat(64)}`;
    const { lines, rejects, file } = await land(
      `[5,{"a":1},[2],"x",null,{"__proto__":1},{"b":"\\u0000"},{"b":{"c":"\\ud800"}},{"\\u0000":1},{"d":${deep}},{"#at":1},{"a":2}]`,
    );
    expect(lines).toEqual([{ a: '1' }, { a: '2' }]);
    expect(rejects.map(({ line, column, reason, raw }) => [line, column, reason, raw])).toEqual([
      [1, null, 'expected an object, got a number', '5'],
      [3, null, 'expected an object, got an array', '[2]'],
      [4, null, 'expected an object, got a string', '"x"'],
      [5, null, 'expected an object, got null', 'null'],
      [
        6,
        null,
        'expected names of columns in the record, got the reserved name "__proto__"',
        '{"__proto__":1}',
      ],
      [7, 'b', 'expected text that PostgreSQL can hold, got U+0000', '{"b":"\\u0000"}'],
      [8, 'b', 'expected text that PostgreSQL can hold, got a lone surrogate', '{"b":{"c":"\\ud800"}}'],
      [9, null, 'expected names of columns in the record, got a name with U+0000', '{"\\u0000":1}'],
      [10, null, 'expected at most 64 levels of nesting, got more', `{"d":${deep}}`],
      [11, null, 'expected names of columns in the record, got the reserved name "#at"', '{"#at":1}'],
    ]);
    expect(file.rejects?.count).toBe(10);
  });

  it('lands a large page as a small one', async () => {
    const records = Array.from({ length: 2_500 }, (_, id) => ({ id: String(id), é: 'é'.repeat(id % 7) }));
    const { lines, raw, file } = await land(JSON.stringify(records));
    expect(lines).toEqual(records);
    expect(raw).toEqual(records.map((record) => JSON.stringify(record)));
    expect(file.fingerprint).toBe(createHash('sha256').update(readFileSync(file.rawPath)).digest('hex'));
  });

  it('refuses more columns than a table can have', async () => {
    const names = Array.from({ length: 1_601 }, (_, index) => `"c${index}":1`);
    await expect(land(`[{${names.join(',')}}]`)).rejects.toMatchObject({
      code: 'API_RECORDS_UNFIT',
      message: 'expected at most 1600 different names in the records, got more (https://api.test/x)',
    });
  });

  it('gives back what was sent, whatever it is', async () => {
    const name = string({ unit: 'grapheme', minLength: 1 }).filter(
      (text) => !/^\s*$|^__proto__$|^#|\0/.test(text),
    );
    const number = stringMatching(/^-?(0|[1-9]\d{0,25})(\.\d{1,20})?([eE][+-]?\d{1,3})?$/);
    const value = oneof(
      jsonValue({ stringUnit: 'grapheme' }).map((plain) => JSON.stringify(plain).replaceAll('\\u0000', '')),
      number,
    );
    await assert(
      asyncProperty(array(dictionary(name, value, { noNullPrototype: true })), async (records) => {
        const texts = records.map(
          (record) =>
            `{${Object.entries(record)
              .map(([key, text]) => `${JSON.stringify(key)}:${text}`)
              .join(',')}}`,
        );
        const { lines, raw } = await land(`{"data":[${texts.join(',')}]}`, { records: '$.data' });
        expect(raw).toEqual(texts);
        expect(lines).toEqual(
          records.map((record) =>
            Object.fromEntries(
              Object.entries(record).map(([key, text]) => [
                key,
                text === 'null' ? null : text.startsWith('"') ? (JSON.parse(text) as unknown) : text,
              ]),
            ),
          ),
        );
      }),
    );
  });
});

describe('landPage: fields and parents', () => {
  it('lands the fields that were picked, and the parent', async () => {
    const { lines, raw, file } = await land(
      '[{"id":1.10,"user":{"name":"Ann"},"pid":"own"},{"id":2}]',
      {
        fields: [
          { name: 'key', path: 'id' },
          { name: 'who', path: 'user.name' },
          { name: 'pid', path: 'pid' },
        ],
      },
      { include: { pid: '7', region: null } },
    );
    expect(lines).toEqual([
      { key: '1.10', who: 'Ann', pid: '7', region: null },
      { key: '2', who: null, pid: '7', region: null },
    ]);
    expect(raw[0]).toBe('{"key":1.10,"who":"Ann","pid":"7","region":null}');
    expect(file.columns).toEqual(['key', 'who', 'pid', 'region']);
  });

  it('lands delimited text with its refused records', async () => {
    const { lines, rejects, file } = await land('a,b\n1,\n2\n3,""\n');
    expect(lines).toEqual([
      { a: '1', b: null },
      { a: '3', b: '' },
    ]);
    expect(rejects).toEqual([{ line: 3, column: null, reason: 'expected 2 fields, got 1', raw: '2' }]);
    expect(file).toMatchObject({ detected: { format: 'csv' }, rejects: { count: 1 } });
  });
});

describe('landPage: fingerprint', () => {
  const fingerprint = async (body: string, options: Partial<PageToLand> = {}): Promise<string> =>
    (await land(body, { records: '$.data' }, options)).file.fingerprint;
  const page = '{"at":"2026-01-01","data":[{"id":1,"price":1.10}],"next":"a"}';

  it.each<[string, string, Partial<PageToLand>, Partial<PageToLand>]>([
    [
      'a time and a token beside the records',
      '{"at":"2026-01-02","data":[{"id":1,"price":1.10}],"next":"b"}',
      {},
      {},
    ],
    ['white space', '{ "data" : [ { "id" : 1, "price" : 1.10 } ] }', {}, {}],
    ["the page's name and URL", page, { name: 'page-2', url: 'https://api.test/y' }, {}],
    [
      'a field that is not picked',
      '{"data":[{"id":1,"price":2}]}',
      { fields: [{ name: 'i', path: 'id' }] },
      { fields: [{ name: 'i', path: 'id' }] },
    ],
  ])('stays the same: %s', async (_name, body, options, before) => {
    expect(await fingerprint(body, options)).toBe(await fingerprint(page, before));
  });

  it.each<[string, string, Partial<PageToLand>]>([
    ['a value', '{"data":[{"id":2,"price":1.10}]}', {}],
    ['a digit', '{"data":[{"id":1,"price":1.1}]}', {}],
    ['a record more', '{"data":[{"id":1,"price":1.10},{}]}', {}],
    ['a parent', page, { include: { pid: '1' } }],
    ['the fields', page, { fields: [{ name: 'id', path: 'id' }] }],
  ])('changes with %s', async (_name, body, options) => {
    expect(await fingerprint(body, options)).not.toBe(await fingerprint(page));
  });

  it('changes with a refused record', async () => {
    const plain = async (body: string): Promise<string> => (await land(body)).file.fingerprint;
    expect(await plain('a,b\n1,2\n3\n')).not.toBe(await plain('a,b\n1,2\n'));
  });
});

it('writes over what an earlier attempt left', async () => {
  await land('[{"a":1},{"a":2},5]');
  const { lines, rejects } = await land('[{"a":3}]');
  expect([lines, rejects]).toEqual([[{ a: '3' }], []]);
  expect(readdirSync(folder).sort()).toEqual(['page-1.ndjson', 'page-1.raw.ndjson', 'page-1.rejects.ndjson']);
});

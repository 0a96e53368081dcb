import { mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { decodePage } from '../src/extraction/api/decode/decode-page.js';
import { landPage } from '../src/extraction/api/decode/land-page.js';
import type { LandedFile } from '../src/extraction/landed-file.js';
import { SchemaService } from '../src/schema/schema.service.js';
import type { DeclaredColumn } from '../src/schema/stage-request.js';
import type { Stage, StageReject } from '../src/schema/stage.js';
import { apiSource } from './api-source.js';
import { createApp, type TestApp } from './support.js';

let app: TestApp;
let schema: SchemaService;
let stages = 0;

beforeAll(async () => {
  app = await createApp({ env: { LOG_LEVEL: 'error' } });
  schema = app.app.get(SchemaService, { strict: false });
});

afterAll(() => app.close());

/** Lands pages of JSON records and stages them. */
async function stage(pages: string[], columns: DeclaredColumn[]): Promise<Stage> {
  const folder = join(app.home, 'runs', `types-${++stages}`);
  mkdirSync(folder, { recursive: true });
  const files: LandedFile[] = [];
  for (const [index, text] of pages.entries()) {
    const headers = { 'content-type': 'application/json' };
    const url = 'https://api.test/orders';
    const page = await decodePage({ status: 200, headers, url, bytes: Buffer.from(text) }, apiSource());
    const name = `page-${index + 1}`;
    files.push(await landPage({ page, index: 0, name, url, base: join(folder, name), fields: null }));
  }
  return schema.stage({
    folder,
    table: 'orders',
    naming: 'snake_case',
    strictMode: false,
    columns,
    contract: { newColumns: 'evolve', invalidRows: 'reject', maxRejects: null },
    duplicates: 'drop',
    batchRows: 1_000,
    files,
    copies: [],
    existing: null,
  });
}

async function rowsOf(staged: Stage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of staged.rowLines(null)) chunks.push(Buffer.from(chunk));
  return Buffer.concat(chunks).toString();
}

function rejectsOf({ rejectsPath }: Stage): StageReject[] {
  const lines = rejectsPath === null ? [] : readFileSync(rejectsPath, 'utf8').split('\n').filter(Boolean);
  return lines.map((line) => JSON.parse(line) as StageReject);
}

const column = (name: string, type: string): DeclaredColumn => ({ name, type, required: false, formats: [] });

describe('C16: the type of a field changes at page 2', () => {
  const first = '[{"id":1,"n":10,"o":1.5,"d":"2026-01-02"},{"id":2,"n":20,"o":2.5,"d":null}]';

  it.each<[string, string, string]>([
    ['a number becomes a text', '[{"id":3,"n":"many"},{"id":4,"n":30}]', 'n: expected bigint, got "many"'],
    [
      'a number becomes an object',
      '[{"id":3,"n":{"a":1}},{"id":4,"n":30}]',
      'n: expected bigint, got "{\\"a\\":1}"',
    ],
    ['a number becomes an array', '[{"id":3,"n":[1]},{"id":4,"n":30}]', 'n: expected bigint, got "[1]"'],
    ['a number becomes true', '[{"id":3,"n":true},{"id":4,"n":30}]', 'n: expected bigint, got "true"'],
    [
      'a number becomes too large',
      '[{"id":3,"n":12345678901234567890},{"id":4,"n":30}]',
      'n: expected bigint, got "12345678901234567890"',
    ],
    [
      'a date becomes a number',
      '[{"id":3,"d":20260102},{"id":4,"d":"2026-01-03"}]',
      'd: expected date, got "20260102"',
    ],
    ['a record becomes a text', '["gone",{"id":4,"n":30}]', 'expected an object, got a string'],
  ])('%s: that record is a reject', async (_name, second, reason) => {
    const staged = await stage(
      [first, second],
      [column('id', 'bigint'), column('n', 'bigint'), column('d', 'date')],
    );
    expect(staged.files.map(({ read, rejected }) => [read, rejected])).toEqual([
      [2, 0],
      [2, 1],
    ]);
    const [reject] = rejectsOf(staged);
    expect(reject).toMatchObject({ file: 'page-2', line: 1 });
    expect(reject?.reason).toContain(reason);
    expect(JSON.parse(second)).toContainEqual(
      JSON.parse(reject?.raw.replaceAll('12345678901234567890', '12345678901234567000') ?? ''),
    );
  });

  it('widens what nobody has declared', async () => {
    const staged = await stage([first, '[{"id":"a-3","n":1.10,"o":{"x":1}}]'], []);
    const types = Object.fromEntries(staged.columns.map(({ name, type }) => [name, type.name]));
    expect(types).toEqual({ id: 'text', n: 'numeric', o: 'json', d: 'date' });
    expect(rejectsOf(staged)).toEqual([]);
  });
});

describe('C18: numbers reach their columns as they were written', () => {
  const page =
    '[{"id":12345678901234567890,"price":1.10,"t":1e400,"u":1.10},{"id":1e3,"price":0.1000000000000000000001,"t":12345678901234567890,"u":-0},{"id":1e400}]';

  it('in numeric and text columns', async () => {
    const staged = await stage(
      [page],
      [column('id', 'numeric'), column('price', 'numeric'), column('t', 'text'), column('u', 'text')],
    );
    const rows = await rowsOf(staged);
    const texts = ['12345678901234567890', '1.10', '1e400', '1000', '0.1000000000000000000001', '-0'];
    for (const text of texts) expect(rows).toContain(`"${text}"`);
    // The type's own rule: an exponent is read as far as a double proves its digits.
    expect(rejectsOf(staged)[0]).toMatchObject({ line: 3, column: 'id', raw: '{"id":1e400}' });
  });

  it('in columns whose types are inferred', async () => {
    const staged = await stage(['[{"id":12345678901234567890,"price":1.10}]'], []);
    expect(staged.columns.map(({ name, type }) => [name, type.name])).toEqual([
      ['id', 'numeric'],
      ['price', 'numeric'],
    ]);
    expect(await rowsOf(staged)).toBe('"12345678901234567890","1.10"\n');
  });
});

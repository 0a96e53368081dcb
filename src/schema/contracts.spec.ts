import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { Settings } from '../settings/settings.js';
import { parseColumnType } from './column-types.js';
import { Engine } from './engine.js';
import { SchemaService } from './schema.service.js';
import type { Stage, StageColumn, StageReject } from './stage.js';
import type { Contract, DeclaredColumn, LandedText, StageRequest } from './stage-request.js';

let home: string;
let engine: Engine;
let schema: SchemaService;
let runs = 0;

beforeAll(async () => {
  home = await mkdtemp(path.join(tmpdir(), 'millrace-contracts-'));
  const memory = { engine: '256MB', engineThreads: 2 };
  engine = new Engine({ home, dataRoots: [home], memory } as unknown as Settings);
  schema = new SchemaService(engine);
});
afterAll(async () => {
  await engine.onModuleDestroy();
  await rm(home, { recursive: true });
});

/** A CSV file as extraction would land it. */
async function csv(name: string, text: string): Promise<LandedText> {
  const file = path.join(home, `${runs}-${name}`);
  await writeFile(file, text);
  const dialect = { delimiter: ',', quote: '"', header: true, nulls: [''], isRegular: true };
  const columns = text.split('\n', 1)[0]!.split(',');
  const rest = { nested: [], rejects: null, longest: 0 };
  return {
    source: 0,
    name,
    fingerprint: name,
    path: file,
    rawPath: file,
    format: 'csv',
    dialect,
    columns,
    ...rest,
  };
}

interface Case extends Partial<Pick<StageRequest, 'columns' | 'strictMode' | 'existing'>> {
  files: Record<string, string>;
  /** The table's columns as their types. */
  table?: Record<string, string>;
  contract?: Partial<Contract>;
}

async function stage({ files, table, contract, ...rest }: Case): Promise<Stage> {
  const folder = path.join(home, 'runs', String(runs++));
  await mkdir(folder, { recursive: true });
  const landed = await Promise.all(Object.entries(files).map(([name, text]) => csv(name, text)));
  const existing = table && Object.entries(table).map(([name, type]) => tableColumn(name, type));
  return schema.stage({
    folder,
    table: 'orders',
    naming: 'snake_case',
    strictMode: false,
    columns: [],
    contract: { newColumns: 'evolve', invalidRows: 'reject', maxRejects: null, ...contract },
    duplicates: 'drop',
    batchRows: 50_000,
    files: landed,
    copies: [],
    existing: existing ?? null,
    ...rest,
  });
}

const tableColumn = (name: string, type: string): StageColumn => ({
  name,
  type: parseColumnType(type),
  required: false,
});
const declared = (name: string, type: string, rest: Partial<DeclaredColumn> = {}): DeclaredColumn => ({
  name,
  type,
  required: false,
  formats: [],
  ...rest,
});

/** The rows as COPY gets them. */
async function rows(staged: Stage): Promise<string[]> {
  const chunks = await Array.fromAsync(staged.rowLines(null));
  return Buffer.concat(chunks).toString().split('\n').filter(Boolean);
}

/** `file:line reason` of each reject. */
async function rejects({ rejectsPath }: Pick<Stage, 'rejectsPath'>): Promise<string[]> {
  if (rejectsPath === null) return [];
  const lines = (await readFile(rejectsPath, 'utf8')).trim().split('\n');
  const all = lines.map((line) => JSON.parse(line) as StageReject).filter(({ reason }) => reason);
  return all.map(({ file, line, reason }) => `${file}:${line} ${reason}`);
}

const failure = (made: Promise<Stage>) =>
  made.then(
    () => 'none',
    (error: Error & { code?: string }) => `${error.code}: ${error.message}`,
  );

describe('new_columns: reject', () => {
  it('refuses the records that have a value in one, and takes the others', async () => {
    const staged = await stage({
      files: { 'a.csv': 'id,x,y\n1,,\n2,b,\n3,,""\n4,,\n', 'b.csv': 'id\n5\n' },
      table: { id: 'bigint' },
      contract: { newColumns: 'reject' },
    });
    expect(await rows(staged)).toEqual(['"1"', '"4"', '"5"']);
    expect(await rejects(staged)).toEqual([
      'a.csv:3 x: expected no value in a new column (new_columns: reject), got "b"',
      'a.csv:4 y: expected no value in a new column (new_columns: reject), got ""',
    ]);
    expect(staged.columns.map(({ name }) => name)).toEqual(['id']);
  });

  it('finds them beside an expression over columns that are not loaded', async () => {
    const cleaning = { expression: 'x' };
    const staged = await stage({
      files: { 'a.csv': 'id,x,y\n1,,\n2,b,\n3,,c\n' },
      columns: [declared('id', 'bigint'), declared('z', 'text', { cleaning })],
      contract: { newColumns: 'reject' },
    });
    expect(await rejects(staged)).toEqual([
      'a.csv:3 x: expected no value in a new column (new_columns: reject), got "b"',
      'a.csv:4 y: expected no value in a new column (new_columns: reject), got "c"',
    ]);
  });

  it('is no reason to fail where invalid rows are', async () => {
    const staged = await stage({
      files: { 'a.csv': 'id,x\n1,2\n3,\n' },
      table: { id: 'bigint' },
      contract: { newColumns: 'reject', invalidRows: 'fail' },
    });
    expect(staged).toMatchObject({ rows: 1, rejected: 1 });
  });
});

describe('missing_columns', () => {
  const files = { 'a.csv': 'id,amount\n1,2\n', 'b.csv': 'id\n3\n' };
  const columns = [declared('id', 'bigint'), declared('amount', 'numeric')];
  const lacking = 'expected the columns amount';

  it('ignore leaves them NULL', async () => {
    expect(await rows(await stage({ files, columns }))).toEqual(['"1","2"', '"3",']);
  });

  it.each<[string, Partial<Case>]>([
    ['of the schema', { columns }],
    ['of the table', { table: { id: 'bigint', amount: 'numeric' } }],
    [
      'of one column',
      {
        columns: [columns[0]!, { ...columns[1]!, contract: { missingColumns: 'fail' } }],
        contract: { missingColumns: 'ignore' },
      },
    ],
  ])('fail names the file: %s', async (_name, rest) => {
    const contract = { missingColumns: 'fail' as const, ...rest.contract };
    expect(await failure(stage({ files, ...rest, contract }))).toBe(
      `MISSING_COLUMNS: orders: ${lacking} in every file (missing_columns: fail), got none such in b.csv`,
    );
  });

  it('reject refuses the file, and takes the others', async () => {
    const staged = await stage({ files, columns, contract: { missingColumns: 'reject' } });
    expect(await rows(staged)).toEqual(['"1","2"']);
    expect(await rejects(staged)).toEqual([
      `b.csv:null ${lacking} (missing_columns: reject), the file has none such (b.csv)`,
    ]);
  });

  it('is not about what a default, an expression or the database fills, nor about strict mode', async () => {
    const filled = [
      declared('id', 'bigint'),
      declared('kind', 'text', { cleaning: { default: 'x' } }),
      declared('twice', 'bigint', { cleaning: { expression: 'id * 2' } }),
    ];
    const existing = [{ ...tableColumn('made_at', 'timestamptz'), hasDefault: true as const }];
    const contract = {
      newColumns: 'evolve',
      invalidRows: 'reject',
      maxRejects: null,
      missingColumns: 'fail',
    } as const;
    const one = { 'b.csv': 'id\n3\n' };
    const staged = await stage({ files: one, columns: filled, contract, existing });
    expect(await rows(staged)).toEqual(['"3","x","6"']);
    const strict = { columns: [declared('id', 'bigint')], strictMode: true, table: { other: 'text' } };
    expect(await rows(await stage({ files: one, ...strict, contract }))).toEqual(['"3"']);
  });
});

describe('values that do not fit', () => {
  const files = { 'a.csv': 'id,n\n1,5\n2,x\nz,6\n4,y\n' };
  const table = { id: 'bigint', n: 'integer' };
  const columns = [declared('id', 'bigint'), declared('n', 'integer')];

  it.each<[string, Partial<Case>, { rows: string[]; nulled: [string, number][]; rejected: number }]>([
    ['type_change: reject', { table }, { rows: ['"1","5"'], nulled: [], rejected: 3 }],
    [
      'type_change: null',
      { table, contract: { typeChange: 'null' } },
      {
        rows: ['"1","5"', '"2",', ',"6"', '"4",'],
        nulled: [
          ['id', 1],
          ['n', 2],
        ],
        rejected: 0,
      },
    ],
    [
      'type_change: null, not for declared types',
      { table, columns: [columns[0]!], contract: { typeChange: 'null' } },
      { rows: ['"1","5"', '"2",', '"4",'], nulled: [['n', 2]], rejected: 1 },
    ],
    [
      'invalid_rows: null, only for declared types',
      { table, columns: [columns[1]!], contract: { invalidRows: 'null' } },
      { rows: ['"5","1"', ',"2"', ',"4"'], nulled: [['n', 2]], rejected: 1 },
    ],
    [
      'invalid_rows: null, not where a value is required',
      { columns: [{ ...columns[0]!, required: true }, columns[1]!], contract: { invalidRows: 'null' } },
      { rows: ['"1","5"', '"2",', '"4",'], nulled: [['n', 2]], rejected: 1 },
    ],
    [
      'invalid_rows: null, of one column',
      { columns: [columns[0]!, { ...columns[1]!, contract: { invalidRows: 'null' } }] },
      { rows: ['"1","5"', '"2",', '"4",'], nulled: [['n', 2]], rejected: 1 },
    ],
    [
      'invalid_rows: null, where an expression fails',
      {
        columns: [columns[0]!, declared('n', 'integer', { cleaning: { expression: `CAST(n AS INTEGER)` } })],
        contract: { invalidRows: 'null' },
      },
      {
        rows: ['"1","5"', '"2",', ',"6"', '"4",'],
        nulled: [
          ['id', 1],
          ['n', 2],
        ],
        rejected: 0,
      },
    ],
    [
      'invalid_rows: fail, but not of a column that says reject',
      {
        columns: columns.map((column) => ({ ...column, contract: { invalidRows: 'reject' as const } })),
        contract: { invalidRows: 'fail' },
      },
      { rows: ['"1","5"'], nulled: [], rejected: 3 },
    ],
  ])('%s', async (_name, rest, expected) => {
    const staged = await stage({ files, ...rest });
    const nulled = staged.nulled.map(({ column, count }) => [column, count]);
    expect({ rows: await rows(staged), nulled, rejected: staged.rejected }).toEqual(expected);
  });

  it.each<[string, Partial<Case>, string]>([
    [
      'type_change: fail',
      { table, contract: { typeChange: 'fail' } },
      "orders: expected only values that fit the table's types (type_change: fail), got 3 of 4 records refused",
    ],
    [
      'type_change: fail, beside a declared column',
      { table, columns: [columns[0]!], contract: { typeChange: 'fail' } },
      "orders: expected only values that fit the table's types (type_change: fail), got 2 of 4 records refused",
    ],
    [
      'invalid_rows: fail of one column',
      { columns: [columns[0]!, { ...columns[1]!, contract: { invalidRows: 'fail' } }] },
      'orders: expected no invalid n (invalid_rows: fail), got 2 of 4 records refused',
    ],
    [
      'invalid_rows: fail, and rows without a column of their own',
      { files: { 'a.csv': 'id,n\n1,5\n2\n' }, columns, contract: { invalidRows: 'fail' } },
      'orders: expected no invalid rows (invalid_rows: fail), got 1 of 2 records refused',
    ],
    [
      'max_rejects beside null',
      { columns: [columns[0]!], contract: { invalidRows: 'reject', maxRejects: { count: 0 } } },
      'orders: expected at most 0 rejects (max_rejects), got 1 of 4 records refused',
    ],
  ])('fails with its rejects: %s', async (_name, rest, message) => {
    expect(await failure(stage({ files, ...rest }))).toBe(`TOO_MANY_REJECTS: ${message}`);
  });
});

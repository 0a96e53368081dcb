import { createHash } from 'node:crypto';
import { mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import type { Settings } from '../settings/settings.js';
import { Engine } from './engine.js';
import { SchemaService } from './schema.service.js';
import type { Stage, StagedLayout, StageReject } from './stage.js';
import type { Dialect, LandedText, StageRequest } from './stage-request.js';

let home: string;
let engine: Engine;
let schema: SchemaService;
let runs = 0;

beforeAll(async () => {
  home = await mkdtemp(path.join(tmpdir(), 'millrace-schema-'));
  const memory = { engine: '256MB', engineThreads: 2 };
  engine = new Engine({ home, dataRoots: [home], memory } as unknown as Settings);
  schema = new SchemaService(engine);
});
afterAll(async () => {
  await engine.onModuleDestroy();
  await rm(home, { recursive: true });
});

const PLAIN: Dialect = { delimiter: ',', quote: '"', header: true, nulls: [''], isRegular: true };

/** A CSV file as extraction would land it; the first line names the columns. */
async function csv(name: string, text: string | Buffer, dialect: Partial<Dialect> = {}): Promise<LandedText> {
  const file = path.join(home, `${runs}-${name}`);
  await writeFile(file, text);
  const bytes = Buffer.from(text);
  const columns = bytes
    .toString()
    .split(/\r\n|\n|\r/, 1)[0]!
    .replaceAll('"', '')
    .split(dialect.delimiter ?? ',');
  return landed(name, file, 'csv', { dialect: { ...PLAIN, ...dialect }, columns, fingerprint: sha(bytes) });
}

/** NDJSON as extraction lands it: texts, nulls and places. */
async function ndjson(name: string, records: Record<string, string | null>[], nested: string[] = []) {
  const file = path.join(home, `${runs}-${name}`);
  const text = records.map((record, n) =>
    JSON.stringify({ ...record, '#line': n + 1, '#at': 0, '#length': 0 }),
  );
  await writeFile(file, text.join('\n'));
  const columns = [...new Set(records.flatMap((record) => Object.keys(record)))];
  return landed(name, file, 'ndjson', { columns, nested, fingerprint: sha(Buffer.from(text.join())) });
}

async function parquet(name: string, select: string): Promise<LandedText> {
  const file = path.join(home, name.includes('/') ? name : `${runs}-${name}`);
  const connection = await engine.connect();
  await connection.run(`COPY (${select}) TO '${file}' (FORMAT parquet)`);
  connection.closeSync();
  return landed(name, file, 'parquet', {});
}

const sha = (bytes: Buffer) => createHash('sha256').update(bytes).digest('hex');

function landed(
  name: string,
  file: string,
  format: LandedText['format'],
  rest: Partial<LandedText>,
): LandedText {
  const empty = {
    source: 0,
    fingerprint: name,
    dialect: null,
    columns: null,
    nested: [],
    rejects: null,
    longest: 0,
  };
  return { ...empty, name, path: file, rawPath: file, format, ...rest };
}

async function stage(files: LandedText[], request: Partial<StageRequest> = {}): Promise<Stage> {
  const folder = path.join(home, 'runs', String(runs++));
  await mkdir(folder, { recursive: true });
  return schema.stage({
    folder,
    table: 'orders',
    naming: 'snake_case',
    strictMode: false,
    columns: [],
    contract: { newColumns: 'evolve', invalidRows: 'reject', maxRejects: null },
    duplicates: 'drop',
    batchRows: 50_000,
    files,
    copies: [],
    existing: null,
    ...request,
  });
}

const column = (name: string, type: string, rest = {}) => ({
  name,
  type,
  required: false,
  formats: [],
  ...rest,
});
const types = (staged: Stage) =>
  Object.fromEntries(staged.columns.map(({ name, type }) => [name, type.name]));
const text = async (chunks: AsyncIterable<Buffer>) => Buffer.concat(await Array.fromAsync(chunks)).toString();
const lines = async (staged: Stage) => (await text(staged.rowLines(null))).split('\n').slice(0, -1);
const counts = (staged: Stage) => staged.files.map(({ name, read, rejected }) => [name, read, rejected]);

/** Of the files in a folder, by their names. */
async function sizes(folder: string): Promise<[name: string, bytes: number][]> {
  const names = await readdir(folder);
  return Promise.all(
    names.map(async (name): Promise<[string, number]> => [name, (await stat(path.join(folder, name))).size]),
  );
}

async function rejectLines(staged: Pick<Stage, 'rejectsPath'>): Promise<(StageReject | StagedLayout)[]> {
  if (staged.rejectsPath === null) return [];
  const all = await readFile(staged.rejectsPath, 'utf8');
  return all
    .split('\n')
    .slice(0, -1)
    .map((line) => JSON.parse(line) as StageReject | StagedLayout);
}

async function rejects(staged: Pick<Stage, 'rejectsPath'>): Promise<StageReject[]> {
  return (await rejectLines(staged)).filter((line): line is StageReject => !('layout' in line));
}

async function layouts(staged: Pick<Stage, 'rejectsPath'>): Promise<StagedLayout[]> {
  return (await rejectLines(staged)).filter((line) => 'layout' in line);
}

const INFERRED: [values: string[], type: string][] = [
  [['1', '-5', '0'], 'bigint'],
  [['1', '007'], 'text'],
  [['1', '+49'], 'text'],
  [['1', '-0'], 'text'],
  [['1', '1.10'], 'numeric'],
  [['12345678901234567890'], 'numeric'],
  [['1', '1e5'], 'text'],
  [['1.5', '1e-05', '12'], 'double'],
  [['1.50', '1e-05'], 'text'],
  [['1e-07', '9007199254740993'], 'text'],
  [['9'.repeat(1001)], 'text'],
  [['true', 'false'], 'boolean'],
  [['True'], 'text'],
  [['2024-02-29'], 'date'],
  [['2024-02-30'], 'text'],
  [['2024-01-01', '2024-01-01 10:00:00'], 'text'],
  [['2024-01-01T10:00:00.000'], 'timestamp'],
  [['2024-01-01T10:00:00Z'], 'timestamptz'],
  [['2024-01-01T10:00:00+02:00'], 'text'],
  [['10:00:00'], 'time'],
  [['10:00'], 'text'],
  [['c0ffee00-1234-5678-9abc-def012345678'], 'uuid'],
  [['C0FFEE00-1234-5678-9abc-def012345678'], 'text'],
  [['1', '""'], 'text'],
  [['', ''], 'text'],
  [['1', ''], 'bigint'],
  [['10:00:00', '25:00:00'], 'text'],
  [['2024-02-29', '2024-02-30'], 'text'],
  [['true', 'True'], 'text'],
  [['1', ' 1'], 'text'],
  [['1.5', '-0.0'], 'text'],
  [['1', '1.5', 'x'], 'text'],
];

describe('types without a schema', () => {
  it.each(INFERRED)('%j is %s', async (values, expected) => {
    const staged = await stage([
      await csv('a.csv', `x,v\n${values.map((value) => `x,${value}\n`).join('')}`),
    ]);
    expect(types(staged)).toEqual({ x: 'text', v: expected });
  });

  it.each(INFERRED)('%j is %s where nothing but the first is in the sample', async (values, expected) => {
    const rows = [...Array.from({ length: 8_000 }, () => values[0]!), ...values.slice(1)];
    const staged = await stage([await csv('a.csv', `x,v\n${rows.map((value) => `x,${value}\n`).join('')}`)]);
    expect(types(staged)).toEqual({ x: 'text', v: expected });
    expect(staged.rows).toBe(rows.length);
  });

  it('hears a record that is refused for another column', async () => {
    const rows = `${'1,1\n'.repeat(8_000)}no,no\n`;
    const columns = [column('n', 'bigint')];
    const staged = await stage([await csv('a.csv', `n,v\n${rows}`)], { columns });
    expect(types(staged)).toEqual({ n: 'bigint', v: 'text' });
    expect(staged.rejected).toBe(1);
  });

  it('looks at all rows, not at the first ones', async () => {
    const rows = Array.from({ length: 20_000 }, (_, n) => `${n},x\n`).join('');
    expect(types(await stage([await csv('a.csv', `n,x\n${rows}0x1F,x\n`)]))).toEqual({
      n: 'text',
      x: 'text',
    });
  });

  it('takes nested values for json, and strings among them stay JSON', async () => {
    const staged = await stage([await ndjson('a.json', [{ v: '{"a":1}' }, { v: 'plain' }], ['v'])]);
    expect(types(staged)).toEqual({ v: 'json' });
    expect(await lines(staged)).toEqual(['"{""a"":1}"', '"""plain"""']);
  });
});

describe('columns', () => {
  it('joins files by column name, whatever their order and format', async () => {
    const staged = await stage([
      await csv('a.csv', 'Order ID,name\n1,x\n'),
      await csv('b.csv', 'name;orderId\ny;2\n', { delimiter: ';' }),
      await ndjson('c.json', [{ 'order-id': '3', extra: 'e' }]),
    ]);
    expect(staged.columns.map(({ name }) => name)).toEqual(['order_id', 'name', 'extra']);
    expect(await lines(staged)).toEqual(['"1","x",', '"2","y",', '"3",,"e"']);
  });

  it('keeps only the declared ones in strict mode, missing ones as NULL', async () => {
    const columns = [column('amount', 'numeric(5,2)'), column('gone', 'text')];
    const staged = await stage([await csv('a.csv', 'id,amount\n1,2.5\n')], { strictMode: true, columns });
    expect(await lines(staged)).toEqual(['"2.50",']);
  });

  it.each([
    ['date', '%d/%m/%Y', '29/02/2024', '2024-02-29'],
    ['date', '%d/%m/%Y', '1/2/2024', '2024-02-01'],
    ['date', '%d/%m/%Y', '31/02/2024', null],
    ['date', '%d/%m/%Y', '01/02/24', null],
    ['date', '%d/%m/%y', '01/02/24', '2024-02-01'],
    ['date', '%d/%m/%Y %H:%M', '01/02/2024 10:11', null],
    ['date', '%d/%m/%Y %H:%M', '01/02/2024 00:00', '2024-02-01'],
    ['timestamp', '%Y-%m-%d %H:%M:%S.%f', '2024-01-01 10:11:12.123456', '2024-01-01 10:11:12.123456'],
    ['timestamp', '%Y-%m-%d %H:%M:%S.%n', '2024-01-01 10:11:12.123456789', null],
  ])('reads %s by the format %s: %s is %s', async (type, format, value, expected) => {
    const columns = [column('v', type, { formats: [format] })];
    const staged = await stage([await csv('a.csv', `x,v\n1,${value}\n`)], { columns });
    expect(await lines(staged)).toEqual(expected === null ? [] : [`"${expected}","1"`]);
  });

  it('counts files apart that are read alike and do not stand together', async () => {
    const files = [
      await csv('1.csv', 'a,b\n1,2\nx\n'),
      await csv('2.csv', 'b,a\n4,3\n6,5\n'),
      await csv('3.csv', 'a,b\n7,8\n9,10\n11,12\n'),
      await csv('4.csv', 'b,a\nonly one\n14,13\n'),
    ];
    const staged = await stage(files);
    expect(counts(staged)).toEqual([
      ['1.csv', 2, 1],
      ['2.csv', 2, 0],
      ['3.csv', 3, 0],
      ['4.csv', 2, 1],
    ]);
    expect((await rejects(staged)).map(({ file, line }) => [file, line]).toSorted()).toEqual([
      ['1.csv', 3],
      ['4.csv', 2],
    ]);
    expect((await lines(staged)).toSorted()).toEqual(
      [
        [1, 2],
        [3, 4],
        [5, 6],
        [7, 8],
        [9, 10],
        [11, 12],
        [13, 14],
      ]
        .map(([a, b]) => `"${a}","${b}"`)
        .toSorted(),
    );
  });

  it('reads a record of several MiB of text beyond ASCII', async () => {
    const long = 'é'.repeat(1_100_000);
    const staged = await stage([await csv('a.csv', `a,b\n1,x${long}\n2,y\n`)]);
    expect((await lines(staged)).map((line) => line.length)).toEqual([long.length + 7, 7]);
  });

  it("takes the table's spelling for a name that differs in case only", async () => {
    const existing = [{ name: 'Id', type: { name: 'bigint' as const }, required: false }];
    const staged = await stage([await csv('a.csv', 'ID,x\n1,2\n')], { naming: 'as_is', existing });
    expect(types(staged)).toEqual({ Id: 'bigint', x: 'bigint' });
  });

  it('gives a declared column its spelling', async () => {
    const staged = await stage([await csv('a.csv', 'activeFlag,x\nyes,1\n')], {
      columns: [column('activeFlag', 'boolean')],
    });
    expect(types(staged)).toEqual({ activeFlag: 'boolean', x: 'bigint' });
  });

  const known = [{ name: 'id', type: { name: 'bigint' as const }, required: false }];
  it.each([
    ['evolve' as const, ['id', 'x']],
    ['ignore' as const, ['id']],
  ])('new_columns: %s', async (newColumns, expected) => {
    const contract = { newColumns, invalidRows: 'reject' as const, maxRejects: null };
    const staged = await stage([await csv('a.csv', 'id,x\n1,2\n')], { existing: known, contract });
    expect(staged.columns.map(({ name }) => name)).toEqual(expected);
  });

  it('new_columns: fail', async () => {
    const contract = { newColumns: 'fail' as const, invalidRows: 'reject' as const, maxRejects: null };
    const fault = stage([await csv('a.csv', 'id,x\n1,2\n')], { existing: known, contract });
    await expect(fault).rejects.toMatchObject({
      code: 'NEW_COLUMNS',
      message: expect.stringContaining('got x'),
    });
  });

  it("keeps the table's types for columns that no schema declares", async () => {
    const staged = await stage([await csv('a.csv', 'id,x\n1,2\nabc,3\n')], { existing: known });
    expect(types(staged)).toEqual({ id: 'bigint', x: 'bigint' });
    expect(counts(staged)).toEqual([['a.csv', 2, 1]]);
  });

  it('refuses a file whose names meet or can be no column', async () => {
    const staged = await stage([
      await csv('a.csv', 'id,x\n1,2\n'),
      await csv('b.csv', 'Active Flag,activeFlag\n1,2\n'),
      await csv('c.csv', 'a"b; drop,x\n1,2\n'.replace('"', "'"), { quote: null }),
    ]);
    expect(counts(staged)).toEqual(
      [
        ['a.csv', 1, 0],
        ['b.csv', 1, 1],
        ['c.csv', 0, 0],
      ]
        .slice(0, 2)
        .concat([['c.csv', 1, 0]]),
    );
    expect((await rejects(staged))[0]).toMatchObject({
      file: 'b.csv',
      reason: expect.stringContaining('"Active Flag" and "activeFlag", which both become active_flag'),
    });
  });
});

describe('cleaned columns', () => {
  const amount = column('amount', 'numeric(12,2)', { cleaning: { decimal: ',' } });

  it('are cleaned alike whatever the format, and the raw record stays as it was', async () => {
    const columns = [
      column('active', 'boolean', {
        cleaning: { trueValues: ['ja'], falseValues: ['nein'], default: 'false' },
      }),
      column('kind', 'text', { cleaning: { trim: true, nulls: ['-'], map: { A: 'all' } } }),
      { ...amount, required: true },
    ];
    const staged = await stage(
      [
        await csv('a.csv', 'active;kind;amount\nJa; A ;1.234,50\nvielleicht;A;1\n;-;"1,5"\n', {
          delimiter: ';',
        }),
        await ndjson('b.json', [
          { active: 'nein', kind: 'A\t', amount: '7' },
          { kind: 'B', amount: '1.5' },
        ]),
        await csv('c.csv', 'amount,kind\n" 2,5 "," "\n', {}),
      ],
      { columns },
    );
    expect(await lines(staged)).toEqual([
      '"true","all","1234.50"',
      '"false",,"1.50"',
      '"false","all","7.00"',
      '"false","","2.50"',
    ]);
    expect((await rejects(staged)).map(({ file, reason, raw }) => [file, reason, raw])).toEqual([
      ['a.csv', 'active: expected boolean written as ja or nein, got "vielleicht"', 'vielleicht;A;1'],
      ['b.json', 'amount: expected numeric(12,2) written as 1.234,56, got "1.5"', expect.anything()],
    ]);
  });

  it('make rows the same that say the same', async () => {
    const columns = [amount, column('kind', 'text', { cleaning: { map: { A: 'all' } } })];
    const cleaned = await stage([await csv('a.csv', 'amount;kind\n1.234,50;A\n', { delimiter: ';' })], {
      columns,
    });
    const plain = await stage([await csv('a.csv', 'amount;kind\n1234.5;all\n', { delimiter: ';' })], {
      columns: [column('amount', 'numeric(12,2)')],
    });
    expect(await text(cleaned.identityLines())).toBe(await text(plain.identityLines()));
  });

  it('take numbers that a file states for what they are, beside texts with a decimal comma', async () => {
    const staged = await stage(
      [
        await parquet('a.parquet', 'SELECT 1.234::DECIMAL(9,3) AS n, 1 AS x'),
        await parquet('b.parquet', `SELECT '1.234' AS n, 2 AS x`),
        await csv('c.csv', 'n,x\n1.234,3\n'),
      ],
      { columns: [column('n', 'numeric(12,3)', { cleaning: { decimal: ',' } })] },
    );
    expect(await lines(staged)).toEqual(['"1.234","1"', '"1234.000","2"', '"1234.000","3"']);
  });

  it('are quoted in full view, however the record was read', async () => {
    const rows = Array.from({ length: 3000 }, (_, n) => `${n},${n % 1000 === 7 ? ' bad ' : ' A '}\n`);
    const columns = [column('kind', 'integer', { cleaning: { map: { A: '1' } } })];
    const staged = await stage([await csv('a.csv', `n,kind\n${rows.join('')}`)], { columns });
    expect((await rejects(staged)).map(({ line, reason }) => [line, reason])).toEqual(
      [9, 1009, 2009].map((line) => [line, 'kind: expected integer, got " bad "']),
    );
  });

  it('fail the stage with a default that is no value of the type', async () => {
    const columns = [column('n', 'numeric(3,2)', { cleaning: { default: '12.5' } })];
    await expect(stage([await csv('a.csv', 'n,x\n1,2\n')], { columns })).rejects.toMatchObject({
      code: 'COLUMN_DEFAULT',
      message: 'orders.n: expected a default of numeric(3,2), got "12.5"',
    });
  });
});

describe('names that mean something to the engine', () => {
  it.each([
    'in[1].csv',
    'in*.csv',
    'in?.csv',
    '[!i]n.csv',
    '{in,x}.csv',
    "in'1.csv",
    'in 1%.csv',
    'in\n1.csv',
  ])('reads the file %j and no other', async (name) => {
    const others = [await csv('in1.csv', 'a,b\nother,1\n'), await csv('inx.csv', 'a,b\nother,2\n')];
    const staged = await stage([await csv(name, 'a,b\nright,3\n')]);
    expect(others).toHaveLength(2);
    expect(await lines(staged)).toEqual(['"right","3"']);
  });

  it('refuses a name that no pattern can express, others go on', async () => {
    const staged = await stage([await csv('a\\[1].csv', 'a,b\n1,2\n'), await csv('b.csv', 'a,b\n3,4\n')]);
    expect(counts(staged)).toEqual([
      ['a\\[1].csv', 1, 1],
      ['b.csv', 1, 0],
    ]);
  });

  it('takes no column from a folder called k=v', async () => {
    await mkdir(path.join(home, 'b=7'), { recursive: true });
    const file = await parquet('b=7/x.parquet', 'SELECT 1 AS a, 2 AS b');
    expect(await lines(await stage([file]))).toEqual(['"1","2"']);
  });

  it('has room for columns called like its own', async () => {
    const names = ['file_index', 'file_row_number', 'filename', 'r0', 't0', 'c0', 'c1'];
    const record = Object.fromEntries(names.map((name, n) => [name, `v${n}`]));
    const text = `${names.join(',')}\n${Object.values(record).join(',')}\n`;
    const select = names.map((name, n) => `'v${n}' AS ${name}`).join(', ');
    const files = [
      await ndjson('a.json', [record, { ...record, r0: 'second' }]),
      await ndjson('b.json', [record]),
      await csv('c.csv', text),
      await parquet('d.parquet', `SELECT ${select}`),
      await parquet('e.parquet', `SELECT ${select} UNION ALL SELECT ${select}`),
    ];
    const staged = await stage(files);
    expect(counts(staged).map(([, read]) => read)).toEqual([2, 1, 1, 1, 2]);
    expect(await staged.tally(null)).toMatchObject([
      { unseen: 2 },
      { duplicate: 1 },
      { duplicate: 1 },
      { duplicate: 1 },
      { duplicate: 2 },
    ]);
    const target = path.join(home, `names-${runs}.csv`);
    await staged.writeCombined(target);
    expect((await readFile(target, 'utf8')).split('\n')[0]).toBe(names.join(','));
  });
});

describe('Parquet', () => {
  it('takes the types that it states', async () => {
    const select = `SELECT 1::INTEGER AS i, 1.50::DECIMAL(5,2) AS d, 0.1::DOUBLE AS f, true AS b, DATE '2024-02-29' AS day,
      TIMESTAMP '2024-01-01 10:00:00' AS at, '007' AS t, [1, 2] AS l, {'x': 'y'} AS s`;
    const staged = await stage([await parquet('a.parquet', select)]);
    expect(types(staged)).toEqual({
      i: 'integer',
      d: 'numeric',
      f: 'double',
      b: 'boolean',
      day: 'date',
      at: 'timestamp',
      t: 'text',
      l: 'json',
      s: 'json',
    });
    expect(await lines(staged)).toEqual([
      '"1","1.50","0.1","true","2024-02-29","2024-01-01 10:00:00","007","[1,2]","{""x"":""y""}"',
    ]);
  });

  it('refuses a file with a broken page whole, others go on', async () => {
    const good = await parquet('good.parquet', 'SELECT range AS a FROM range(5)');
    const bad = await parquet('bad.parquet', `SELECT md5(range::VARCHAR) AS a FROM range(20000)`);
    const bytes = await readFile(bad.path);
    bytes.fill(0xff, 40, 20_000);
    await writeFile(bad.path, bytes);
    const staged = await stage([bad, good]);
    expect(counts(staged)).toEqual([
      ['bad.parquet', 1, 1],
      ['good.parquet', 5, 0],
    ]);
    expect((await rejects(staged))[0]).toMatchObject({
      file: 'bad.parquet',
      reason: expect.stringMatching(/^expected a Parquet file, got /),
    });
  });

  it('names the value of a refused row', async () => {
    const staged = await stage(
      [await parquet('a.parquet', `SELECT * FROM (VALUES ('1', 'x'), ('no', 'y')) t(n, s)`)],
      {
        columns: [column('n', 'integer')],
      },
    );
    expect(await rejects(staged)).toMatchObject([{ line: null, column: 'n', raw: '{"n":"no","s":"y"}' }]);
  });
});

describe('rejects', () => {
  it('names file, line, column, reason and raw text, and lets the good rows pass', async () => {
    const staged = await stage(
      [await csv('orders.csv', 'id,amount,note\n1,1.5,"two\nlines"\n2,1.5.0,x\n\n,3,y\n4,4,z\n')],
      { columns: [column('id', 'bigint', { required: true }), column('amount', 'numeric(12,2)')] },
    );
    expect(await lines(staged)).toEqual(
      ['"1","1.50","two\nlines"', '"4","4.00","z"'].flatMap((line) => line.split('\n')),
    );
    expect(await rejects(staged)).toEqual([
      {
        source: 0,
        file: 'orders.csv',
        line: 4,
        column: 'amount',
        raw: '2,1.5.0,x',
        reason: 'amount: expected numeric(12,2), got "1.5.0"',
      },
      {
        source: 0,
        file: 'orders.csv',
        line: 6,
        column: 'id',
        raw: ',3,y',
        reason: 'id: expected a value (required), got NULL',
      },
    ]);
    expect(counts(staged)).toEqual([['orders.csv', 4, 2]]);
  });

  it.each([
    ['short and long rows', 'a,b\n1\n2,3\n4,5,6\n', [2, 4]],
    ['a quote inside an unquoted field that splits', 'a,b\n1,2\n3,4"5",6\n5,6\n', [3]],
    ['text after a closing quote', 'a,b\n1,"x"y\n2,3\n', [2]],
  ])('%s', async (_, content, expected) => {
    const staged = await stage([await csv('a.csv', content)]);
    expect((await rejects(staged)).map(({ line }) => line)).toEqual(expected);
    expect(staged.rows).toBe(staged.files[0]!.read - expected.length);
  });

  it('refuses a file with an unclosed quote whole, others go on', async () => {
    const staged = await stage([
      await csv('bad.csv', 'a,b\n1,2\n3,"4\n5,6\n'),
      await csv('good.csv', 'a,b\n7,8\n'),
    ]);
    expect(counts(staged)).toEqual([
      ['bad.csv', 1, 1],
      ['good.csv', 1, 0],
    ]);
    expect(await rejects(staged)).toMatchObject([{ file: 'bad.csv', line: 3 }]);
    expect(await lines(staged)).toEqual(['"7","8"']);
  });

  it('irregular bytes: NUL, invalid UTF-8, all kinds of line ends', async () => {
    const content = Buffer.concat([
      Buffer.from('a,b\r\n1,2\n3,\0\r5,6\r\n7,'),
      Buffer.from([0xff]),
      Buffer.from('\n8,9'),
    ]);
    const staged = await stage([await csv('a.csv', content, { isRegular: false })]);
    expect(await lines(staged)).toEqual(['"1","2"', '"5","6"', '"8","9"']);
    expect((await rejects(staged)).map(({ line, reason }) => [line, reason])).toEqual([
      [3, 'expected text, got a NUL character'],
      [5, 'expected UTF-8 text, got bytes that are none'],
    ]);
  });

  it.each([
    [
      { invalidRows: 'fail' as const },
      'expected no invalid rows (invalid_rows: fail), got 1 of 4 records refused',
    ],
    [{ maxRejects: { count: 0 } }, 'expected at most 0 rejects (max_rejects), got 1 of 4 records refused'],
    [
      { maxRejects: { share: 0.2 } },
      'expected at most 20% rejects (max_rejects), got 1 of 4 records refused',
    ],
  ])('the contract %j fails the stage and keeps the rejects', async (contract, message) => {
    const fault = await stage([await csv('a.csv', 'a,b\n1,2\n3,4\n5\n7,8\n')], {
      contract: { newColumns: 'evolve', invalidRows: 'reject', maxRejects: null, ...contract },
    }).catch((error: unknown) => error as Error & { rejectsPath: string });
    expect(fault).toMatchObject({ code: 'TOO_MANY_REJECTS', message: expect.stringContaining(message) });
    expect(await rejects(fault as { rejectsPath: string })).toMatchObject([{ line: 4 }]);
  });

  it('writes one line a reject, whatever the raw text holds', async () => {
    const staged = await stage([
      await csv('a.csv', 'a,b\n1,\u2028x\u2029\u0085,\ud800\n', { isRegular: false }),
    ]);
    expect(await readFile(staged.rejectsPath!, 'utf8')).toMatch(/^[^\u2028\u2029\n]+\n\{"layout".+\n$/);
    expect(await rejects(staged)).toMatchObject([{ raw: '1,\u2028x\u2029\u0085,\ufffd' }]);
  });

  it('says which raw texts are not the record as it stood', async () => {
    const long = 'x'.repeat(70_000);
    const staged = await stage(
      [
        await csv('a.csv', `n,t\nok,1\n${long},2\nshort\nnul\0,3,4\n`, { isRegular: false }),
        await csv('b.csv', `n,t\nok,1\n${long},2\n`),
        await csv('c.csv', 'n,t\n1,"open\n'),
      ],
      { columns: [column('n', 'integer')] },
    );
    expect((await rejects(staged)).map(({ file, line, flaw }) => [file, line, flaw]).toSorted()).toEqual([
      ['a.csv', 2, undefined],
      ['a.csv', 3, 'cut'],
      ['a.csv', 4, undefined],
      ['a.csv', 5, 'altered'],
      ['b.csv', 2, undefined],
      ['b.csv', 3, 'cut'],
      ['c.csv', 2, 'unread'],
    ]);
  });

  it('tells how the records of a file with rejects were read', async () => {
    const { header: _header, ...semicolon } = { ...PLAIN, delimiter: ';', nulls: ['', 'NA'] };
    const staged = await stage(
      [
        await csv('a.csv', 'N;T\nno;1\n', semicolon),
        await csv('good.csv', 'n,t\n1,1\n'),
        await ndjson('b.ndjson', [{ n: 'no' }]),
        { ...(await ndjson('c.txt', [{ n: 'no' }])), detected: { format: 'text' } },
        await parquet('d.parquet', `SELECT 'no' AS n, 1.5::DECIMAL(9,2) AS d`),
      ],
      { columns: [column('n', 'integer')] },
    );
    const { isRegular: _isRegular, ...dialect } = { ...semicolon, header: true };
    const none = { dialect: null, columns: ['n'], types: [null] };
    expect((await layouts(staged)).map(({ file, layout }) => [file, layout])).toEqual([
      ['a.csv', { format: 'csv', dialect, columns: ['N', 'T'], types: [null, null] }],
      ['b.ndjson', { format: 'json', ...none }],
      ['c.txt', { format: 'text', ...none }],
      [
        'd.parquet',
        { format: 'parquet', dialect: null, columns: ['n', 'd'], types: ['text', 'numeric(9,2)'] },
      ],
    ]);
  });

  it('finds the right lines among many records', async () => {
    const total = 300_000;
    const isBad = (n: number) => n % 1000 === 7;
    const rows = Array.from({ length: total }, (_, n) =>
      isBad(n) ? `bad${n},"x\n${n}"\n` : `${n},"x\n${n}"\n`,
    );
    const staged = await stage([await csv('a.csv', `id,t\n${rows.join('')}`)], {
      columns: [column('id', 'bigint')],
    });
    const found = await rejects(staged);
    expect(found).toHaveLength(total / 1000);
    expect(found.map(({ line, raw }) => [line, raw])).toEqual(
      found.map((_, n) => [2 + 2 * (n * 1000 + 7), `bad${n * 1000 + 7},"x\n${n * 1000 + 7}"`]),
    );
  });
});

describe('identity', () => {
  const identities = async (staged: Stage) => text(staged.identityLines());

  it('does not depend on column order, missing columns or how a number is written', async () => {
    const columns = [column('n', 'numeric')];
    const one = await stage([await csv('a.csv', 'n,t\n1.0,x\n')], { columns });
    const same = await stage([await csv('b.csv', 't,n,more\nx,1,\n')], { columns });
    expect(await identities(one)).toBe(await identities(same));
  });

  it.each([
    ['NULL and an empty text', 'a,b\nx,\n', 'a,b\nx,""\n'],
    ['the same text in another column', 'a,b\nx,\n', 'a,b\n,x\n'],
    ['texts that meet at their ends', 'a,b\nxy,z\n', 'a,b\nx,yz\n'],
  ])('%s differ', async (_, left, right) => {
    expect(await identities(await stage([await csv('l.csv', left)]))).not.toBe(
      await identities(await stage([await csv('r.csv', right)])),
    );
  });

  it('is pinned: a change of its form makes every loaded row unseen', async () => {
    const columns = [
      column('n', 'numeric(12,2)'),
      column('t', 'text'),
      column('d', 'timestamp'),
      column('b', 'boolean'),
    ];
    const staged = await stage([await csv('a.csv', 'n,t,d,b\n1.50,ä,2024-01-01T00:00:00,yes\n')], {
      columns,
    });
    const canonical = ['v1', '1:b4:true', '1:d19:2024-01-01 00:00:00', '1:n3:1.5', '1:t2:ä'].join('');
    expect((await identities(staged)).trim().replaceAll('-', '')).toBe(
      sha(Buffer.from(canonical)).slice(0, 32),
    );
  });

  it('counts repeats as one row, or keeps them apart', async () => {
    const files = [await csv('a.csv', 'a,b\n1,2\n1,2\n3,4\n'), await csv('b.csv', 'a,b\n1,2\n5,6\n')];
    const dropped = await stage(files);
    expect([dropped.rows, dropped.identities]).toEqual([5, 3]);
    expect(await lines(dropped)).toEqual(['"1","2"', '"3","4"', '"5","6"']);
    expect(await dropped.tally(null)).toEqual([
      { file: 0, unseen: 2, duplicate: 1 },
      { file: 1, unseen: 1, duplicate: 1 },
    ]);
    const kept = await stage(files, { duplicates: 'keep' });
    expect([kept.rows, kept.identities]).toEqual([5, 5]);
    expect((await lines(kept)).toSorted()).toEqual(['"1","2"', '"1","2"', '"1","2"', '"3","4"', '"5","6"']);
    expect(await identities(await stage(files, { duplicates: 'keep' }))).toBe(await identities(kept));
    expect(await identities(kept)).toContain((await identities(dropped)).split('\n')[0]!);
  });
});

describe('a finished stage', () => {
  it('gives millions of identities in order, each once, a range at a time', async () => {
    const rows = Array.from({ length: 1_150_000 }, (_, n) => `${n % 1_100_000},x\n`).join('');
    const staged = await stage([await csv('a.csv', `n,v\n${rows}`)]);
    expect([staged.rows, staged.identities]).toEqual([1_150_000, 1_100_000]);
    let listed = '';
    for await (const chunk of staged.identityLines()) listed += chunk.toString();
    const identities = listed.split('\n').slice(0, -1);
    expect(identities).toHaveLength(1_100_000);
    expect(identities.every((identity, n) => n === 0 || identities[n - 1]! < identity)).toBe(true);
  });

  it('hands out only the rows whose identity is listed', async () => {
    const staged = await stage([await csv('a.csv', 'a,b\n1,2\n3,4\n5,6\n')]);
    const all = (await text(staged.identityLines())).trim().split('\n');
    const unseen = path.join(home, 'unseen');
    await writeFile(unseen, `${all[1]}\n`);
    expect(await text(staged.rowLines(unseen))).toMatch(/^"\d","\d"\n$/);
    expect(await staged.tally(unseen)).toEqual([{ file: 0, unseen: 1, duplicate: 2 }]);
  });

  it.each<[what: string, begin: (staged: Stage) => void]>([
    ['identities that nobody asks for', (staged) => staged.beginIdentities!()],
    ['rows that nobody reads', (staged) => void staged.rowLines(null)],
    ['what is to be the combined CSV', (staged) => void staged.combinedLines!()],
  ])('writes nothing after it was closed: %s', async (_what, begin) => {
    const rows = Array.from({ length: 200_000 }, (_, n) => `${n},some text ${n}\n`).join('');
    const folder = path.join(home, 'runs', `closed-${runs++}`);
    const staged = await stage([await csv('a.csv', `n,v\n${rows}`)], { folder });
    begin(staged);
    await staged.close();
    const files = await sizes(folder);
    await delay(500);
    expect(await sizes(folder)).toEqual(files);
  });

  it('is opened again by a later attempt, an unfinished one is not', async () => {
    const folder = path.join(home, 'runs', 'again');
    expect(await schema.reopen(folder, 'orders')).toBeNull();
    const staged = await stage([await csv('a.csv', 'a,b\n1,2\n')], { folder });
    expect(await schema.reopen(folder, 'orders')).toMatchObject({
      columns: staged.columns,
      files: staged.files,
      rows: 1,
    });
  });

  it('writes the combined CSV, in which NULL and an empty text differ', async () => {
    const staged = await stage([await csv('a.csv', 'a,b,c\n1,"x,""y""",\n1,"",z\n')]);
    const target = path.join(home, 'combined.csv');
    await staged.writeCombined(target);
    expect(await readFile(target, 'utf8')).toBe('a,b,c\n1,"x,""y""",\n1,"",z\n');
  });

  it('writes the distinct values of some columns as texts, without those of refused records', async () => {
    const file = await csv(
      'a.csv',
      'id,region,amount,at\n2,"no""rth",1.50,2024-01-02T03:04:05Z\n10,,7,\n2,"no""rth",9,\nx,south,1,\n1,é,,\n',
    );
    const columns = [column('id', 'bigint'), column('amount', 'numeric(12,2)'), column('at', 'timestamptz')];
    const staged = await stage([file], { columns });
    const target = path.join(home, `distinct-${runs}.ndjson`);
    await staged.writeDistinct(['id', 'region'], target);
    const parents = (await readFile(target, 'utf8')).split('\n');
    expect(parents).toEqual([
      '{"id":"1","region":"é"}',
      '{"id":"10","region":null}',
      '{"id":"2","region":"no\\"rth"}',
      '',
    ]);
    await staged.writeDistinct(['amount', 'at'], `${target}-2`);
    const values = (await readFile(`${target}-2`, 'utf8')).split('\n');
    expect(values.slice(0, 2)).toEqual([
      '{"amount":"1.50","at":"2024-01-02 03:04:05+00"}',
      '{"amount":"7.00","at":null}',
    ]);
    await expect(staged.writeDistinct(['missing'], `${target}-3`)).rejects.toThrow('got missing');
    const empty = await stage([await csv('b.csv', 'id\n')]);
    await empty.writeDistinct(['id'], `${target}-4`);
    expect(await readFile(`${target}-4`, 'utf8')).toBe('');
  });

  it('is empty for files without records', async () => {
    const staged = await stage([await csv('a.csv', 'a,b\n'), await csv('b.csv', '')]);
    expect([staged.rows, staged.columns.map(({ name }) => name)]).toEqual([0, ['a', 'b']]);
    expect(await lines(staged)).toEqual([]);
  });

  it('has no columns when every file was refused', async () => {
    const staged = await stage([await csv('a.csv', 'a b,a_b\n1,2\n')]);
    const target = path.join(home, 'nothing.csv');
    await staged.writeCombined(target);
    expect([staged.columns, staged.rejected, await lines(staged), await readFile(target, 'utf8')]).toEqual([
      [],
      1,
      [],
      '',
    ]);
  });
});

/** RFC 4180 as plainly as it can be written; null for a record with text after a closing quote. */
function referenceRecords(body: string): ((string | null)[] | null)[] {
  const field = /("((?:[^"]|"")*)"([^,\r\n]*)|([^,\r\n]*))(,|\r\n|\n|\r|$)/y;
  const records: ((string | null)[] | null)[] = [];
  let fields: (string | null)[] | null = [];
  let isBroken = false;
  let start = 0;
  while (field.lastIndex < body.length || start < field.lastIndex) {
    const [, , quoted, after, plain, end] = field.exec(body)!;
    isBroken ||= Boolean(after);
    fields.push(quoted === undefined ? plain || null : quoted.replaceAll('""', '"'));
    if (end === ',') continue;
    const isBlank = field.lastIndex - end!.length === start;
    if (!isBlank) records.push(isBroken ? null : fields);
    [fields, isBroken, start] = [[], false, field.lastIndex];
    if (field.lastIndex >= body.length) break;
  }
  return records;
}

describe('many small files', () => {
  const ODD: [text: string, dialect?: Partial<Dialect>][] = [
    ['id,v\n1,a\n2,b\n'],
    ['id,v\r\n3,c\r\n4,"d\r\n""d"""\r\n'],
    ['id,v\n5,e\n\n\nno,f\n6,'],
    ['v,id\n"x, y",7\n,8\n'],
    ['id,v\n'],
    ['id,v\n9,i\n10\n11,k\n'],
    ['id,v\n12,"l"\nno,say "no"\n'],
    ['id;v\n13;m\nno;""\n', { delimiter: ';' }],
    ['id,v\n14,n\n1,a\n', { nulls: ['1'] }],
    ['id,v,w\n15,o,1\nno,p,2\n'],
  ];
  const columns = [column('id', 'bigint'), column('v', 'text')];

  it('are read together as they are read apart', async () => {
    const files = await Promise.all(
      Array.from({ length: 40 }, (_, n) => csv(`${n}.csv`, ...ODD[n % ODD.length]!)),
    );
    const together = await stage(files, { columns });
    const parts = [await stage(files.slice(0, 20), { columns }), await stage(files.slice(20), { columns })];
    expect(counts(together)).toEqual(parts.flatMap(counts));
    expect(together.rejected).toBe(20);
    const apart = new Set((await Promise.all(parts.map(lines))).flat());
    expect((await lines(together)).toSorted()).toEqual([...apart].toSorted());
    const place = ({ file, line }: StageReject) => Number.parseInt(file) * 100 + line!;
    const inOrder = (all: StageReject[]) => all.toSorted((a, b) => place(a) - place(b));
    const refused = (await Promise.all(parts.map(rejects))).flat();
    expect(inOrder(await rejects(together))).toEqual(inOrder(refused));
  });
});

describe('laws', () => {
  const cell = fc.oneof(
    fc.constant(null),
    fc.string({
      unit: fc.constantFrom('a', 'é', '👩', '"', ',', '\n', '\r\n', ' ', "'", '\\', '1'),
      maxLength: 6,
    }),
  );
  const write = (value: string | null) => (value === null ? '' : `"${value.replaceAll('"', '""')}"`);

  it('every CSV row comes out as it went in', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.tuple(cell, cell), { minLength: 1, maxLength: 30 }), async (rows) => {
        const content = `id,a,b\n${rows.map(([a, b], n) => `${n},${write(a)},${write(b)}\n`).join('')}`;
        const columns = [column('a', 'text'), column('b', 'text')];
        const staged = await stage([await csv('a.csv', content)], { columns });
        const expected = rows.map(([a, b], n) => `${write(a)},${write(b)},"${n}"\n`).join('');
        expect(await text(staged.rowLines(null))).toBe(expected);
      }),
      { numRuns: 60 },
    );
  });

  it('whatever stands in a file: read = staged + rejected, and the lines of the rejects are right', async () => {
    const junk = fc.string({ unit: fc.constantFrom('a', '1', '"', ',', '\n', '\r', ' '), maxLength: 60 });
    await fc.assert(
      fc.asyncProperty(junk, async (body) => {
        const columns = [column('x', 'text'), column('y', 'text')];
        const isRegular = !body.includes('\r');
        const staged = await stage([await csv('a.csv', `x,y\n${body}`, { isRegular })], { columns });
        const [file] = staged.files;
        if (!(await rejects(staged)).some(({ reason }) => reason.includes('closing quote, got the end'))) {
          const good = referenceRecords(body).filter(
            (fields) => fields && fields.length > 1 && fields.slice(2).every((field) => field === null),
          );
          const printed = good.map((fields) => fields!.slice(0, 2).map(write).join(','));
          expect(await text(staged.rowLines(null))).toBe([...new Set(printed), ''].join('\n'));
        }
        expect(staged.rows).toBe(file!.read - file!.rejected);
        expect(await rejects(staged)).toHaveLength(file!.rejected);
        const source = `x,y\n${body}`.split(/\r\n|\n|\r/);
        for (const { line, raw } of await rejects(staged)) {
          expect(source[line! - 1]).toContain(raw.split(/\r|\n/, 1)[0]);
        }
      }),
      { numRuns: 100 },
    );
  });
});

describe('a page of an API', () => {
  const long = 'x'.repeat(64);
  it.each([
    ['a name of 64 bytes', { [long]: '1' }, long],
    ['a reserved name', { constructor: '1' }, 'constructor'],
    ['two names that become one', { name: '1', Name: '2' }, '"name" and "Name"'],
  ])('that has %s ends the run instead of being lost', async (_, record, shown) => {
    const page = await ndjson('page-000001', [{ id: '1' }, { id: '2', ...record }]);
    expect(counts(await stage([page]))).toEqual([['page-000001', 1, 1]]);
    const failed = stage([{ ...page, url: 'https://api.example.com/users?page=1' }]);
    await expect(failed).rejects.toMatchObject({
      code: 'COLUMN_NAME',
      message: expect.stringMatching(/^orders: .*page-000001.*api\.example\.com.*`fields`.*`rename`/),
    });
    await expect(failed).rejects.toThrow(shown);
  });

  it('whose quotes never close ends the run, too', async () => {
    const page = await csv('page-000001', 'a,b\n1,2\n3,"4\n5,6\n');
    expect((await rejects(await stage([page]))).at(-1)).toMatchObject({ flaw: 'unread' });
    await expect(stage([{ ...page, url: 'https://api.example.com/users' }])).rejects.toMatchObject({
      code: 'UNCLOSED_QUOTE',
    });
  });
});

/** Pages as extraction lands them in one file, in the order of `order`; each with the refused record that its texts hold. */
async function sharedPages(pages: Record<string, string | null>[][], order: number[]): Promise<LandedText[]> {
  const file = path.join(home, `${runs}-pages.ndjson`);
  let [text, raw] = ['', ''];
  const files: LandedText[] = [];
  for (const [number, index] of order.entries()) {
    const records = pages[index]!;
    const rawStart = Buffer.byteLength(raw);
    for (const [n, record] of records.entries()) {
      const source = JSON.stringify(record);
      const at = Buffer.byteLength(raw) - rawStart;
      const places = { '#page': number + 1, '#line': n + 1, '#at': at, '#length': Buffer.byteLength(source) };
      text += `${JSON.stringify({ ...places, ...record })}\n`;
      raw += `${source}\n`;
    }
    const columns = [...new Set(records.flatMap((record) => Object.keys(record)))];
    const shared = { page: number + 1 };
    files[index] = landed(`page-${index}`, file, 'ndjson', {
      columns,
      rawPath: `${file}.raw`,
      rawStart,
      shared,
    });
  }
  await writeFile(file, text);
  await writeFile(`${file}.raw`, raw);
  return files;
}

describe('pages that share a landed file', () => {
  const records = fc.array(
    fc.dictionary(fc.constantFrom('n', 'Name', 'name', 'x y', 'é'), fc.constantFrom('1', '2', 'é', null), {
      noNullPrototype: true,
    }),
    { maxLength: 4 },
  );
  /** A page that has two names for one column cannot be read at all, alone or not. */
  const isReadable = (page: object[]) =>
    new Set(page.flatMap(Object.keys).filter((name) => /^name$/i.test(name))).size < 2;

  it('are staged like pages in files of their own, in whatever order they came, without those left out', async () => {
    const page = records.filter(isReadable);
    await fc.assert(
      fc.asyncProperty(
        fc.array(page, { minLength: 1, maxLength: 6 }),
        fc.array(fc.nat(), { minLength: 6, maxLength: 6 }),
        fc.nat(5),
        async (pages, keys, left) => {
          const order = pages.map((_, index) => index).sort((a, b) => keys[a]! - keys[b]! || a - b);
          const wanted = (_: LandedText, index: number) => index !== left;
          const columns = [column('n', 'integer')];
          const alone = await Promise.all(pages.map((rows, index) => ndjson(`page-${index}`, rows)));
          const own = await stage(alone.filter(wanted), { columns });
          const together = await stage((await sharedPages(pages, order)).filter(wanted), { columns });
          expect(counts(together)).toEqual(counts(own));
          expect(together.columns.map(({ name }) => name)).toEqual(own.columns.map(({ name }) => name));
          expect((await lines(together)).sort()).toEqual((await lines(own)).sort());
          const placed = (staged: StageReject[]) =>
            staged.map(({ file, line, reason }) => `${file} ${line} ${reason}`).sort();
          expect(placed(await rejects(together))).toEqual(placed(await rejects(own)));
          for (const { file, line, raw } of await rejects(together))
            expect(JSON.parse(raw)).toEqual(pages[Number(file.slice(5))]![line! - 1]);
        },
      ),
      { numRuns: 30 },
    );
  });

  it('have numbers of JSON or texts with a decimal comma, each for itself', async () => {
    const pages = ['1.234', '1.234', '1.234', '1.5', '1,5'].map((n) => [{ n }]);
    const holds = [
      { all: ['n'], some: [] },
      { all: [], some: [] },
      { all: [], some: ['n'] },
    ];
    const files = (await sharedPages(pages, [4, 1, 0, 3, 2])).map((file, index) => ({
      ...file,
      numbers: holds[[0, 1, 2, 0, 2][index]!]!,
    }));
    const columns = [{ ...column('n', 'numeric(9,3)'), cleaning: { decimal: ',' as const } }];
    const staged = await stage(files, { columns });
    // The two that are 1.5 are one row.
    expect((await lines(staged)).map((line) => /[0-9.]+/.exec(line)?.[0]).sort()).toEqual([
      '1.234',
      '1.500',
      '1234.000',
    ]);
    expect((await rejects(staged)).map(({ file, reason }) => [file, reason])).toEqual([
      ['page-2', 'n: expected numeric(9,3) written as 1.234,56, got "1.234 (number or text)"'],
    ]);
  });

  it('may be thousands', async () => {
    const pages = Array.from({ length: 3_000 }, (_, id) => [{ id: String(id) }]);
    const order = pages.map((_, index) => (index * 7) % pages.length);
    const staged = await stage(await sharedPages(pages, order));
    expect(staged.files.every(({ read }) => read === 1)).toBe(true);
    expect(staged.identities).toBe(3_000);
  });
});

describe('a wide table', () => {
  it.each([40, 200])('of %d columns is staged within the memory of the engine', async (width) => {
    const columns = Array.from({ length: width }, (_, n) => n);
    const lines = Array.from({ length: 12_000 }, (_, row) =>
      columns.map((n) => (n % 3 === 0 ? row * n : `value ${row * 7 + n}`)).join(','),
    );
    const header = columns.map((n) => `c${n}`).join(',');
    const staged = await stage([await csv('wide.csv', `${header}\n${lines.join('\n')}\n`)]);
    expect([staged.columns.length, staged.rows, staged.identities]).toEqual([width, 12_000, 12_000]);
    let read = 0;
    for await (const chunk of staged.rowLines(null)) read += chunk.toString().split('\n').length - 1;
    expect(read).toBe(12_000);
  });
});

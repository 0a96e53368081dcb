import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import type { Settings } from '../settings/settings.js';
import { cutEvenly } from './cut-evenly.js';
import { describeFault } from './describe-fault.js';
import { Engine, run } from './engine.js';
import type { SettledColumn } from './settled-column.js';
import { FAULT, stageRows } from './stage-sql.js';
import { SchemaService } from './schema.service.js';
import type { Stage, StageColumn, StageReject } from './stage.js';
import type { DeclaredColumn, LandedText, StageRequest } from './stage-request.js';

let home: string;
let engine: Engine;
let runs = 0;

beforeAll(async () => {
  home = await mkdtemp(path.join(tmpdir(), 'millrace-slices-'));
  const memory = { engine: '256MB', engineThreads: 2 };
  engine = new Engine({ home, dataRoots: [home], memory } as unknown as Settings);
});
afterAll(async () => {
  await engine.onModuleDestroy();
  await rm(home, { recursive: true });
});

const landed = (name: string, file: string, rest: Partial<LandedText>): LandedText => ({
  source: 0,
  name,
  fingerprint: name,
  path: file,
  rawPath: file,
  format: 'csv',
  dialect: null,
  columns: null,
  nested: [],
  rejects: null,
  longest: 0,
  ...rest,
});

async function csv(name: string, text: string): Promise<LandedText> {
  const file = path.join(home, `${runs++}-${name}`);
  await writeFile(file, text);
  const dialect = { delimiter: ',', quote: '"', header: true, nulls: [''], isRegular: true };
  return landed(name, file, { dialect, columns: text.split('\n', 1)[0]!.split(',') });
}

async function parquet(name: string, select: string): Promise<LandedText> {
  const file = path.join(home, `${runs++}-${name}`);
  const connection = await engine.connect();
  await connection.run(`COPY (${select}) TO '${file}' (FORMAT parquet)`);
  connection.closeSync();
  return landed(name, file, { format: 'parquet' });
}

/** Stages with so many columns in a statement at most; without a number as the engine's memory has it. */
async function stage(
  files: LandedText[],
  request: Partial<StageRequest> = {},
  width = engine.width,
  by = engine,
) {
  const folder = path.join(home, 'runs', String(runs++));
  await mkdir(folder, { recursive: true });
  const narrow = Object.create(by, { width: { value: width } }) as Engine;
  return new SchemaService(narrow).stage({
    folder,
    table: 'wide',
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

const column = (name: string, type: string, rest: Partial<DeclaredColumn> = {}): DeclaredColumn => ({
  name,
  type,
  required: false,
  formats: [],
  ...rest,
});

/** Of copies: the memory of chunks is used again. */
const text = async (chunks: AsyncIterable<Buffer>) =>
  Buffer.concat(await Array.fromAsync(chunks, (chunk) => Buffer.from(chunk))).toString();

/** Fields of CSV without the quotes that need not be there; null: an empty one without quotes. */
function records(lines: string): (string | null)[][] {
  const all: (string | null)[][] = [[]];
  for (const [, quoted, bare, end] of lines.matchAll(/(?:"((?:[^"]|"")*)"|([^",\n]*))(,|\n)/g)) {
    all.at(-1)!.push(quoted?.replaceAll('""', '"') ?? (bare === '' ? null : bare!));
    if (end === '\n') all.push([]);
  }
  return all.slice(0, -1);
}

/** All that a stage can tell, apart from how its CSV is quoted, and the order of rows, which `duplicates: keep` changes. */
async function tell(staged: Stage) {
  const combined = path.join(home, `${runs++}.csv`);
  const distinct = path.join(home, `${runs++}.json`);
  await staged.writeCombined(combined);
  const names = [staged.columns.at(-1)!.name, staged.columns[0]!.name];
  await staged.writeDistinct(names, distinct);
  const { columns, files, rows, identities, rejected, nulled, rejectsPath } = staged;
  const known = { columns, files, rows, identities, rejected, nulled };
  return {
    ...known,
    rejects: rejectsPath && (await readFile(rejectsPath, 'utf8')),
    combined: (await readFile(combined, 'utf8')).split('\n').toSorted(),
    combinedRows: (await text(staged.combinedRows())).split('\n').toSorted(),
    distinct: await readFile(distinct, 'utf8'),
    hashes: await text(staged.identityLines()),
    lines: records(await text(staged.rowLines(null))).toSorted(),
    placed: records(await text(staged.placedLines('all')))
      .map(([, ...rest]) => rest)
      .toSorted(),
    unidentified: records(await text(staged.placedLines('unidentified')))
      .map(([, ...rest]) => rest)
      .toSorted(),
    repeats: [await staged.hasRepeats?.([names[0]!]), await staged.hasRepeats?.(names)],
    tally: await staged.tally(null),
    newest: await staged.newestOf([names[0]!], names[1]),
  };
}

const MIXED = [
  'zip,id,name,amount,at,note,flag,extra',
  '007,1,Ada,1.50,2024-01-01,"a ""b"", c",true,',
  ',2,"",2.00,2024-02-01,"two\nlines",false,',
  '9,x,Bob,3.25,2024-03-01,#hash,true,',
  '9,4,,y,2024-03-01, blank ,true,new',
  '9,5,,y,no,z,true,',
  '007,1,Ada,1.5,2024-01-01,"a ""b"", c",true,',
  '12,7,Zoë,,,\u0001,,',
  '',
].join('\n');
const DECLARED = [
  column('id', 'integer', { required: true }),
  column('amount', 'numeric(12,2)'),
  column('at', 'date'),
  column('flag', 'boolean'),
  column('total', 'numeric(14,2)', { cleaning: { expression: 'amount * id' } }),
  column('shout', 'text', { cleaning: { expression: 'upper(name) || zip' } }),
  column('name', 'varchar(3)'),
];
const known = (name: string, type: StageColumn['type']) => ({ name, type, required: false });
const CONTRACT = { newColumns: 'evolve', invalidRows: 'reject', maxRejects: null } as const;
const PEOPLE =
  `SELECT range AS id, 'n' || range AS name, range % 3 = 0 AS third, {'a': range} AS nested, ` +
  `CASE WHEN range = 3 THEN 'x' ELSE '5' END AS size, date '2024-01-01' + range::INTEGER AS day FROM range(6)`;

const CASES: [what: string, files: () => Promise<LandedText>[], request: Partial<StageRequest>][] = [
  ['inferred types', () => [csv('a.csv', MIXED)], {}],
  ['declared types and expressions', () => [csv('a.csv', MIXED)], { columns: DECLARED }],
  ['strict mode', () => [csv('a.csv', MIXED)], { columns: DECLARED, strictMode: true }],
  [
    'values that become NULL',
    () => [csv('a.csv', MIXED)],
    { columns: DECLARED, contract: { ...CONTRACT, invalidRows: 'null' } },
  ],
  [
    'columns that nobody wants',
    () => [csv('a.csv', MIXED)],
    {
      contract: { ...CONTRACT, newColumns: 'reject' },
      existing: ['id', 'zip', 'name', 'amount', 'at', 'flag'].map((name) => known(name, { name: 'text' })),
    },
  ],
  [
    'a table that becomes wider',
    () => [csv('a.csv', MIXED)],
    {
      contract: { ...CONTRACT, typeChange: 'widen' },
      existing: [known('id', { name: 'integer' }), known('amount', { name: 'integer' })],
    },
  ],
  ['true repeats', () => [csv('a.csv', MIXED), csv('b.csv', MIXED)], { duplicates: 'keep' }],
  ['places of all rows', () => [csv('a.csv', MIXED), csv('b.csv', MIXED)], { keepPlaces: true }],
  ['files of other columns', () => [csv('a.csv', MIXED), csv('b.csv', 'id,other\n9,x\n')], {}],
  [
    'Parquet with rejects',
    () => [parquet('p.parquet', PEOPLE), csv('b.csv', 'id,name\nz,y\n')],
    { columns: [column('size', 'integer'), column('id', 'bigint')] },
  ],
  ['Parquet with places', () => [parquet('p.parquet', PEOPLE)], { keepPlaces: true }],
  ['nothing but a header', () => [csv('a.csv', 'a,b,c,d\n')], {}],
];

describe('a stage in slices', () => {
  it.each(CASES)('is the same as in one piece: %s', async (_, files, request) => {
    const all = await Promise.all(files());
    const whole = await tell(await stage(all, request, 10_000));
    for (const width of [2, 1]) expect(await tell(await stage(all, request, width))).toEqual(whole);
  });

  it('tells the same losses', async () => {
    const file = await csv('a.csv', MIXED);
    const columns = [...DECLARED, column('zip', 'integer')];
    const told: unknown[] = [];
    for (const width of [10_000, 1])
      await stage([file], { columns, onLosses: (losses) => told.push(losses) }, width);
    expect(told[0]).not.toEqual([]);
    expect(told[1]).toEqual(told[0]);
  });

  it('refuses rows after all, with their place and text', async () => {
    const file = await csv('a.csv', MIXED);
    const told: unknown[] = [];
    for (const width of [10_000, 1]) {
      const staged = await stage([file], { keepPlaces: true }, width);
      const target = path.join(home, `${runs++}`);
      await writeFile(`${target}.csv`, '2,name,the database says no\n');
      const refusal = { list: `${target}.csv`, withRepeats: true, path: `${target}.ndjson` };
      const { rejectsPath, ...rest } = await staged.refuse(refusal);
      const lines = (await readFile(rejectsPath!, 'utf8')).split('\n').filter(Boolean);
      told.push([rest, lines.map((line) => (JSON.parse(line) as StageReject).raw)]);
    }
    expect(told[1]).toEqual(told[0]);
  });

  it('writes any text as the engine does', async () => {
    const value = fc.oneof(
      fc.constantFrom('', '"', ',', '\n', '\r', '#', '\\.', ' ', 'null', '\u0001', '\\N', "'"),
      fc.string({ unit: 'binary' }).map((one) => one.replaceAll('\0', '')),
      fc.constant(null),
    );
    const rows = fc.array(fc.array(value, { minLength: 3, maxLength: 3 }), { minLength: 1, maxLength: 5 });
    const field = (one: string | null) => (one === null ? '' : `"${one.replaceAll('"', '""')}"`);
    await fc.assert(
      fc.asyncProperty(rows, async (all) => {
        const lines = all.map((row, n) => [...row, String(n)].map(field).join(','));
        const file = await csv('a.csv', `${['b', 'a', 'c', 'n'].join(',')}\n${lines.join('\n')}\n`);
        const columns = ['a', 'b', 'c'].map((name) => column(name, 'text'));
        const whole = await tell(await stage([file], { columns }, 10_000));
        expect(await tell(await stage([file], { columns }, 1))).toEqual(whole);
      }),
      { numRuns: 8 },
    );
  });
});

describe('a wide table', () => {
  const KINDS = [
    (n: number) => String(n),
    (n: number) => `item ${n}`,
    (n: number) => (n / 100).toFixed(2),
    (n: number) => `2024-01-${String((n % 28) + 1).padStart(2, '0')}`,
    (n: number) => (n % 5 === 0 ? '' : String(n % 2 === 0)),
  ];
  const kindOf = (n: number) => KINDS[n % KINDS.length]!;

  it.each([
    [400, 3_000],
    [1600, 300],
  ])('of %d columns and %d rows is staged within the memory of the engine', async (width, count) => {
    const columns = Array.from({ length: width }, (_, n) => n);
    const line = (row: number) => columns.map((n) => kindOf(n)(row * 7 + n)).join(',');
    const lines = Array.from({ length: count }, (_, row) => line(row));
    const file = await csv('a.csv', `${columns.map((n) => `c${n}`).join(',')}\n${lines.join('\n')}\n`);
    const staged = await stage([file]);
    expect([staged.columns.length, staged.rows, staged.identities]).toEqual([width, count, count]);
    const isSame = (await text(staged.combinedRows())) === `${lines.join('\n')}\n`;
    expect(isSame).toBe(true);
  });
});

describe('thousands of columns that nobody wants', () => {
  const says = (n: number) =>
    `new_${n}: expected no value in a new column (new_columns: reject), got "v${n}"`;

  it('are told by the records that have values in them', async () => {
    const filled = [0, 2_999];
    const files = await Promise.all(
      cutEvenly([...Array(3_000).keys()], 750).map((some, nth) => {
        const cells = some.map((n) => (filled.includes(n) ? `v${n}` : ''));
        return csv(`${nth}.csv`, `id,${some.map((n) => `new_${n}`).join(',')}\n1${nth},${cells.join(',')}\n`);
      }),
    );
    const contract = { ...CONTRACT, newColumns: 'reject' } as const;
    const staged = await stage(files, { contract, existing: [known('id', { name: 'bigint' })] });
    expect([staged.rows, staged.rejected]).toEqual([2, 2]);
    const lines = (await readFile(staged.rejectsPath!, 'utf8')).split('\n');
    const rejects = lines
      .filter((line) => line.includes('"reason"'))
      .map((line) => JSON.parse(line) as StageReject);
    expect(rejects.map(({ reason }) => reason)).toEqual(filled.map(says));
  });

  it.each([9_999, 10_000, 32_768])('are not taken for another fault at column %d', async (n) => {
    const places = ['#line', '#at', '#length', '#raw'].map((name) => `NULL::VARCHAR AS "${name}"`);
    const record = `SELECT '1' AS r0, 'v${n}' AS r${n}, 0 AS "#file", ${places.join(', ')}`;
    const id: SettledColumn = { ...column('id', ''), type: { name: 'bigint' }, required: true };
    const unwanted: SettledColumn = { ...id, name: `new_${n}`, isUnwanted: true };
    const sql = stageRows(record, [id], { mayHoldNul: false, keepPlaces: false, unwanted: [n] });
    const connection = await engine.connect();
    const [row] = await run(connection, sql).finally(() => connection.closeSync());
    const error = Number(row!['#error']);
    expect(error % FAULT.required).toBe(n);
    expect(describeFault(error, unwanted, String(row!['#bad']))).toBe(says(n));
  });
});

describe('rows that are long', () => {
  let small: Engine;

  beforeAll(() => {
    const memory = { engine: '100MB', engineThreads: 2 };
    small = new Engine({ home, dataRoots: [home], memory } as unknown as Settings);
  });
  afterAll(() => small.onModuleDestroy());

  const written = async (staged: Stage) => (await text(staged.combinedRows())).trimEnd().split('\n');

  it('are put together a few at a time in a wide table', async () => {
    const names = Array.from({ length: 120 }, (_, n) => `c${n}`);
    const value = (row: number, n: number) => (n % 3 === 0 ? `${row}.${n} `.padEnd(2_500, 'x') : row + n);
    const lines = Array.from({ length: 300 }, (_, row) => names.map((_, n) => value(row, n)).join(','));
    const file = await csv('a.csv', `${names.join(',')}\n${lines.join('\n')}\n`);
    for (const duplicates of ['drop', 'keep'] as const) {
      const staged = await stage([file], { duplicates }, small.width, small);
      expect([staged.columns.length, staged.rows, staged.identities]).toEqual([120, 300, 300]);
      expect((await written(staged)).every((line, n) => line === lines[n])).toBe(true);
    }
  });

  it('are read a few at a time from Parquet, with those that are refused', async () => {
    const long = (name: string) => `rpad(range || '${name}', 700_000, md5(range || '${name}')) AS ${name}`;
    const size = `CASE WHEN range = 17 THEN 'x' ELSE range::VARCHAR END AS size`;
    const select = `SELECT range AS id, ${long('a')}, ${long('b')}, ${size} FROM range(40)`;
    const file = await parquet('long.parquet', select);
    const staged = await stage([file], { columns: [column('size', 'integer')] }, small.width, small);
    expect([staged.rows, staged.identities, staged.rejected]).toEqual([39, 39, 1]);
    const starts = (await written(staged)).map((line) => /^\d+,\d+/.exec(line)![0]);
    const ids = Array.from({ length: 40 }, (_, n) => n).filter((n) => n !== 17);
    expect(starts).toEqual(ids.map((n) => `${n},${n}`));
    const reject = JSON.parse(
      (await readFile(staged.rejectsPath!, 'utf8')).split('\n', 1)[0]!,
    ) as StageReject;
    expect([reject.line, reject.column]).toEqual([null, 'size']);
  });

  it('that one is too long for end in words of what to set', async () => {
    const file = await parquet('longest.parquet', `SELECT 1 AS id, repeat('x', 45_000_000) AS a`);
    const failed = stage([file], {}, small.width, small);
    await expect(failed).rejects.toMatchObject({
      code: 'ENGINE_MEMORY',
      message:
        'expected the columnar engine to manage with its 100MB, it needs more: set MILLRACE_MEMORY=200MB, or more, and start the service again',
    });
  });
});

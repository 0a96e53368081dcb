import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { DuckDBConnection } from '@duckdb/node-api';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import type { Settings } from '../settings/settings.js';
import { type ColumnType, formatColumnType, isWidening, parseColumnType } from './column-types.js';
import { Engine } from './engine.js';
import { holdsText } from './holds-text.js';
import { SchemaService } from './schema.service.js';
import type { Stage, StageColumn } from './stage.js';
import type { LandedText } from './stage-request.js';

let home: string;
let engine: Engine;
let schema: SchemaService;
let connection: DuckDBConnection;
let runs = 0;

beforeAll(async () => {
  home = await mkdtemp(path.join(tmpdir(), 'millrace-widening-'));
  const memory = { engine: '256MB', engineThreads: 2 };
  engine = new Engine({ home, dataRoots: [home], memory } as unknown as Settings);
  schema = new SchemaService(engine);
  connection = await engine.connect();
});
afterAll(async () => {
  connection.closeSync();
  await engine.onModuleDestroy();
  await rm(home, { recursive: true });
});

describe('what a column holds', () => {
  const CASES: [type: string, held: string[], not: string[]][] = [
    ['smallint', ['0', '-7', '32767', '7.0'], ['32768', '007', '+7', '-07', '7.5', 'abc', '1e3']],
    ['integer', ['2147483647'], ['2147483648']],
    ['bigint', ['9223372036854775807', '0'], ['9223372036854775808', '00', '0049', '+49301234']],
    [
      'numeric',
      ['1.10', '0.5', '-0.5', '.5', '1e-05', '9'.repeat(900)],
      ['01.5', '+1', '1,5', '9'.repeat(1001)],
    ],
    ['numeric(6,2)', ['1.5', '1.500', '9999.99'], ['1.555', '10000', '01.5']],
    ['real', ['0.1', '123456', '1e30', 'NaN'], ['0.123456789', '16777217', '1e300', '007']],
    [
      'double',
      ['0.1', '1.10', '5.0', '1e300', '0.30000000000000004', 'Infinity'],
      ['12345678901234567890', '1e400', '1.2345678e-320', '007'],
    ],
    ['boolean', ['true', 'N', '1', 'off'], ['2', 'maybe']],
    ['date', ['2024-02-29', '2024-02-29 00:00:00'], ['2024-02-30', '2024-02-29 10:00:00', '29.02.2024']],
    ['timestamp', ['2024-02-29', '2024-02-29T10:11:12.123456'], ['2024-02-29 10:11:12.1234567', 'later']],
    ['timestamptz', ['2024-02-29T10:11:12Z', '2024-02-29 10:11:12+02'], ['10:11:12']],
    ['time', ['10:11', '10:11:12.5'], ['25:00']],
    ['uuid', ['0198F0A05C1E7D3A9B1F2F6C3E8A4D10'], ['0198f0a0']],
    ['varchar(3)', ['', 'abc', 'äöü'], ['abcd']],
    ['json', ['{"a":1}', '[]', '1'], ['{a:1}', 'abc']],
  ];

  it.each(CASES)('%s', async (type, held, not) => {
    const texts = [...held, ...not];
    const values = texts.map((text) => `('${text}')`).join(', ');
    const sql = `SELECT v, ${holdsText('v', parseColumnType(type))} AS held FROM (VALUES ${values}) AS t(v)`;
    const rows = (await connection.runAndReadAll(sql)).getRowObjects();
    expect(rows.filter(({ held: isHeld }) => isHeld).map(({ v }) => v)).toEqual(held);
    const none = await connection.runAndReadAll(
      `SELECT ${holdsText('NULL::VARCHAR', parseColumnType(type))} AS held`,
    );
    expect(none.getRowObjects()[0]!['held']).not.toBe(true);
  });
});

interface Table {
  columns: StageColumn[] | null;
}

/** Stages texts, one column each, as the next run of a pipeline would, into the table that it was before. */
async function stage(table: Table, rows: (string | null)[][], declared: string[] = []): Promise<Stage> {
  const folder = path.join(home, 'runs', String(runs++));
  await mkdir(folder, { recursive: true });
  const names = rows[0]!.map((_, n) => `c${n}`);
  const file = path.join(home, `${runs}.csv`);
  const line = (row: (string | null)[]) => row.map((text) => (text === null ? '' : `"${text}"`)).join(',');
  await writeFile(file, [names.join(','), ...rows.map(line), ''].join('\n'));
  const dialect = { delimiter: ',', quote: '"', header: true, nulls: [''], isRegular: true };
  const landed: LandedText = {
    source: 0,
    name: 'a.csv',
    fingerprint: 'a',
    path: file,
    rawPath: file,
    format: 'csv',
    dialect,
    columns: names,
    nested: [],
    rejects: null,
    longest: 0,
  };
  return schema.stage({
    folder,
    table: 't',
    naming: 'snake_case',
    strictMode: false,
    columns: declared.map((type, n) => ({ name: `c${n}`, type, required: false, formats: [] })),
    contract: { newColumns: 'evolve', typeChange: 'widen', invalidRows: 'reject', maxRejects: null },
    duplicates: 'drop',
    batchRows: 50_000,
    files: [landed],
    copies: [],
    existing: table.columns,
  });
}

/** The table after a load, as the loader would describe it. */
function loaded({ columns }: Table, staged: Stage): Table {
  return {
    columns: staged.columns.map(({ name, type, required }) => {
      const before = columns?.find((column) => column.name === name);
      const isWidened = before && isWidening(before.type, type);
      const earlier = [...(before?.earlier ?? []), ...(isWidened ? [before.type] : [])];
      return { name, type, required, earlier };
    }),
  };
}

const lines = async (chunks: AsyncIterable<Buffer>) =>
  Buffer.concat(await Array.fromAsync(chunks))
    .toString()
    .split('\n')
    .filter(Boolean);
const typesOf = ({ columns }: Pick<Stage, 'columns'>) => columns.map(({ type }) => formatColumnType(type));
const table = (type: string): Table => ({
  columns: [{ name: 'c0', type: parseColumnType(type), required: false }],
});

describe('type_change: widen', () => {
  const CASES: [from: string, texts: string[], to: string][] = [
    ['smallint', ['7', '7.0'], 'smallint'],
    ['smallint', ['70000'], 'integer'],
    ['smallint', ['70000', '3000000000'], 'bigint'],
    ['integer', ['1.5', '70000'], 'numeric'],
    ['bigint', ['1.5', '007'], 'text'],
    ['bigint', [' 7 ', ''], 'bigint'],
    ['numeric(6,2)', ['1.555'], 'numeric'],
    ['numeric(6,2)', ['x'], 'text'],
    ['real', ['16777217'], 'double'],
    ['double', ['0.1', '12345678901234567890'], 'text'],
    ['varchar(3)', ['abcd'], 'text'],
    ['date', ['2024-02-29', '2024-02-29 10:00:00'], 'text'],
    ['boolean', ['Y', '2'], 'text'],
    ['json', ['[1]'], 'json'],
    ['text', ['007'], 'text'],
  ];

  it.each(CASES)('%s and %j: %s', async (from, texts, to) => {
    const staged = await stage(
      table(from),
      texts.map((text) => [text]),
    );
    expect(typesOf(staged)).toEqual([to]);
    expect(staged).toMatchObject({ rows: texts.length, rejected: 0 });
    expect(staged.columns[0]!.mayWiden ?? false).toBe(from !== to);
  });

  it('leaves a json column as it is: its values are printed anew by the database', async () => {
    const staged = await stage(table('json'), [['{a:1}'], ['[]']]);
    expect(typesOf(staged)).toEqual(['json']);
    expect(staged).toMatchObject({ rows: 1, rejected: 1 });
  });

  it.each([
    ['integer', 'bigint', true],
    ['integer', 'numeric(12,2)', true],
    ['integer', 'double', true],
    ['bigint', 'double', false],
    ['bigint', 'integer', false],
    ['numeric(12,2)', 'numeric(6,4)', false],
    ['date', 'timestamp', false],
    ['json', 'text', false],
    ['boolean', 'text', true],
  ])('%s, declared %s: %s', async (from, declared, mayWiden) => {
    const staged = await stage(table(from), [['1']], [declared]);
    expect(typesOf(staged)).toEqual([declared]);
    expect(staged.columns[0]!.mayWiden ?? false).toBe(mayWiden);
  });
});

/** Texts as they print, of every kind; none that is another spelling of one in another kind (1 for true). */
const POOLS: fc.Arbitrary<string>[] = [
  fc.integer({ min: 2, max: 99 }).map(String),
  fc.integer({ min: -2_000_000_000, max: -2 }).map(String),
  fc.bigInt({ min: 3_000_000_000n, max: 9_000_000_000_000_000_000n }).map(String),
  fc.tuple(fc.integer({ min: 2, max: 999 }), fc.integer({ min: 1, max: 99 })).map(([a, b]) => `${a}.${b}`),
  fc.constantFrom('1e+30', '1.5e-07', '-2e+100'),
  fc.constantFrom('007', '+4930', '00', '-01', '0.50'),
  fc.constantFrom('true', 'false'),
  fc.constantFrom('2024-02-29', '1999-12-31'),
  fc.constantFrom('2024-02-29 10:11:12', '2024-02-29 10:11:12.5'),
  fc.constantFrom('10:11:12', '23:59:59'),
  fc.constantFrom('0198f0a0-5c1e-7d3a-9b1f-2f6c3e8a4d10'),
  fc.constantFrom('abc', 'äöü', ' x', 'Y'),
];
const WIDTH = 6;
/** Runs of a pipeline: each has rows, and each column of a run texts of one kind, or none. */
const RUNS = fc.array(
  fc.tuple(...Array.from({ length: WIDTH }, () => fc.nat({ max: POOLS.length - 1 }))).chain((kinds) =>
    fc.array(fc.tuple(...kinds.map((kind) => fc.option(POOLS[kind]!, { freq: 6 }))), {
      minLength: 1,
      maxLength: 4,
    }),
  ),
  { minLength: 2, maxLength: 4 },
);

/** The same value up to zeros behind the point, an exponent, or the midnight of a date. */
function isSame(printed: string | null, text: string | null): boolean {
  if (printed === text || printed === null || text === null) return printed === text;
  if (printed === `${text} 00:00:00`) return true;
  const isNumber = /^-?(0|[1-9]\d*)(\.\d+)?(e[+-]?\d+)?$/;
  return isNumber.test(printed) && isNumber.test(text) && Number(printed) === Number(text);
}

const fields = (line: string) => line.split(',').map((field) => (field === '' ? null : field.slice(1, -1)));

describe('a table over several runs', () => {
  it('refuses nothing, says what the files say, never becomes narrower, and knows every row again', async () => {
    const law = fc.asyncProperty(RUNS, async (batches) => {
      let now: Table = { columns: null };
      const seen: { rows: (string | null)[][]; identities: string[] }[] = [];
      for (const rows of batches) {
        const staged = await stage(now, rows);
        const next = loaded(now, staged);
        expect(staged.rejected).toBe(0);
        const printed = (await lines(staged.rowLines(null))).map(fields);
        for (const row of printed) {
          expect(rows.some((given) => given.every((text, n) => isSame(row[n]!, text)))).toBe(true);
        }
        next.columns!.forEach(({ type }, n) => {
          const before: ColumnType | undefined = now.columns?.[n]?.type;
          expect(
            !before || formatColumnType(before) === formatColumnType(type) || isWidening(before, type),
          ).toBe(true);
        });
        now = next;
        seen.push({ rows, identities: await lines(staged.identityLines()) });
      }
      for (const { rows, identities } of seen) {
        const again = await stage(now, rows);
        expect(again.columns.some(({ mayWiden }) => mayWiden)).toBe(false);
        expect(await lines(again.identityLines())).toEqual(identities);
      }
    });
    await fc.assert(law, { numRuns: 10 });
  });
});

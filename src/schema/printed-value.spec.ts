import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { DuckDBInstance, type DuckDBConnection } from '@duckdb/node-api';
import { array, assert, asyncProperty, constantFrom, oneof, stringMatching } from 'fast-check';
import { canonicalText } from './canonical-text.js';
import { parseColumnType } from './column-types.js';
import { literal, run } from './engine.js';
import { readAssumed } from './infer-columns.js';
import { canonicalPrinted } from './printed-value.js';
import type { SettledColumn } from './settled-column.js';
import { typedRows } from './stage-sql.js';

let instance: DuckDBInstance;
let connection: DuckDBConnection;

beforeAll(async () => {
  instance = await DuckDBInstance.create(':memory:');
  connection = await instance.connect();
  await connection.run(`SET TimeZone = 'UTC'`);
});

afterAll(() => {
  connection.closeSync();
  instance.closeSync();
});

const ASSUMED = ['bigint', 'numeric', 'boolean', 'date', 'timestamp', 'timestamptz', 'time', 'uuid'];
const KNOWN = [
  ...ASSUMED,
  'smallint',
  'integer',
  'numeric(5,2)',
  'numeric(9,0)',
  'numeric(60,5)',
  'real',
  'double',
];
const COLUMNS = [
  ...ASSUMED.map((type) => ({
    what: `${type}, as a sample has it`,
    one: { ...column(type), isAssumed: true as const },
  })),
  ...KNOWN.map((type) => ({ what: type, one: column(type) })),
];

function column(type: string): SettledColumn {
  return { name: 'a', type: parseColumnType(type)!, required: false, formats: [] };
}

const EDGES = [
  '0 -0 1 -1 +1 007 00 0x10 1e3 1e+20 1_000 . - 1. .5 -0.5 0.50 0.0 -0.0 0.000 100 100.00 -100.10 12.34 nan inf -inf',
  '32767 32768 2147483647 2147483648 999999999999999999 1000000000000000000 -999999999999999999 -1000000000000000000',
  '9223372036854775807 9223372036854775808 123.45 999.99 1000.00 123.456 1.5 1.50 0.1 1e-05 3.4028235e+38',
  'true false TRUE t f yes 1',
  '2024-02-29 2023-02-29 0001-01-01 0000-01-01 9999-12-31 10000-01-01 24-1-1 2024-1-1 infinity -infinity epoch',
  '2024-01-01T00:00:00 2024-01-01T00:00:00Z 10000-01-01T00:00:00 12:34:56 12:34:56.5 12:34:56.50 24:00:00 12:34',
  '123e4567-e89b-12d3-a456-426614174000 123E4567-E89B-12D3-A456-426614174000 123e4567e89b12d3a456426614174000',
]
  .flatMap((line) => line.split(' '))
  .concat([
    '',
    ' ',
    ' 1',
    '1 ',
    ' true',
    ' 2024-01-01 ',
    '0044-03-15 (BC)',
    ...['', '.5', '.50', '.123456', '.1234567', 'Z', '+00', '+00:00', '+0000', '+01'].map(
      (end) => `2024-01-01 12:34:56${end}`,
    ),
    ...['0000', '0001', '9999', '10000'].flatMap((year) =>
      ['', ' 00:00:00', ' 00:00:00+00'].map((time) => `${year}-01-01${time}`),
    ),
    '2024-01-01 24:00:00',
    '2024-01-01 23:59:60',
  ]);

const REST = '0 AS "#file", NULL AS "#line", NULL AS "#at", NULL AS "#length", NULL AS "#raw"';

/** For each text: what becomes of it, and what becomes of it without a look at how it is printed. */
async function readBoth(one: SettledColumn, texts: string[]) {
  const relation = `SELECT r0, ${REST} FROM (VALUES ${texts.map((text) => `(${literal(text)})`).join(', ')}) AS t(r0)`;
  const rules = { mayHoldNul: false, keepPlaces: false };
  const select = (which: SettledColumn, canonical: string) =>
    `SELECT v0 AS text, t0::VARCHAR AS value, ${canonical} AS canonical FROM (${typedRows(relation, [which], rules)})`;
  const fast = await run(connection, select(one, canonicalPrinted(one, 0, canonicalText(one, 0))));
  // A column that is cleaned, even of nothing, is read by its rules.
  const slowly = { ...one, cleaning: {} };
  const slow = one.isAssumed
    ? `SELECT r0 AS text, t0::VARCHAR AS value, ${canonicalText(slowly, 0)} AS canonical
         FROM (SELECT r0, ${readAssumed(one.type, 'r0')} AS t0 FROM (${relation}))`
    : select(slowly, canonicalText(slowly, 0));
  return { fast, slow: await run(connection, slow) };
}

describe.each(COLUMNS)('a value of the type $what', ({ one }) => {
  it('is read, and identified, as it is by the rules of the type', async () => {
    const { fast, slow } = await readBoth(one, EDGES);
    expect(fast.filter(({ value }) => value !== null).length).toBeGreaterThan(0);
    expect(fast).toEqual(slow);
  });
});

describe('any text', () => {
  it('is read, and identified, as it is by the rules of the type', async () => {
    const texts = [
      /^ ?-?[0-9]{1,20} ?$/,
      /^-?[0-9]{1,4}\.[0-9]{0,4}$/,
      /^[0-9]{4,5}-[01][0-9]-[0-3][0-9]([ T][0-2][0-9]:[0-6][0-9]:[0-6][0-9](\.[0-9]{1,7})?(Z|\+00(:?00)?)?)?$/,
      /^[0-2][0-9]:[0-6][0-9]:[0-6][0-9](\.[0-9]{1,7})?$/,
      /^[0-9](\.[0-9]{1,3})?e[+-][0-9]{1,2}$/,
    ].map((pattern) => stringMatching(pattern));
    const some = array(oneof(...texts), { minLength: 1 });
    const law = asyncProperty(constantFrom(...COLUMNS), some, async ({ what, one }, lines) => {
      const { fast, slow } = await readBoth(one, lines);
      expect({ what, fast }).toEqual({ what, fast: slow });
    });
    await assert(law, { numRuns: 200 });
  });
});

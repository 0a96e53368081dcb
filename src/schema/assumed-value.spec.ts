import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { DuckDBInstance, type DuckDBConnection } from '@duckdb/node-api';
import { array, assert, asyncProperty, constantFrom, oneof, stringMatching } from 'fast-check';
import { canonicalAssumed, printedParts, readAssumed } from './assumed-value.js';
import type { TypeName } from './column-types.js';
import { literal, run } from './engine.js';
import { fitsForm } from './infer-columns.js';
import { TYPE_RULES } from './type-rules.js';

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

const TYPES: TypeName[] = [
  'bigint',
  'numeric',
  'boolean',
  'date',
  'timestamp',
  'timestamptz',
  'time',
  'uuid',
];

const EDGES = [
  '0 -0 1 -1 +1 007 00 0x10 1e3 1_000 . - 1. .5 -0.5 0.50 0.0 -0.0 0.000 100 100.00 -100.10 12.34',
  '999999999999999999 1000000000000000000 -999999999999999999 -1000000000000000000 9223372036854775807 9223372036854775808',
  'true false TRUE t f yes 1',
  '2024-02-29 2023-02-29 0001-01-01 0000-01-01 9999-12-31 10000-01-01 24-1-1 2024-1-1 infinity -infinity epoch',
  '2024-01-01T00:00:00 2024-01-01T00:00:00Z 10000-01-01T00:00:00 12:34:56 12:34:56.5 12:34:56.50 24:00:00 12:34',
  '123e4567-e89b-12d3-a456-426614174000 123E4567-E89B-12D3-A456-426614174000 123e4567e89b12d3a456426614174000',
]
  .flatMap((line) => line.split(' '))
  .concat([
    '',
    ' 1',
    '1 ',
    '0044-03-15 (BC)',
    ...['', '.5', '.50', '.123456', '.1234567', 'Z', '+00', '+00:00', '+0000', '+01'].map(
      (end) => `2024-01-01 12:34:56${end}`,
    ),
    ...['0000', '0001', '9999', '10000'].map((year) => `${year}-01-01 00:00:00`),
    ...['0000', '0001', '9999', '10000'].map((year) => `${year}-01-01 00:00:00+00`),
    '2024-01-01 24:00:00',
    '2024-01-01 23:59:60',
  ]);

/** For each text: what the assumed type makes of it, and what inference and the full rules make of it. */
async function readBoth(name: TypeName, texts: string[]) {
  const column = { type: { name }, isAssumed: true as const };
  const rule = TYPE_RULES[name];
  const values = texts.map((text) => `(${literal(text)})`).join(', ');
  const parts = ['v0', ...printedParts(column, 0)].join(', ');
  const typed = `SELECT *, ${readAssumed(column, 0)} AS t0 FROM (SELECT ${parts} FROM (VALUES ${values}) AS t(v0))`;
  const full = `CASE WHEN ${fitsForm(name, 'v0')} THEN ${rule.read('v0', { name })} END`;
  const both = `SELECT *, ${canonicalAssumed(column, 0)} AS k0, ${full} AS full FROM (${typed})`;
  return run(
    connection,
    `SELECT v0 AS text, t0::VARCHAR AS value, CASE WHEN t0 IS NOT NULL THEN k0 END AS canonical,
            "full"::VARCHAR AS "fullValue", ${rule.canonical('"full"', { name })} AS "fullCanonical" FROM (${both})`,
  );
}

/** The texts that are not read or not identified alike. */
async function findUnlike(name: TypeName, texts: string[]) {
  const both = texts.length > 0 ? await readBoth(name, texts) : [];
  return both.filter(
    ({ value, canonical, fullValue, fullCanonical }) => value !== fullValue || canonical !== fullCanonical,
  );
}

describe('a value of an assumed type', () => {
  it.each(TYPES)('is read as by inference and the rules of %s, and identified alike', async (name) => {
    const values = await readBoth(name, EDGES);
    expect(values.filter(({ value }) => value !== null).length).toBeGreaterThan(0);
    expect(await findUnlike(name, EDGES)).toEqual([]);
  });

  it('is so whatever the text', async () => {
    const texts = [
      /^-?[0-9]{1,20}$/,
      /^-?[0-9]{1,4}\.[0-9]{0,4}$/,
      /^[0-9]{4,5}-[01][0-9]-[0-3][0-9]([ T][0-2][0-9]:[0-6][0-9]:[0-6][0-9](\.[0-9]{1,7})?(Z|\+00(:?00)?)?)?$/,
      /^[0-2][0-9]:[0-6][0-9]:[0-6][0-9](\.[0-9]{1,7})?$/,
    ].map((pattern) => stringMatching(pattern));
    const law = asyncProperty(constantFrom(...TYPES), array(oneof(...texts)), async (name, some) => {
      expect(await findUnlike(name, some)).toEqual([]);
    });
    await assert(law, { numRuns: 150 });
  });
});

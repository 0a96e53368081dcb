import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { DuckDBInstance, type DuckDBConnection } from '@duckdb/node-api';
import { parseColumnType } from './column-types.js';
import { TYPE_RULES } from './type-rules.js';

/** type -> [what stands in the file, what the stage prints; null: refused] */
const READ: Record<string, [string, string | null][]> = {
  integer: [
    ['1', '1'],
    ['+1', '1'],
    ['007', '7'],
    ['1.0', '1'],
    ['-0', '0'],
    ['1.5', null],
    ['1e3', null],
    ['0x1F', null],
    ['1_000', null],
    ['2147483648', null],
    ['1,5', null],
    ['NaN', null],
  ],
  bigint: [
    ['9007199254740993', '9007199254740993'],
    ['9223372036854775808', null],
  ],
  'numeric(5,2)': [
    ['1.5', '1.50'],
    ['.5', '0.50'],
    ['5.', '5.00'],
    ['+1.50', '1.50'],
    ['000123.4500', '123.45'],
    ['123.456', null],
    ['1234', null],
    ['1.5.0', null],
    ['1e2', '100.00'],
    ['1.5E-1', '0.15'],
    ['1e-05', null],
    ['1e3', null],
    ['.', null],
    ['', null],
    ['-', null],
  ],
  numeric: [
    ['123456789012345678901234567890.123456789012', '123456789012345678901234567890.123456789012'],
    ['1.10', '1.10'],
    ['1e3', '1000'],
    ['1e-05', '0.00001'],
    ['1.5E2', '150'],
    ['1e400', null],
    ['1e-30', null],
    ['1,5', null],
    ['NaN', null],
    ['9'.repeat(1000), '9'.repeat(1000)],
    ['9'.repeat(1001), null],
  ],
  'numeric(50,10)': [
    [
      '1234567890123456789012345678901234567890.0123456789',
      '1234567890123456789012345678901234567890.0123456789',
    ],
    ['12345678901234567890123456789012345678901', null],
  ],
  double: [
    ['1.5', '1.5'],
    ['1e308', '1e+308'],
    ['1e400', null],
    ['NaN', 'nan'],
    ['-Infinity', '-inf'],
    ['1_000', null],
    ['0x1F', null],
  ],
  real: [
    ['1.5', '1.5'],
    ['1e39', null],
  ],
  boolean: [
    ['true', 'true'],
    ['Yes', 'true'],
    ['ON', 'true'],
    ['1', 'true'],
    ['f', 'false'],
    ['N', 'false'],
    ['off', 'false'],
    ['0', 'false'],
    ['2', null],
    ['maybe', null],
  ],
  date: [
    ['2024-02-29', '2024-02-29'],
    ['1850-01-01', '1850-01-01'],
    ['2024-01-31 00:00:00', '2024-01-31'],
    ['2024-01-31T12:00:00', null],
    ['2024-02-30', null],
    ['0000-01-01', null],
    ['01/02/2024', null],
    ['2024-1-2', null],
  ],
  time: [
    ['10:11', '10:11:00'],
    ['10:11:12.123456', '10:11:12.123456'],
    ['10:11:12.1234567', null],
    ['24:00:00', null],
  ],
  timestamp: [
    ['2024-01-01T10:11:12Z', '2024-01-01 10:11:12'],
    ['2024-01-01 10:11:12.5', '2024-01-01 10:11:12.5'],
    ['2024-01-01 10:11:12.123456000', '2024-01-01 10:11:12.123456'],
    ['2024-01-01', '2024-01-01 00:00:00'],
    ['2024-01-01 10:11:12+02:00', null],
    ['2024-01-01 10:11:12.123456789', null],
    ['2024-02-30 00:00:00', null],
    ['2024-01-01 24:00:00', null],
  ],
  timestamptz: [
    ['2024-01-01T10:00:00+05:30', '2024-01-01 04:30:00+00'],
    ['2024-01-01 10:00:00-0800', '2024-01-01 18:00:00+00'],
    ['2024-01-01 10:00:00 +02', '2024-01-01 08:00:00+00'],
    ['2024-01-01T10:00:00z', '2024-01-01 10:00:00+00'],
    ['2024-01-01 10:00', '2024-01-01 10:00:00+00'],
  ],
  uuid: [
    ['C0FFEE00-1234-5678-9abc-def012345678', 'c0ffee00-1234-5678-9abc-def012345678'],
    ['c0ffee00123456789abcdef012345678', 'c0ffee00-1234-5678-9abc-def012345678'],
    ['c0ffee00', null],
  ],
  json: [
    ['{"a": 12345678901234567890.10}', '{"a": 12345678901234567890.10}'],
    ['{"a":"NaN, ]"}', '{"a":"NaN, ]"}'],
    ['{"a":NaN}', null],
    ['{"a":"x\\u0000y"}', null],
    ['{"a":"x\\\\u0000y"}', '{"a":"x\\\\u0000y"}'],
    ['{"a":1e400000}', null],
    ['{"a":1e308,"b":"1e99999"}', '{"a":1e308,"b":"1e99999"}'],
    ['[1,]', null],
    ['[-Infinity]', null],
    ['{"a":1', null],
  ],
  'varchar(3)': [
    ['abc', 'abc'],
    ['👩👩👩', '👩👩👩'],
    ['abcd', null],
  ],
};

/** type -> texts that are one value, and so one identity */
const SAME: Record<string, [string[], string][]> = {
  numeric: [
    [['1', '1.0', '+1', '001', '1.', '1e0', '01.00'], '1'],
    [['0', '-0', '0.00', '-0.0', '000', '.0'], '0'],
    [['-0.5', '-.5', '-00.50'], '-0.5'],
    [['100', '1e2', '100.0'], '100'],
    [['-10', '-10.0'], '-10'],
  ],
  'numeric(12,4)': [
    [['1', '1.0', '1.0000'], '1'],
    [['100', '100.'], '100'],
    [['0', '-0.00'], '0'],
  ],
  double: [[['0', '-0.0'], '0']],
  boolean: [[['YES', 't', '1'], 'true']],
};

let connection: DuckDBConnection;

async function value(sql: string): Promise<string | null> {
  const rows = (await connection.runAndReadAll(`SELECT (${sql})::VARCHAR`)).getRows();
  return rows[0]![0] as string | null;
}

const quoted = (text: string) => `'${text.replaceAll("'", "''")}'::VARCHAR`;

beforeAll(async () => {
  connection = await (await DuckDBInstance.create(':memory:', { threads: '1' })).connect();
  await connection.run(`SET TimeZone='UTC'`);
});
afterAll(() => connection.closeSync());

describe.each(Object.entries(READ))('%s', (name, cases) => {
  const type = parseColumnType(name);
  it.each(cases)('reads %j as %j', async (text, expected) => {
    expect(await value(TYPE_RULES[type.name].read(quoted(text), type))).toBe(expected);
  });
});

describe.each(Object.entries(SAME))('%s', (name, cases) => {
  const type = parseColumnType(name);
  const rule = TYPE_RULES[type.name];
  it.each(cases)('takes %j for one value', async (texts, expected) => {
    const canonical = texts.map((text) => value(rule.canonical(`(${rule.read(quoted(text), type)})`, type)));
    expect(await Promise.all(canonical)).toEqual(texts.map(() => expected));
  });
});

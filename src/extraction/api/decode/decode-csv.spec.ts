import { readFileSync, readdirSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { array, assert, asyncProperty, constantFrom, oneof, string } from 'fast-check';
import type { ApiSourceConfig } from '../../../config-history/api-source-config.js';
import { ApiRefused } from '../api-errors.js';
import { decodeCsv } from './decode-csv.js';
import type { DecodedBody } from './page-decoder.js';

async function decode(
  text: string,
  csv: Partial<ApiSourceConfig['csv']> = {},
  mediaType = 'text/csv',
): Promise<DecodedBody> {
  const rules = { delimiter: 'auto', quote: '"', header: true, columns: null, nulls: [''], ...csv };
  const refuse = (code: string, reason: string): ApiRefused => new ApiRefused(code, reason);
  return decodeCsv({ text, source: { records: '$', csv: rules }, mediaType, refuse });
}

describe('decodeCsv', () => {
  const A = [{ a: '1', b: '2' }];
  it.each<[string, string, Partial<ApiSourceConfig['csv']>, unknown[]]>([
    ['plain', 'a,b\n1,2\n', {}, A],
    ['no last line end', 'a,b\n1,2', {}, A],
    ['CRLF', 'a,b\r\n1,2\r\n', {}, A],
    ['CR', 'a,b\r1,2\r', {}, A],
    ['blank lines', '\na,b\n\n1,2\n\n', {}, A],
    ['semicolons', 'a;b\n1;2\n', {}, A],
    ['a declared delimiter', 'a|b\n1|2\n', { delimiter: '|' }, A],
    ['no header', '1,2\n', { header: false, columns: ['a', 'b'] }, A],
    ['quotes', '"a","b"\n"1","2"\n', {}, A],
    ['another quote', "a,b\n'1,5','it''s'\n", { quote: "'" }, [{ a: '1,5', b: "it's" }]],
    ['no quote', 'a,b\n5" pipe,"x\n', { quote: '' }, [{ a: '5" pipe', b: '"x' }]],
    [
      'quotes in the midst',
      'a,b\n5" x,"6"" y"\n7",8"9"\n',
      {},
      [
        { a: '5" x', b: '6" y' },
        { a: '7"', b: '8"9"' },
      ],
    ],
    ['a quoted delimiter, quote and line end', 'a,b\n"1,""\n",""""\n', {}, [{ a: '1,"\n', b: '"' }]],
    [
      'null and the empty text',
      'a,b\n,""\n"",\n',
      {},
      [
        { a: null, b: '' },
        { a: '', b: null },
      ],
    ],
    [
      'declared nulls',
      'a,b\nNA,"NA"\n,\n',
      { nulls: ['NA'] },
      [
        { a: null, b: 'NA' },
        { a: '', b: '' },
      ],
    ],
    ['empty fields beyond the header', 'a,b\n1,2,,\n', {}, A],
    [
      'numbers as they were written',
      'a,b\n12345678901234567890,1.10\n',
      {},
      [{ a: '12345678901234567890', b: '1.10' }],
    ],
    [
      'names that mean something elsewhere',
      'constructor,prototype\n1,2\n',
      {},
      [{ constructor: '1', prototype: '2' }],
    ],
    ['one column', 'a\n1\n', {}, [{ a: '1' }]],
    ['a header alone', 'a,b\n', {}, []],
    ['nothing', '', {}, []],
    ['characters of several bytes', 'ä,b\n€,😀\n', {}, [{ ä: '€', b: '😀' }]],
  ])('reads %s', async (_name, text, csv, expected) => {
    expect(await decode(text, csv)).toMatchObject({ body: undefined, records: expected, broken: [] });
  });

  it('splits at tabs what is called so', async () => {
    expect((await decode('a,b\tc\n1\t2\n', {}, 'text/tab-separated-values')).records).toEqual([
      { 'a,b': '1', c: '2' },
    ]);
  });

  it('refuses the records that do not fit, each by itself', async () => {
    const text = 'a,b\n"1\n2",3\n4\n5,6\n7,8,9\n10,11,""\n"12"x"y","13"\n';
    expect(await decode(text)).toMatchObject({
      records: [
        { a: '1\n2', b: '3' },
        { a: '5', b: '6' },
      ],
      broken: [
        { line: 4, column: null, reason: 'expected 2 fields, got 1', raw: '4' },
        { line: 6, reason: 'expected 2 fields, got 3', raw: '7,8,9' },
        { line: 7, reason: 'expected 2 fields, got 3', raw: '10,11,""' },
        {
          line: 8,
          reason: 'expected the end of a field behind a closing quote, got more',
          raw: '"12"x"y","13"',
        },
      ],
    });
  });

  it.each<[string, string, string]>([
    [
      'an open quote',
      'a,b\n1,"2\n3,4\n',
      'expected a closing quote for the one at line 2, character 3, got the end',
    ],
    ['a text behind a quote in the header', '"a"x,b\n1,2\n', 'header: expected the end of a name'],
    ['a name twice', 'a,a\n1,2\n', 'expected each name once, got "a" for columns 1 and 2'],
    ['no name', 'a,\n1,2\n', 'expected a name for column 2, got no name'],
    ['__proto__', 'a,__proto__\n1,2\n', 'got the reserved name "__proto__"'],
    ['JSON', '{"error":"no"}', 'expected delimited text, got JSON'],
    ['XML', '<?xml version="1.0"?><a/>', 'expected delimited text, got XML'],
    ['a sentence', 'Rate limit exceeded', 'expected delimited text, got "Rate limit exceeded"'],
    ['a quote for a delimiter', 'a\n1', 'expected a delimiter other than the quote'],
  ])('refuses %s', async (name, text, message) => {
    const csv = name === 'a quote for a delimiter' ? { delimiter: '"' } : {};
    const refused = expect.objectContaining({
      code: 'API_BODY_BROKEN',
      message: expect.stringContaining(message) as unknown,
    });
    await expect(decode(text, csv)).rejects.toEqual(refused);
  });

  it('refuses a record that is too long', async () => {
    const text = `a\n"${'x'.repeat(16 * 2 ** 20)}"\n`;
    await expect(decode(text)).rejects.toThrow('expected at most 16777216 bytes for one record, got more');
  });

  it('gives back what was written, in any number of pieces', async () => {
    const cell = oneof(
      string(),
      string({ unit: 'grapheme' }),
      constantFrom(null, '', '"', '""', ',', '\n', '\r\n', 'x'.repeat(70_000)),
    );
    const write = (value: string | null): string =>
      value === null ? '' : `"${value.replaceAll('"', '""')}"`;
    await assert(
      asyncProperty(
        array(array(cell, { minLength: 3, maxLength: 3 }), { maxLength: 8 }),
        constantFrom('\n', '\r\n'),
        async (rows, end) => {
          const text = [['a', 'b', 'c'], ...rows].map((row) => row.map(write).join(',')).join(end);
          const { records, broken } = await decode(text, { delimiter: ',' });
          expect(broken).toEqual([]);
          expect(records).toEqual(rows.map(([a, b, c]) => ({ a, b, c })));
        },
      ),
      { numRuns: 200 },
    );
  });

  it('reads csv-spectrum as its authors do', async () => {
    const folder = dirname(createRequire(import.meta.url).resolve('csv-spectrum'));
    // Its expected values are those of another file.
    const names = readdirSync(join(folder, 'csvs')).filter((name) => name !== 'location_coordinates.csv');
    expect(names.length).toBeGreaterThan(8);
    for (const name of names) {
      const { records } = await decode(readFileSync(join(folder, 'csvs', name), 'utf8'), { nulls: [] });
      const expected = readFileSync(join(folder, 'json', name.replace('.csv', '.json')), 'utf8');
      expect([name, records]).toEqual([name, JSON.parse(expected)]);
    }
    const places = readFileSync(join(folder, 'csvs/location_coordinates.csv'), 'utf8');
    expect((await decode(places)).records).toMatchObject([
      { 'Location Coordinates': expect.stringMatching(/37\.8"N .*17\.9"W$/) as unknown, Cities: 'Modesto' },
    ]);
  });
});

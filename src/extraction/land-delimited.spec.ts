import { createRequire } from 'node:module';
import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { DuckDBInstance } from '@duckdb/node-api';
import { DataFolder, type SourceOptions } from '../../test/extraction-support.js';
import type { LandedFile } from './landed-file.js';

let data: DataFolder;

beforeEach(() => {
  data = new DataFolder();
});

afterEach(() => data.remove());

/** Reads a landed delimited text as the columnar engine does. */
async function readAll(file: LandedFile): Promise<(string | null)[][]> {
  const { delimiter, quote, header } = file.dialect ?? { delimiter: ',', quote: '"', header: true };
  const columns = (file.columns ?? []).map((_name, index) => `'c${index}': 'VARCHAR'`).join(', ');
  const instance = await DuckDBInstance.create(':memory:');
  const connection = await instance.connect();
  const reader = await connection.runAndReadAll(
    `SELECT * FROM read_csv('${file.path}', auto_detect = false, delim = '${delimiter}', quote = '${quote}', escape = '${quote}',
      header = ${header}, columns = {${columns}}, allow_quoted_nulls = false, strict_mode = false)`,
  );
  connection.closeSync();
  instance.closeSync();
  return reader.getRowsJS() as (string | null)[][];
}

describe('landing delimited text: dialect', () => {
  const csv = (delimiter: string | null, columns: string[]) => ({ delimiter, columns });
  const prose = 'To be, or not to be\nthat is the question\n\nWhether\n';
  const cases: [string, string, string, SourceOptions, { delimiter: string | null; columns: string[] }][] = [
    ['a comma', 'a.csv', 'a,b\n1,2\n', {}, csv(',', ['a', 'b'])],
    [
      'a semicolon with decimal commas',
      'a.csv',
      'a;b;c\n1,5;2,5;x\n3,1;4,2;y\n',
      {},
      csv(';', ['a', 'b', 'c']),
    ],
    ['a pipe', 'a.csv', 'a|b\n"x,y|z"|2\n3|"4,4"\n', {}, csv('|', ['a', 'b'])],
    ['a tab in .csv', 'a.csv', 'a\tb\n1, 2\t3\n', {}, csv('\t', ['a', 'b'])],
    ['a tab in .tsv', 'a.tsv', 'a,b\n1,2\n', {}, csv('\t', ['a,b'])],
    ['one column', 'a.csv', 'a\n1\n2\n', {}, csv(',', ['a'])],
    ['a header only', 'a.csv', 'a;b', {}, csv(';', ['a', 'b'])],
    ['commas inside quotes', 'a.csv', 'a;b\n"1,2,3";x\n"4,5,6";y\n', {}, csv(';', ['a', 'b'])],
    ['line ends inside a quoted name', 'a.csv', '"a\nb","c""d"\n1,2\n', {}, csv(',', ['a\nb', 'c"d'])],
    ['old line ends', 'a.csv', 'a,b\r1,2\r', {}, csv(',', ['a', 'b'])],
    ['a byte order mark', 'a.csv', '\ufeff"a",b\n1,2\n', {}, csv(',', ['a', 'b'])],
    ['a declared delimiter', 'a.csv', 'a,b#c\n1,2#3\n', { csv: { delimiter: '#' } }, csv('#', ['a,b', 'c'])],
    ['no header', 'a.csv', '1;2\n', { csv: { header: false, columns: ['x', 'y'] } }, csv(';', ['x', 'y'])],
    ['quotes without a meaning', 'a.csv', '"a,b"\n1,2\n', { csv: { quote: '' } }, csv(',', ['"a', 'b"'])],
    ['other names', 'données.CSV', 'Größe,名前\n1,2\n', {}, csv(',', ['Größe', '名前'])],
    ['a .txt with a delimiter', 'a.txt', 'a|b\n1|2\n3|4\n', {}, csv('|', ['a', 'b'])],
    ['a .txt without one', 'a.txt', prose, {}, csv(null, ['line'])],
    ['a .txt of one line', 'a.txt', 'a,b,c', {}, csv(null, ['line'])],
    ['a .txt read as csv', 'a.txt', 'a,b,c', { format: 'csv' }, csv(',', ['a', 'b', 'c'])],
    ['nothing', 'a.csv', '', {}, csv(null, [])],
    ['only a byte order mark', 'a.csv', '\ufeff', {}, csv(null, [])],
    ['only blank lines', 'a.csv', '\n\r\n', {}, csv(null, [])],
  ];
  it.each(cases)('%s', async (_title, name, content, options, expected) => {
    const { file, rejects } = await data.land(name, content, options);
    expect(rejects).toEqual([]);
    expect({ delimiter: file.detected.delimiter, columns: file.columns }).toEqual(expected);
    expect(file.format).toBe(expected.delimiter === null ? 'ndjson' : 'csv');
    if (file.format === 'csv') expect(file.path).toBe(join(data.root, name));
  });

  it('finds the delimiter of a file with some bad records', async () => {
    const lines = Array.from({ length: 500 }, (_, i) =>
      i % 50 === 7 ? 'broken, line, with, commas' : `${i};x;"a;b"`,
    );
    const { file } = await data.land('a.csv', `a;b;c\n${lines.join('\n')}`);
    expect(file.columns).toEqual(['a', 'b', 'c']);
  });

  it('passes nulls on', async () => {
    const { file } = await data.land('a.csv', 'a\n1\n', { csv: { nulls: ['', 'NA'] } });
    expect(file.dialect?.nulls).toEqual(['', 'NA']);
  });
});

describe('landing delimited text: regular or not', () => {
  const cases: [string, string | Buffer, boolean][] = [
    ['LF', 'a\n1\n', true],
    ['CRLF', 'a\r\n1\r\n', true],
    ['a byte order mark', '\ufeffa\n1\n', true],
    ['mixed line ends', 'a\r\n1\n', false],
    ['a CR alone', 'a\n1\r2\n', false],
    ['a NUL in a record', `a,b\n${'1,2\n'.repeat(20)}1,\0\n`, false],
    ['a byte that is not UTF-8', Buffer.from([...Buffer.from('a\n'), 0xe9, 0x0a]), false],
  ];
  it.each(cases)('%s', async (_title, content, isRegular) => {
    const { file } = await data.land('a.csv', content);
    expect(file.dialect?.isRegular).toBe(isRegular);
  });
});

describe('landing delimited text: refused whole', () => {
  const wide = Array.from({ length: 1_601 }, (_, i) => `c${i}`).join(',');
  const cases: [string, string, string | Buffer, string][] = [
    ['a doubled name', 'a.csv', 'a,b,a\n', 'header: expected each name once, got "a" for columns 1 and 3'],
    ['an empty name', 'a.csv', 'a,,c\n', 'header: expected a name for column 2, got no name'],
    ['a delimiter at the end', 'a.csv', 'a,b,\n1,2,3\n', 'header: expected a name for column 3, got no name'],
    [
      '__proto__',
      'a.csv',
      '__proto__,b\n',
      'header: expected a name for column 1, got the reserved name "__proto__"',
    ],
    [
      'a name with NUL',
      'a.csv',
      `a\0,b\n${'1,2\n'.repeat(9)}`,
      'header: expected a name for column 1, got a name with U+0000',
    ],
    ['too many columns', 'a.csv', wide, 'header: expected at most 1600 columns, got 1601'],
    ['an open quote', 'a.csv', 'a,"b\n1,2\n', 'header: expected a closing quote, got the end of the file'],
    [
      'an endless header',
      'a.csv',
      `a,"${'x'.repeat(2 ** 20)}`,
      'header: expected at most 1048576 bytes, got more (or a quote that is not closed)',
    ],
    [
      'a name not in UTF-8',
      'a.csv',
      Buffer.from('a,\xe9\n1,2\n', 'latin1'),
      'header: expected UTF-8, got other bytes; declare csv.encoding',
    ],
    ['a JSON array', 'a.csv', '[{"a":1}]', 'expected delimited text, got JSON'],
    ['a JSON object', 'a.csv', '{\n  "a": 1\n}', 'expected delimited text, got JSON'],
    ['HTML', 'a.csv', '<!DOCTYPE html>\n<html>', 'expected delimited text, got an HTML page'],
    ['PDF', 'a.csv', '%PDF-1.7\n', 'expected delimited text, got a PDF document'],
    [
      'Excel',
      'a.csv',
      'PK\x03\x04\x14\0',
      'expected delimited text, got a zip archive or an Office document',
    ],
    ['Parquet', 'a.csv', 'PAR1\0\0PAR1', 'expected delimited text, got a Parquet file'],
    [
      'zeros',
      'a.txt',
      Buffer.alloc(100),
      'expected delimited text, got bytes of which many are zero (binary, or UTF-16 without a byte order mark)',
    ],
    ['PDF as JSON', 'a.json', '%PDF-1.7\n', 'expected JSON, got a PDF document'],
  ];
  it.each(cases)('%s', async (_title, name, content, reason) => {
    const { file, records, rejects } = await data.land(name, content);
    expect({ records, columns: file.columns, format: file.format }).toEqual({
      records: [],
      columns: [],
      format: 'ndjson',
    });
    expect(rejects).toEqual([{ line: 1, column: null, reason, raw: '' }]);
  });

  const clashes: [string, string, string, SourceOptions['csv'], string][] = [
    [
      'the quote',
      'a.csv',
      'a;b\n1;2\n',
      { quote: ';' },
      'expected a delimiter other than csv.quote, got ";" for both; declare csv.delimiter or csv.quote',
    ],
    [
      'a part of a null',
      'a.csv',
      'a;b\n1;2\n',
      { nulls: ['', 'n;a'] },
      'expected csv.nulls without the delimiter, got "n;a" with ";"; declare csv.delimiter or csv.nulls',
    ],
    [
      'a part of a null by its ending',
      'a.tsv',
      'a\tb\n1\t2\n',
      { nulls: ['\t'] },
      'expected csv.nulls without the delimiter, got "\\t" with "\\t"; declare csv.delimiter or csv.nulls',
    ],
  ];
  it.each(clashes)('a settled delimiter that is %s', async (_title, name, content, csv, reason) => {
    const { file, rejects } = await data.land(name, content, { csv });
    expect(file.columns).toEqual([]);
    expect(rejects).toEqual([{ line: 1, column: null, reason, raw: '' }]);
  });

  it('takes a header in brackets for a header', async () => {
    const { file } = await data.land('a.csv', '[id],[name]\n1,2\n');
    expect(file.columns).toEqual(['[id]', '[name]']);
  });
});

describe('landing text line by line', () => {
  it('keeps every line, its number and its place', async () => {
    const { records, places, file } = await data.land('a.txt', '\ufeffé "one"\r\n\r\n\ttwo\\\u0001 \nthree');
    expect(records).toEqual([{ line: 'é "one"' }, { line: '\ttwo\\\u0001 ' }, { line: 'three' }]);
    expect(places).toEqual([
      [1, 3, 8],
      [3, 15, 7],
      [4, 23, 5],
    ]);
    expect(file).toMatchObject({
      columns: ['line'],
      nested: [],
      dialect: null,
      detected: { format: 'text', encoding: 'utf-8-bom' },
    });
  });

  it('refuses the lines that PostgreSQL cannot hold', async () => {
    const { records, rejects } = await data.land(
      'a.txt',
      Buffer.from('one line\nb\0d\n\xff\nanother one\n', 'latin1'),
    );
    expect(records).toEqual([{ line: 'one line' }, { line: 'another one' }]);
    expect(rejects).toEqual([
      {
        line: 2,
        column: 'line',
        reason: 'expected text that PostgreSQL can hold, got U+0000',
        raw: 'b\u2400d',
      },
      { line: 3, column: 'line', reason: 'expected UTF-8, got other bytes', raw: '\ufffd' },
    ]);
  });
});

describe('landing delimited text: csv-spectrum', () => {
  const folder = dirname(createRequire(import.meta.url).resolve('csv-spectrum'));
  const names = readdirSync(join(folder, 'csvs')).map((name) => name.replace('.csv', ''));
  // Its twin was changed and the file was not.
  const isStale = (name: string): boolean => name === 'location_coordinates';
  it.each(names)('%s', async (name) => {
    const { file } = await data.land(`${name}.csv`, readFileSync(join(folder, 'csvs', `${name}.csv`)));
    const twin = JSON.parse(readFileSync(join(folder, 'json', `${name}.json`), 'utf8')) as unknown;
    const expected = [twin].flat() as Record<string, string>[];
    expect(file.columns).toEqual(Object.keys(expected[0] ?? {}));
    const rows = await readAll(file);
    expect(rows).toHaveLength(expected.length);
    if (!isStale(name))
      expect(rows.map((row) => row.map((v) => v ?? ''))).toEqual(expected.map((row) => Object.values(row)));
  });
});

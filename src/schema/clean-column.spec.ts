import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { DuckDBInstance, type DuckDBConnection } from '@duckdb/node-api';
import fc from 'fast-check';
import { parseColumnType } from './column-types.js';
import { describeFault } from './describe-fault.js';
import { isText, type SettledColumn } from './settled-column.js';
import { stageRows } from './stage-sql.js';
import type { Cleaning } from './stage-request.js';

let connection: DuckDBConnection;

beforeAll(async () => {
  connection = await (await DuckDBInstance.create(':memory:', { threads: '1' })).connect();
  await connection.run(`SET TimeZone='UTC'`);
});
afterAll(() => connection.closeSync());

const quoted = (text: string | null) => (text === null ? 'NULL' : `'${text.replaceAll("'", "''")}'`);

function settle(type: string, cleaning: Cleaning, rest: Partial<SettledColumn> = {}): SettledColumn {
  return { name: 'v', type: parseColumnType(type), required: false, formats: [], cleaning, ...rest };
}

/** What the stage holds for each text: the value as the engine prints it, or why the record is refused. */
async function read(column: SettledColumn, texts: (string | null)[]): Promise<(string | null | Error)[]> {
  const rows = texts.map((text, n) => `(${n}, ${quoted(text)}::VARCHAR, 0, NULL, NULL, NULL, NULL)`);
  const names = ['nr', 'r0', '"#file"', '"#line"', '"#at"', '"#length"', '"#raw"'];
  // The place is the number, to bring the answers into order again.
  const relation = `SELECT * REPLACE (nr AS "#file") FROM (VALUES ${rows.join(', ')}) AS t(${names.join(', ')})`;
  const sql = `SELECT c0::VARCHAR AS value, "#error" AS error, "#bad" AS bad FROM (${stageRows(relation, [column], { mayHoldNul: false, keepPlaces: false })}) ORDER BY "#file"`;
  const answers = (await connection.runAndReadAll(sql)).getRowObjects();
  return answers.map(({ value, error, bad }) =>
    error === null
      ? (value as string | null)
      : new Error(describeFault(Number(error), column, bad as string | null)),
  );
}

const refused = (text: string) => new Error(text);

type Case = [string, string, Cleaning, [string | null, string | null | Error][]];

const CASES: Case[] = [
  [
    'text is not trimmed unless it says so',
    'text',
    {},
    [
      [' a ', ' a '],
      ['', ''],
    ],
  ],
  [
    'trim: every kind of white space, inner one stays',
    'text',
    { trim: true },
    [
      ['\t a\u00a0b \r\n', 'a\u00a0b'],
      ['\ufeffa\u2003', 'a'],
      [' \t', ''],
      [null, null],
    ],
  ],
  ['trim: a number between tabs', 'integer', { trim: true }, [['\t7\n', '7']]],
  ['without trim: blanks, no tabs', 'integer', { nulls: ['x'] }, [[' 7 ', '7']]],
  [
    'trim: false',
    'integer',
    { trim: false },
    [
      ['7', '7'],
      [' 7', refused('v: expected integer, got " 7"')],
      ['', null],
    ],
  ],
  [
    'nulls: after trim, by their exact text',
    'text',
    { trim: true, nulls: ['', 'NA', '-', "n'a"] },
    [
      [' NA ', null],
      ['-', null],
      [' ', null],
      ["n'a", null],
      ['na', 'na'],
      ['NA.', 'NA.'],
    ],
  ],
  [
    'nulls: of a text that is not trimmed',
    'text',
    { nulls: ['NA'] },
    [
      ['NA', null],
      [' NA', ' NA'],
      ['', ''],
    ],
  ],
  [
    'nulls: of a number',
    'integer',
    { nulls: ['-'] },
    [
      [' - ', null],
      ['-1', '-1'],
      ['', null],
    ],
  ],
  [
    'map: after nulls; what is not in it stays',
    'text',
    { nulls: ['?'], map: { A: 'active', I: 'inactive', '?': 'asked', '': 'none' } },
    [
      ['A', 'active'],
      ['I', 'inactive'],
      ['X', 'X'],
      ['a', 'a'],
      ['?', null],
      ['', 'none'],
      [null, null],
    ],
  ],
  [
    'map: before typing',
    'smallint',
    { map: { low: '1', high: 'two', none: '' } },
    [
      [' low ', '1'],
      ['3', '3'],
      ['none', null],
      ['high', refused('v: expected smallint, got "high", mapped to "two"')],
      ['x', refused('v: expected smallint, got "x"')],
    ],
  ],
  [
    'map: names of the language',
    'text',
    { map: { toString: 'a' } },
    [
      ['toString', 'a'],
      ['valueOf', 'valueOf'],
    ],
  ],
  [
    'booleans in other words',
    'boolean',
    { trueValues: ['ja', 'Ä'], falseValues: ['nein', '0'] },
    [
      ['JA', 'true'],
      ['ä', 'true'],
      [' Nein ', 'false'],
      ['0', 'false'],
      ['true', refused('v: expected boolean written as ja, Ä or nein, 0, got "true"')],
      [null, null],
    ],
  ],
  [
    'one list leaves the other as it is',
    'boolean',
    { trueValues: ['active'] },
    [
      ['ACTIVE', 'true'],
      ['no', 'false'],
      ['yes', refused('v: expected boolean written as active or false, got "yes"')],
    ],
  ],
  [
    'decimal comma',
    'numeric(12,2)',
    { decimal: ',' },
    [
      ['1.234,56', '1234.56'],
      ['1.234.567,8', '1234567.80'],
      ['1 234,5', '1234.50'],
      ['1\u00a0234\u00a0567', '1234567.00'],
      ['1\u202f234', '1234.00'],
      ["1'234,50", '1234.50'],
      ['1’234', '1234.00'],
      [',5', '0.50'],
      ['5,', '5.00'],
      ['-1.234,5', '-1234.50'],
      ['+7', '7.00'],
      ['1234,5', '1234.50'],
      ['1,234.56', refused('v: expected numeric(12,2) written as 1.234,56, got "1,234.56"')],
      ...[
        '1.5',
        '12.34',
        '1234.567',
        '0.123',
        '-0.123',
        '1.2345',
        '.5',
        '1.234.56',
        '1.234 567',
        '1,5,6',
      ].map(other),
      ...[
        '1,234',
        '1 23',
        '1 234 56',
        '1..234',
        '1.234,567',
        '1.234.',
        '.234',
        '1 ,5',
        '- 1',
        '€ 1',
        '1-',
      ].map(other),
    ],
  ],
  [
    'decimal point with groups',
    'numeric(12,2)',
    { decimal: '.' },
    [
      ['1,234.56', '1234.56'],
      ["1'234.5", '1234.50'],
      ['1 234', '1234.00'],
      ['1.5', '1.50'],
      ['1e2', '100.00'],
      ['1,5', refused('v: expected numeric(12,2) written as 1,234.56, got "1,5"')],
      ['0,123', refused('v: expected numeric(12,2) written as 1,234.56, got "0,123"')],
      ['1.234,56', refused('v: expected numeric(12,2) written as 1,234.56, got "1.234,56"')],
    ],
  ],
  [
    'decimal comma of other numbers',
    'bigint',
    { decimal: ',' },
    [
      ['9.007.199.254.740.993', '9007199254740993'],
      ['7,0', '7'],
      ['7,5', refused('v: expected bigint written as 1.234,56, got "7,5"')],
    ],
  ],
  [
    'decimal comma of doubles',
    'double',
    { decimal: ',' },
    [
      ['1,5e3', '1500.0'],
      ['NaN', 'nan'],
      ['1.5e3', refused('v: expected double written as 1.234,56, got "1.5e3"')],
    ],
  ],
  [
    'decimal comma keeps every digit',
    'numeric',
    { decimal: ',' },
    [
      [
        '12.345.678.901.234.567.890.123.456.789.012.345.678.901,000000001',
        '12345678901234567890123456789012345678901.000000001',
      ],
    ],
  ],
  [
    'default: for NULL, not for what does not fit',
    'integer',
    { nulls: ['-'], default: '0' },
    [
      [null, '0'],
      ['', '0'],
      ['-', '0'],
      ['5', '5'],
      ['x', refused('v: expected integer, got "x"')],
    ],
  ],
  [
    'default: written as the type is, whatever the cleaning',
    'numeric(5,2)',
    { decimal: ',', default: '1.5' },
    [[null, '1.50']],
  ],
  ['default: an empty text', 'text', { default: '' }, [[null, '']]],
];

function other(text: string): [string, Error] {
  return [text, refused(`v: expected numeric(12,2) written as 1.234,56, got ${JSON.stringify(text)}`)];
}

describe('a cleaned column', () => {
  it.each(CASES)('%s', async (_name, type, cleaning, cases) => {
    const answers = await read(
      settle(type, cleaning),
      cases.map(([text]) => text),
    );
    expect(cases.map(([text], n) => [text, answers[n]])).toEqual(cases);
  });

  it('reads its default past the formats of the dates, and is required after it', async () => {
    const column = settle('date', { default: '2024-02-29' }, { formats: ['%d/%m/%Y'], required: true });
    expect(await read(column, [null, '01/02/2024'])).toEqual(['2024-02-29', '2024-02-01']);
    const bare = settle('date', { nulls: ['-'] }, { required: true });
    expect(await read(bare, ['-'])).toEqual([refused('v: expected a value (required), got NULL')]);
  });
});

/** The rules once more, as plainly as they can be written. */
function oracle(column: SettledColumn, text: string | null): string | null | 'refused' {
  const { trim, nulls = [], map = {}, decimal, default: fallback = null } = column.cleaning!;
  if (text === null) return fallback;
  const trimmed = (trim ?? !isText(column)) ? text.trim() : text;
  if (nulls.includes(trimmed)) return fallback;
  const kept = Object.hasOwn(map, trimmed) ? map[trimmed]! : trimmed;
  if (isText(column)) return kept;
  if (kept === '') return fallback;
  const number = decimal ? plain(kept, decimal) : kept;
  const [, sign, whole, fraction = ''] = /^([+-]?)([0-9]*)(?:\.([0-9]*))?$/.exec(number ?? 'x') ?? [];
  if (whole === undefined || whole + fraction === '' || /[1-9]/.test(fraction.slice(2))) return 'refused';
  const cents = BigInt(whole + fraction.padEnd(2, '0').slice(0, 2));
  if (cents >= 10n ** 12n) return 'refused';
  const digits = String(cents).padStart(3, '0');
  return `${sign === '-' && cents > 0n ? '-' : ''}${digits.slice(0, -2)}.${digits.slice(-2)}`;
}

function plain(text: string, decimal: string): string | null {
  const [whole, ...rest] = text.split(decimal);
  if (rest.length > 1) return null;
  const digits = whole!.replace(/^[+-]/, '');
  const marks = new Set([...digits].filter((sign) => !/[0-9]/.test(sign)));
  const mark = [...marks][0];
  if (marks.size > 1 || (mark && !`${decimal === ',' ? '.' : ','} '\u00a0\u202f`.includes(mark))) return null;
  const groups = mark ? digits.split(mark) : [];
  const areThrees = groups.every((group, n) => (n === 0 ? /^[1-9][0-9]?[0-9]?$/ : /^[0-9]{3}$/).test(group));
  if (!areThrees || /[^0-9]/.test(rest[0] ?? '')) return null;
  const signed = whole!.slice(0, whole!.length - digits.length) + (mark ? groups.join('') : digits);
  return rest.length > 0 ? `${signed}.${rest[0]}` : signed;
}

describe('cleaning agrees with its rules written in TypeScript', () => {
  const blank = fc.constantFrom('', '', '', ' ', '\u00a0', '  ');
  const group = fc.integer({ min: 0, max: 999 }).map((n) => String(n).padStart(3, '0'));
  const written = fc
    .record({
      sign: fc.constantFrom('', '', '-', '+'),
      first: fc.integer({ min: 0, max: 1999 }),
      groups: fc.array(group, { maxLength: 2 }),
      mark: fc.constantFrom('.', ',', ' ', "'", '\u202f', ''),
      decimal: fc.constantFrom('', '.', ',', '.5', ',5', ',25', '.250', ',125'),
    })
    .map(({ sign, first, groups, mark, decimal }) => `${sign}${[first, ...groups].join(mark)}${decimal}`);
  const junk = fc.string({ unit: fc.constantFrom('1', '0', '.', ',', ' ', '-', "'", 'A'), maxLength: 6 });
  const core = fc.oneof(written, junk, fc.constantFrom('NA', '-', '', 'A', 'B'));
  const text = fc.oneof(
    { weight: 9, arbitrary: fc.tuple(blank, core, blank).map((parts) => parts.join('')) },
    { weight: 1, arbitrary: fc.constant(null) },
  );
  const cleaning = fc.record(
    {
      trim: fc.boolean(),
      nulls: fc.subarray(['', 'NA', '-', 'A']),
      map: fc.constantFrom<Record<string, string>[]>({}, { A: '1', B: '2,5', '-': 'A' }),
      decimal: fc.constantFrom('.' as const, ',' as const),
      default: fc.constantFrom('0.00', '17.50'),
    },
    { requiredKeys: [] },
  );

  it.each(['text', 'numeric(12,2)'])('for any %s', async (type) => {
    await fc.assert(
      fc.asyncProperty(cleaning, fc.array(text, { minLength: 1, maxLength: 40 }), async (given, texts) => {
        const { decimal: _decimal, ...forTexts } = given;
        const column = settle(type, type === 'text' ? forTexts : given);
        const answers = await read(column, texts);
        const seen = answers.map((answer) => (answer instanceof Error ? 'refused' : answer));
        expect(texts.map((one, n) => [one, seen[n]])).toEqual(texts.map((one) => [one, oracle(column, one)]));
      }),
      { numRuns: 150 },
    );
  });
});

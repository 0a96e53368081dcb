import { describe, expect, it } from '@jest/globals';
import { type ColumnType, fits, formatColumnType } from '../schema/column-types.js';
import { parseSqlType } from './column-sql.js';
import { compareColumns } from './compare-columns.js';
import type { TableColumn } from './describe-table.js';

const varchar = (length: number): ColumnType => ({ name: 'varchar', length });
const numeric = (precision: number, scale: number): ColumnType => ({ name: 'numeric', precision, scale });

const CASES: { from: ColumnType; to: ColumnType; isKept: boolean }[] = [
  { from: { name: 'integer' }, to: { name: 'integer' }, isKept: true },
  { from: { name: 'smallint' }, to: { name: 'bigint' }, isKept: true },
  { from: { name: 'bigint' }, to: { name: 'integer' }, isKept: false },
  { from: { name: 'integer' }, to: { name: 'double' }, isKept: true },
  { from: { name: 'bigint' }, to: { name: 'double' }, isKept: false },
  { from: { name: 'integer' }, to: { name: 'real' }, isKept: false },
  { from: { name: 'real' }, to: { name: 'double' }, isKept: true },
  { from: { name: 'double' }, to: { name: 'real' }, isKept: false },
  { from: { name: 'bigint' }, to: { name: 'numeric' }, isKept: true },
  { from: { name: 'bigint' }, to: numeric(19, 0), isKept: true },
  { from: { name: 'bigint' }, to: numeric(20, 2), isKept: false },
  { from: { name: 'integer' }, to: numeric(12, 2), isKept: true },
  { from: numeric(12, 2), to: { name: 'integer' }, isKept: false },
  { from: numeric(12, 2), to: { name: 'numeric' }, isKept: true },
  { from: numeric(12, 2), to: numeric(12, 2), isKept: true },
  { from: numeric(12, 2), to: numeric(14, 4), isKept: true },
  { from: numeric(12, 2), to: numeric(13, 4), isKept: false },
  { from: numeric(12, 2), to: numeric(12, 1), isKept: false },
  { from: { name: 'numeric' }, to: numeric(1000, 500), isKept: false },
  { from: { name: 'double' }, to: { name: 'numeric' }, isKept: false },
  { from: varchar(5), to: { name: 'text' }, isKept: true },
  { from: varchar(5), to: varchar(5), isKept: true },
  { from: varchar(6), to: varchar(5), isKept: false },
  { from: { name: 'varchar' }, to: varchar(5), isKept: false },
  { from: { name: 'text' }, to: varchar(255), isKept: false },
  { from: { name: 'text' }, to: { name: 'text' }, isKept: true },
  { from: { name: 'integer' }, to: { name: 'text' }, isKept: false },
  { from: { name: 'date' }, to: { name: 'timestamp' }, isKept: false },
  { from: { name: 'timestamp' }, to: { name: 'timestamptz' }, isKept: false },
  { from: { name: 'json' }, to: { name: 'json' }, isKept: true },
];

describe('fits', () => {
  it.each(
    CASES.map((entry) => ({
      ...entry,
      name: `${formatColumnType(entry.from)} in ${formatColumnType(entry.to)}`,
    })),
  )('$name: $isKept', ({ from, to, isKept }) => {
    expect(fits(from, to)).toBe(isKept);
  });
});

describe('parseSqlType', () => {
  it.each<[string, ColumnType | null]>([
    ['text', { name: 'text' }],
    ['citext', { name: 'text' }],
    ['extensions.citext', { name: 'text' }],
    ['character varying', { name: 'text' }],
    ['character varying(40)', varchar(40)],
    ['character(2)', varchar(2)],
    ['double precision', { name: 'double' }],
    ['numeric', { name: 'numeric' }],
    ['numeric(12,2)', numeric(12, 2)],
    ['numeric(2,5)', null],
    ['numeric(3,-2)', null],
    ['json', { name: 'json' }],
    ['jsonb', { name: 'json' }],
    ['timestamp with time zone', { name: 'timestamptz' }],
    ['timestamp(3) with time zone', null],
    ['time with time zone', null],
    ['integer[]', null],
    ['mood', null],
    ['constructor', null],
    ['"char"', null],
  ])('%s', (text, type) => {
    expect(parseSqlType(text)).toEqual(type);
  });
});

describe('a column of the stage', () => {
  const existing = (name: string, type: ColumnType, rest: Partial<TableColumn> = {}): TableColumn => ({
    name,
    type,
    sqlType: formatColumnType(type),
    isNotNull: false,
    hasDefault: false,
    isIdentity: false,
    isGenerated: false,
    isDomain: false,
    ...rest,
  });
  const column = (type: ColumnType, mayWiden = true) => [{ name: 'n', type, required: false, mayWiden }];
  const [integer, bigint, text]: ColumnType[] = [{ name: 'integer' }, { name: 'bigint' }, { name: 'text' }];

  it('widens that of the table, where it may', () => {
    const widened = [{ name: 'n', from: integer, to: bigint }];
    const table = [existing('n', integer!)];
    expect(compareColumns(column(bigint!), table)).toEqual({ missing: [], widened, mismatches: [] });
    expect(compareColumns(column(integer!), [existing('n', bigint!)])).toMatchObject({
      widened: [],
      mismatches: [],
    });
  });

  it.each<[string, ColumnType, TableColumn, boolean]>([
    ['unless the contract says so', bigint!, existing('n', integer!), false],
    ['to a narrower one', integer!, existing('n', text!), true],
    ['of a domain', bigint!, existing('n', integer!, { isDomain: true }), true],
    ['that a sequence fills', text!, existing('n', integer!, { isIdentity: true }), true],
    ['that is computed', text!, existing('n', integer!, { isGenerated: true }), true],
  ])('does not widen one %s', (_name, type, table, mayWiden) => {
    const compared = compareColumns(column(type, mayWiden), [table]);
    expect(compared.widened).toEqual([]);
    expect(compared.mismatches).toHaveLength(1);
  });

  it('is to be declared where the table numbers its rows by itself', () => {
    const table = [existing('n', integer!, { isIdentity: true })];
    expect(compareColumns(column(bigint!), table).mismatches).toEqual([
      'column n: the table has integer, the stream has bigint; declare the column, which is an identity, as integer',
    ]);
  });

  it('is no second one beside one that differs in case only', () => {
    expect(compareColumns(column(integer!), [existing('N', integer!)]).mismatches).toEqual([
      'column n: the table has N, which differs in case only; give the column that name',
    ]);
    const both = [existing('N', integer!), existing('n', integer!)];
    expect(compareColumns(column(integer!), both)).toMatchObject({ mismatches: [] });
  });
});

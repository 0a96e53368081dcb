import { describe, expect, it } from '@jest/globals';
import { InvalidConfig } from './invalid-config.js';
import { parseConfig } from './parse-config.js';

const parse = (text: string) => parseConfig(text, { isVariableAllowed: () => true }).streams[0]!;
const config = (contract: string, column = '{ type: bigint }') => `
sources: [{ type: local, path: inbox }]
schema:
  columns:
    id: ${column}
contract: ${contract}
`;

function faultsOf(text: string): string[] {
  try {
    parse(text);
    return [];
  } catch (error) {
    if (!(error instanceof InvalidConfig)) throw error;
    return error.details.map(({ path, message }) => `${path} ${message}`);
  }
}

describe('the contract of a stream', () => {
  const defaults = { newColumns: 'evolve', invalidRows: 'reject', maxRejects: null };

  it.each([
    ['{}', {}],
    ['{ new_columns: reject }', { newColumns: 'reject' }],
    ['{ missing_columns: fail }', { missingColumns: 'fail' }],
    ['{ type_change: widen }', { typeChange: 'widen' }],
    ['{ type_change: null, invalid_rows: null }', { typeChange: 'null', invalidRows: 'null' }],
    ['{ type_change: "null", invalid_rows: ~ }', { typeChange: 'null', invalidRows: 'null' }],
    // What a config does not ask for it does not have: its digest stays the same.
  ])('%s', (text, expected) => {
    expect(parse(config(text)).contract).toEqual({ ...defaults, ...expected });
  });

  it.each([
    [
      '{ new_columns: widen }',
      'contract.new_columns expected one of evolve, ignore, fail, reject, got "widen"',
    ],
    [
      '{ new_columns: null }',
      'contract.new_columns expected one of evolve, ignore, fail, reject, got nothing',
    ],
    [
      '{ missing_columns: evolve }',
      'contract.missing_columns expected one of ignore, fail, reject, got "evolve"',
    ],
    [
      '{ type_change: evolve }',
      'contract.type_change expected one of reject, widen, fail, null, got "evolve"',
    ],
    [
      '{ invalid_rows: ignore }',
      'contract.invalid_rows expected one of reject, fail, null (a record that does not fit is never left out unseen), got "ignore"',
    ],
    [
      '{ invalid_rows: }',
      'contract.invalid_rows expected a mode for invalid_rows (or null, in letters), got nothing',
    ],
    [
      '\n  type_change:',
      'contract.type_change expected a mode for type_change (or null, in letters), got nothing',
    ],
  ])('refuses %s', (text, fault) => {
    expect(faultsOf(config(text))).toEqual([fault]);
  });
});

describe('a column that every table of PostgreSQL has', () => {
  const fault = (path: string, name: string) =>
    `${path} expected another column name than ${name}, which is a system column of every table of PostgreSQL`;

  it('can be neither declared nor a new name', () => {
    expect(faultsOf(config('{}').replace('id:', 'xmin:'))).toEqual([fault('schema.columns.xmin', 'xmin')]);
    expect(faultsOf(`${config('{}')}rename: { a: ctid }`)).toEqual([fault('rename.a', 'ctid')]);
  });
});

describe('the contract of a column', () => {
  it('has only what was said', () => {
    const { columns } = parse(
      config('{}', '{ type: bigint, contract: { type_change: widen, invalid_rows: null } }'),
    );
    expect(columns[0]!.contract).toEqual({ typeChange: 'widen', invalidRows: 'null' });
    expect(parse(config('{}')).columns[0]).not.toHaveProperty('contract');
    expect(parse(config('{}', '{ type: bigint, contract: {} }')).columns[0]).not.toHaveProperty('contract');
  });

  it.each([
    [
      '{ type: bigint, contract: { type_change: null } }',
      'schema.columns.id.contract.type_change expected one of widen, fail (a value that does not fit the declared type is a matter of invalid_rows), got nothing',
    ],
    [
      '{ type: bigint, contract: { new_columns: fail } }',
      'schema.columns.id.contract.new_columns expected one of the keys missing_columns, type_change, invalid_rows, got "new_columns"',
    ],
    [
      '{ type: bigint, required: true, contract: { invalid_rows: null } }',
      'schema.columns.id.contract.invalid_rows expected reject or fail for a required column, got null',
    ],
    [
      '{ type: bigint, expression: a + 1, contract: { missing_columns: fail } }',
      'schema.columns.id.contract.missing_columns expected no missing_columns for a column that is computed, got it',
    ],
    [
      '{ type: bigint, contract: { invalid_rows: } }',
      'schema.columns.id.contract.invalid_rows expected a mode for invalid_rows (or null, in letters), got nothing',
    ],
  ])('refuses %s', (column, fault) => {
    expect(faultsOf(config('{}', column))).toEqual([fault]);
  });
});

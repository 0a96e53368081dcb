import { describe, expect, it } from '@jest/globals';
import type { StreamConfig } from '../config-history/pipeline-config.js';
import type { RecordLayout } from '../schema/stage.js';
import { replayDialect } from './replay-dialect.js';

type Csv = Partial<StreamConfig['sources'][number]['csv']>;

const stream = (csv: Csv | null) =>
  ({
    sources: csv === null ? [] : [{ csv: { header: true, columns: null, nulls: [''], ...csv } }],
  }) as unknown as StreamConfig;

function read(csv: Csv | null, dialect: Partial<NonNullable<RecordLayout['dialect']>> = {}) {
  const split = { delimiter: ';', quote: "'", header: true, nulls: ['old'], ...dialect };
  const layout = { format: 'csv' as const, dialect: split, columns: ['a', 'b'], types: [null, null] };
  const file = { source: 0, file: 'a.csv', fingerprint: '', path: '', records: 1, layout };
  return replayDialect(file, stream(csv));
}

describe('replayDialect', () => {
  it('splits records as their file was, whatever the config says now', () => {
    const { dialect, columns } = read({ delimiter: ',', quote: '"' });
    expect(dialect).toMatchObject({ delimiter: ';', quote: "'", header: false, isRegular: false });
    expect(columns).toEqual(['a', 'b']);
  });

  it('takes the NULL texts of the config, but none that holds the delimiter', () => {
    expect(read({ nulls: ['NA', 'n;a'] }).dialect.nulls).toEqual(['NA']);
  });

  it('takes those of the file where the config has lost the source', () => {
    expect(read(null).dialect.nulls).toEqual(['old']);
  });

  it.each([
    ['the file has a header', { header: false, columns: ['x', 'y'] }, { header: true }, ['a', 'b']],
    ['the config expects a header', { header: true }, { header: false }, ['a', 'b']],
    ['neither has one', { header: false, columns: ['x', 'y', 'z'] }, { header: false }, ['x', 'y', 'z']],
  ] as const)('names the columns when %s', (_when, csv, dialect, expected) => {
    expect(read(csv as Csv, dialect).columns).toEqual(expected);
  });
});

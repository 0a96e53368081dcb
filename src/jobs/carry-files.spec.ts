import { describe, expect, it } from '@jest/globals';
import type { LocalSourceConfig, StreamConfig } from '../config-history/pipeline-config.js';
import type { LoadedFile } from '../loader/load.js';
import type { ColumnType } from '../schema/column-types.js';
import type { StageColumn } from '../schema/stage.js';
import { carryFiles, goesOn, isCarriable } from './carry-files.js';
import { type KnownFile, planFiles, streamSignature } from './plan-files.js';

const source: LocalSourceConfig = {
  type: 'local',
  path: 'inbox',
  include: null,
  format: 'auto',
  csv: { delimiter: 'auto', quote: '"', header: true, columns: null, encoding: 'utf-8', nulls: [''] },
  records: '$',
};
const stream: StreamConfig = {
  table: 'orders',
  sources: [source],
  naming: 'snake_case',
  strictMode: false,
  columns: [],
  contract: { newColumns: 'evolve', invalidRows: 'reject', maxRejects: null },
  duplicates: 'drop',
  write: 'append',
  batchRows: 50_000,
  output: 'orders.csv',
};

const column = (name: string, type: ColumnType['name'] = 'bigint', required = false): StageColumn => {
  return { name, type: { name: type }, required };
};
const declared = (more: Partial<StreamConfig['columns'][number]> = {}): Pick<StreamConfig, 'columns'> => {
  return { columns: [{ name: 'id', type: 'bigint', required: false, formats: [], ...more }] };
};

describe('isCarriable', () => {
  const { contract } = stream;
  const computed = declared({ cleaning: { expression: 'x' } });
  const cases: [what: string, change: Partial<StreamConfig>, expected: boolean][] = [
    ['rows that are appended', {}, true],
    ['rows that are written in another way', { write: 'insert' }, false],
    ['repeats that are kept', { duplicates: 'keep' }, false],
    ['tables for arrays', { childTables: true }, false],
    ['a key', { key: ['id'] }, false],
    ['checks', { checks: [{ expression: 'id > 0', column: null }] }, false],
    ['an API', { sources: [source, { type: 'api' } as StreamConfig['sources'][number]] }, false],
    ['values that become NULL', { contract: { ...contract, invalidRows: 'null' } }, false],
    ['values that become NULL in the table', { contract: { ...contract, typeChange: 'null' } }, false],
    ['values that become NULL in a column', declared({ contract: { invalidRows: 'null' } }), false],
    ['files that have to have every column', { contract: { ...contract, missingColumns: 'fail' } }, false],
    [
      'files that have to have every column of the schema',
      { strictMode: true, contract: { ...contract, missingColumns: 'fail' } },
      true,
    ],
    ['an expression over all that there is', computed, true],
    ['an expression over what may be left out', { ...computed, strictMode: true }, false],
  ];

  it.each(cases)('%s', (_what, change, expected) => {
    expect(isCarriable({ ...stream, ...change })).toBe(expected);
  });
});

describe('carryFiles', () => {
  const counts = (name: string, more: Partial<LoadedFile> = {}): LoadedFile => {
    const read = { read: 10, inserted: 10, updated: 0, duplicate: 0, rejected: 0, keptRejects: 0 };
    return { source: 0, name, fingerprint: `bytes of ${name}`, ...read, copyOf: null, ...more };
  };
  const seen = (name: string, fingerprint = `bytes of ${name}`): KnownFile => ({
    source: 0,
    name,
    fingerprint,
  });

  interface Case {
    what: string;
    now: KnownFile[];
    before?: LoadedFile[];
    columns?: StageColumn[] | null;
    existing?: StageColumn[];
    config?: Partial<StreamConfig>;
    /** Of the load before. */
    earlier?: Partial<StreamConfig>;
    /** Fingerprints of copies that are there. */
    copies?: string[];
    expected: { carried: string[]; fresh: string[]; changed?: string[] } | string;
  }

  const two = [counts('a.csv'), counts('b.csv')];
  const kept = [seen('a.csv'), seen('b.csv'), seen('c.csv')];
  const added = { carried: ['a.csv', 'b.csv'], fresh: ['c.csv'] };
  const incomplete = 'files or rejects of the last load have changed or are gone';
  const otherColumns = 'the table has not the columns of the last load';
  const nothing = 'there is nothing to add to the last load';
  const noCopy = 'no file is as it was, and of none there is a copy without rejects';
  const ignoring = { contract: { ...stream.contract, newColumns: 'ignore' as const } };
  const cases: Case[] = [
    { what: 'a new file', now: kept, expected: added },
    {
      what: 'a new file, and the others under other names',
      now: [seen('x.csv', 'bytes of b.csv'), seen('a.csv'), seen('c.csv')],
      expected: { carried: ['x.csv', 'a.csv'], fresh: ['c.csv'] },
    },
    {
      what: 'a copy in the load before',
      now: kept,
      before: [...two, counts('copy.csv', { fingerprint: 'bytes of a.csv', read: 0, copyOf: 'a.csv' })],
      expected: added,
    },
    { what: 'a file that has gone', now: [seen('a.csv'), seen('c.csv')], expected: incomplete },
    {
      what: 'a file that has gone, without a combined CSV',
      now: [seen('a.csv'), seen('c.csv')],
      config: { output: null },
      earlier: { output: null },
      expected: { carried: ['a.csv'], fresh: ['c.csv'] },
    },
    {
      what: 'a file with rejects',
      now: kept,
      before: [counts('a.csv'), counts('b.csv', { rejected: 2, keptRejects: 2 })],
      expected: added,
    },
    {
      what: 'a file with rejects of which some are gone',
      now: kept,
      before: [counts('a.csv'), counts('b.csv', { rejected: 2, keptRejects: 1 })],
      expected: incomplete,
    },
    {
      what: 'a file with rejects of which some are gone, without a combined CSV',
      now: kept,
      before: [counts('a.csv'), counts('b.csv', { rejected: 2, keptRejects: 1 })],
      config: { output: null },
      earlier: { output: null },
      expected: { carried: ['a.csv'], fresh: ['b.csv', 'c.csv'] },
    },
    {
      what: 'the same bytes, read as another format',
      now: [seen('a.txt', 'bytes of a.csv'), seen('b.csv')],
      expected: incomplete,
    },
    {
      what: 'a file that has changed',
      now: [seen('a.csv'), seen('b.csv', 'other bytes')],
      copies: ['bytes of b.csv'],
      expected: { carried: ['a.csv'], fresh: ['b.csv'], changed: ['b.csv'] },
    },
    {
      what: 'files that have changed, and nothing else',
      now: [seen('a.csv', 'other bytes'), seen('b.csv', 'new bytes')],
      copies: ['bytes of a.csv', 'bytes of b.csv'],
      expected: { carried: [], fresh: ['a.csv', 'b.csv'], changed: ['a.csv', 'b.csv'] },
    },
    {
      what: 'a file that has changed and has another name',
      now: [seen('a.csv'), seen('c.csv', 'other bytes')],
      copies: ['bytes of b.csv'],
      expected: { carried: ['a.csv'], fresh: ['c.csv'], changed: ['c.csv'] },
    },
    {
      what: 'one of two new files that may have been another one',
      now: [seen('a.csv'), seen('c.csv'), seen('d.csv')],
      copies: ['bytes of b.csv'],
      expected: incomplete,
    },
    {
      what: 'a file that has changed, of which there is no copy',
      now: [seen('a.csv'), seen('b.csv', 'other bytes')],
      copies: ['bytes of a.csv'],
      expected: incomplete,
    },
    {
      what: 'a file that has changed and had rejects',
      now: [seen('a.csv'), seen('b.csv', 'other bytes')],
      before: [counts('a.csv'), counts('b.csv', { rejected: 1, keptRejects: 1 })],
      copies: ['bytes of b.csv'],
      expected: incomplete,
    },
    {
      what: 'a file that has changed, beside one that has gone',
      now: [seen('b.csv', 'other bytes')],
      copies: ['bytes of a.csv', 'bytes of b.csv'],
      expected: incomplete,
    },
    {
      what: 'a file that has changed, beside one that has gone, without a combined CSV',
      now: [seen('b.csv', 'other bytes')],
      copies: ['bytes of a.csv', 'bytes of b.csv'],
      config: { output: null },
      earlier: { output: null },
      expected: { carried: [], fresh: ['b.csv'], changed: ['b.csv'] },
    },
    { what: 'no new file', now: [seen('a.csv'), seen('b.csv')], expected: nothing },
    { what: 'only new files', now: [seen('c.csv')], expected: noCopy },
    {
      what: 'files that have all changed, of which there are no copies',
      now: [seen('a.csv', 'other bytes'), seen('b.csv', 'new bytes')],
      expected: noCopy,
    },
    {
      what: 'another config',
      now: kept,
      config: { naming: 'as_is' },
      expected: 'the config is not that of the last load',
    },
    {
      what: 'a source that is gone',
      now: kept,
      before: [...two, counts('d.csv', { source: 1 })],
      earlier: { sources: [source, source] },
      expected: 'the config is not that of the last load',
    },
    { what: 'a load whose columns are not known', now: kept, columns: null, expected: otherColumns },
    { what: 'a load without columns', now: kept, columns: [], expected: otherColumns },
    {
      what: 'a table that lost a column',
      now: kept,
      existing: [column('id')],
      expected: otherColumns,
    },
    {
      what: 'a column of another type',
      now: kept,
      existing: [column('id'), column('note', 'json')],
      expected: otherColumns,
    },
    {
      what: 'a column that must be filled now',
      now: kept,
      existing: [column('id'), column('note', 'text', true)],
      expected: otherColumns,
    },
    {
      what: 'a declared column of another type, which the schema overrules',
      now: kept,
      config: declared(),
      earlier: declared(),
      existing: [column('id', 'numeric'), column('note', 'text')],
      expected: added,
    },
    {
      what: 'a column more in the table',
      now: kept,
      existing: [column('id'), column('note', 'text'), column('more')],
      expected: added,
    },
    {
      what: 'a column more in the table, which may have been left out of the files',
      now: kept,
      config: ignoring,
      earlier: ignoring,
      existing: [column('id'), column('note', 'text'), column('more')],
      expected: otherColumns,
    },
  ];

  it.each(cases)('$what', ({ now, before = two, config, earlier, expected, ...rest }) => {
    const { columns = [column('id'), column('note', 'text')], existing = columns ?? [], copies } = rest;
    const then = { ...stream, ...earlier };
    const signature = streamSignature(then, planFiles(then, before).contents);
    const today = { ...stream, ...config };
    const look = planFiles(today, now);
    const found = carryFiles({
      stream: today,
      look,
      last: { loadId: 'last', signature, files: before, columns },
      existing,
      kept: new Set(copies),
    });
    if (typeof found === 'string') return void expect(found).toBe(expected);
    const { carried, fresh, changed } = found;
    const names = (files: { name: string }[]) => files.map(({ name }) => name);
    const isNew = { carried: names(carried.files), fresh: names(fresh) };
    expect({ ...isNew, changed: names(changed.map(({ file }) => file)) }).toEqual({
      changed: [],
      ...(expected as object),
    });
    expect(carried).toMatchObject({ columns: ['id', 'note'], from: { loadId: 'last', signature } });
    expect(carried.files.every(({ read }) => read === 10)).toBe(true);
  });
});

describe('goesOn', () => {
  const before = [column('id'), column('note', 'text')];
  const cases: [what: string, now: StageColumn[], output: string | null, expected: boolean][] = [
    ['the same columns', before, 'a.csv', true],
    ['one more', [...before, column('more')], 'a.csv', false],
    ['one more, without a combined CSV', [...before, column('more')], null, true],
    ['another type', [column('id', 'numeric'), column('note', 'text')], null, false],
    ['another order', [...before].reverse(), null, false],
    ['one less', [column('id')], null, false],
  ];

  it.each(cases)('%s', (_what, now, output, expected) => {
    expect(goesOn(before, now, output)).toBe(expected);
  });
});

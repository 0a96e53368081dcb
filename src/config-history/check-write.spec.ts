import { describe, expect, it } from '@jest/globals';
import { InvalidConfig } from './invalid-config.js';
import { parseConfig } from './parse-config.js';

const SOURCES = 'sources: [{ type: local, path: inbox }]\n';

const parse = (text: string) => parseConfig(text, { isVariableAllowed: () => true });

/** Each fault as `path line:column message`. */
function faultsOf(text: string): string[] {
  try {
    parse(text);
  } catch (error) {
    if (!(error instanceof InvalidConfig)) throw error;
    return error.details.map(({ path, line, column, message }) => `${path} ${line}:${column} ${message}`);
  }
  return [];
}

const wrong: [name: string, text: string, faults: string[]][] = [
  [
    'a key without need',
    `${SOURCES}write: insert\nkey: [id]`,
    ['key 3:1 expected key only with write: append, upsert, scd2 or replace, got it with insert'],
  ],
  [
    'child tables without a key',
    `${SOURCES}child_tables: true`,
    ['key 1:1 expected the columns that tell rows apart, which child_tables needs, got nothing'],
  ],
  [
    'an order without need',
    `${SOURCES}write: insert\norder_by: at`,
    ['order_by 3:1 expected order_by only with write: upsert, scd2 or replace, got it with insert'],
  ],
  [
    'bounds without need',
    `${SOURCES}min_rows: 1\nmax_shrink: 5%`,
    [
      'min_rows 2:1 expected min_rows only with write: replace, got it with append',
      'max_shrink 3:1 expected max_shrink only with write: replace, got it with append',
    ],
  ],
  [
    'columns of a history without need',
    `${SOURCES}write: upsert\nkey: [id]\nvalid_from: since`,
    ['valid_from 4:1 expected valid_from only with write: scd2, got it with upsert'],
  ],
  [
    'repeats that are kept',
    `${SOURCES}write: insert\nduplicates: keep`,
    ['duplicates 3:1 expected duplicates only with write: append or replace, got it with insert'],
  ],
  [
    'repeats that are kept, of a key',
    `${SOURCES}write: replace\nkey: [id]\nduplicates: keep`,
    ['duplicates 4:1 expected duplicates only without key, got both; a key has one row'],
  ],
  [
    'no key for upsert',
    `${SOURCES}write: upsert`,
    ['key 1:1 expected the columns that tell rows apart, which write: upsert needs, got nothing'],
  ],
  [
    'no key for scd2 in a stream',
    `streams:\n  - table: t\n    write: scd2\n    ${SOURCES}`,
    ['streams[0].key 2:5 expected the columns that tell rows apart, which write: scd2 needs, got nothing'],
  ],
  [
    'an order without key',
    `${SOURCES}write: replace\norder_by: at`,
    ['order_by 3:1 expected order_by only with key, got it without'],
  ],
  [
    'a key that is no list',
    `${SOURCES}write: upsert\nkey: id`,
    ['key 3:6 expected a list of 1 to 32 column names, got "id"'],
  ],
  [
    'a key of no column',
    `${SOURCES}write: upsert\nkey: []`,
    ['key 3:6 expected a list of 1 to 32 column names, got an empty list'],
  ],
  [
    'a column twice in a key',
    `${SOURCES}write: upsert\nkey: [a, a]`,
    ['key[1] 3:10 expected each name once, got "a" a second time'],
  ],
  [
    'a name that is none',
    `${SOURCES}write: upsert\nkey: [a b]`,
    [
      'key[0] 3:7 expected a column name of letters, digits and _ (at most 63 bytes, no digit first), got "a b"',
    ],
  ],
  [
    'columns that strict mode leaves out',
    `${SOURCES}write: upsert\nkey: [id, no]\norder_by: at\nstrict_mode: true\nschema: { id: bigint }`,
    [
      'key[1] 3:11 expected a column of the schema, which strict_mode keeps to, got "no"',
      'order_by 4:11 expected a column of the schema, which strict_mode keeps to, got "at"',
    ],
  ],
  [
    'rows below zero',
    `${SOURCES}write: replace\nmin_rows: -1`,
    ['min_rows 3:11 expected a whole number from 0 to 9007199254740991, got -1'],
  ],
  [
    'a share as a number',
    `${SOURCES}write: replace\nmax_shrink: 20`,
    ['max_shrink 3:13 expected a percentage such as 20%, got 20'],
  ],
  [
    'one column for both ends of a history',
    `${SOURCES}write: scd2\nkey: [id]\nvalid_from: at\nvalid_to: at`,
    ['valid_to 5:11 expected another column than valid_from, got "at" for both'],
  ],
  [
    'a column in the way of a history',
    `${SOURCES}write: scd2\nkey: [id]\nvalid_to: until\nschema:\n  id: bigint\n  until: date`,
    [
      'schema.until 7:3 expected no column until, in which write: scd2 keeps since and until when a row holds; name another by valid_from and valid_to',
    ],
  ],
  [
    'insert from an API',
    'sources: [{ type: api, url: "https://api.example.com/x" }]\nwrite: insert',
    [
      'sources[0].type 1:19 expected local sources with write: insert, which knows files by what they hold, got an API',
    ],
  ],
  [
    'replace by what is new',
    'sources:\n  - type: api\n    url: https://api.example.com/x\n    cursor: { field: at, param: since }\nwrite: replace',
    [
      'sources[0].cursor 4:5 expected no cursor with write: replace, since the table would keep only what is new, got one; use upsert or append',
    ],
  ],
];

describe('what a write mode needs', () => {
  it.each(wrong)('%s', (_name, text, expected) => {
    expect(faultsOf(text)).toEqual(expected);
  });
});

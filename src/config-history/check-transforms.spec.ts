import { describe, expect, it } from '@jest/globals';
import { checkSql } from './check-sql.js';
import { InvalidConfig } from './invalid-config.js';
import { parseConfig } from './parse-config.js';
import { splitSql } from './split-sql.js';

describe('splitSql', () => {
  it.each([
    ['SELECT 1', ['SELECT 1']],
    ['SELECT 1; ; SELECT 2 ;', ['SELECT 1', 'SELECT 2']],
    [`SELECT ';', ";", E'\\';' ; SELECT 2`, [`SELECT ';', ";", E'\\';'`, 'SELECT 2']],
    [`SELECT '\\'; SELECT 2`, [`SELECT '\\'`, 'SELECT 2']],
    ['DO $$ a; b $$; DO $x$ $$;$$ $x$', ['DO $$ a; b $$', 'DO $x$ $$;$$ $x$']],
    ['SELECT a$b$c; SELECT b$c', ['SELECT a$b$c', 'SELECT b$c']],
    ['SELECT 1 -- no; end\n; SELECT 2', ['SELECT 1 -- no; end', 'SELECT 2']],
    ['/* a /* b; */ c; */ SELECT 1; -- nothing', ['/* a /* b; */ c; */ SELECT 1']],
    ['/* open; SELECT 1', []],
    [`SELECT 'open; SELECT 2`, ["SELECT 'open", 'SELECT 2']],
  ])('%j', (sql, expected) => {
    expect(splitSql(sql).map(({ text }) => text)).toEqual(expected);
  });
});

describe('checkSql', () => {
  it.each([
    ['SELECT * FROM orders', 'view', undefined],
    ['  -- of the day\n with a as (select 1) select * from a;', 'table', undefined],
    ['DELETE FROM a; INSERT INTO a SELECT 1', 'statement', undefined],
    [`SELECT 'commit; millrace.loads'`, 'view', undefined],
    ['SELECT 1; SELECT 2', 'view', 'expected one query for a view, got 2 statements'],
    ['DELETE FROM a', 'table', 'expected a query for a table (SELECT, WITH, VALUES, TABLE), got "delete"'],
    ['-- nothing', 'statement', 'expected SQL, got nothing'],
    [
      'INSERT INTO a VALUES (1); COMMIT',
      'statement',
      `expected a statement inside the transform's own transaction, got "commit"`,
    ],
    [
      '/* x */ Begin',
      'statement',
      `expected a statement inside the transform's own transaction, got "begin"`,
    ],
    [
      'COPY a FROM STDIN',
      'statement',
      `expected a statement inside the transform's own transaction, got "copy"`,
    ],
    [
      'TRUNCATE "millrace" . loads',
      'statement',
      `expected the schemas of your tables, got "millrace", which is the service's own`,
    ],
    [
      'SELECT * FROM PgBoss.job',
      'view',
      `expected the schemas of your tables, got "pgboss", which is the service's own`,
    ],
  ] as const)('%j as a %s', (sql, as, fault) => {
    expect(checkSql(sql, as)).toBe(fault);
  });
});

describe('transform', () => {
  const parse = (transform: string) =>
    parseConfig(
      `streams:\n  - { table: a, sources: [{ type: local, path: x }] }\n  - { table: b, sources: [{ type: local, path: x }] }\ntransform:\n${transform}`,
      {
        isVariableAllowed: () => true,
      },
    );

  it('comes after all that stands above it, or after what it names', () => {
    const config = parse(
      `  - { name: c, sql: SELECT 1 }\n  - { name: d, file: d.sql, as: table }\n  - { name: e, sql: SELECT 1, after: [b, c] }`,
    );
    expect(config.transforms).toEqual([
      { name: 'c', as: 'view', text: { sql: 'SELECT 1' }, needs: ['a', 'b'] },
      { name: 'd', as: 'table', text: { file: 'd.sql' }, needs: ['a', 'b', 'c'] },
      { name: 'e', as: 'view', text: { sql: 'SELECT 1' }, needs: ['b', 'c'] },
    ]);
  });

  it.each([
    ['{ name: c }', 'transform[0] 5:5 expected either sql or file, got neither'],
    ['{ name: c, sql: SELECT 1, file: x }', 'transform[0] 5:5 expected either sql or file, got both'],
    [
      '{ name: a, sql: SELECT 1 }',
      'transform[0].name 5:13 expected a name that no stream and no other transform has, got "a"',
    ],
    [
      '{ name: c, sql: SELECT 1, after: [aa] }',
      'transform[0].after[0] 5:39 expected a stream or another transform of this pipeline, got "aa"; did you mean a?',
    ],
    [
      '{ name: c, sql: DROP TABLE a }',
      'transform[0].sql 5:21 expected a query for a view (SELECT, WITH, VALUES, TABLE), got "drop"',
    ],
    [
      "{ name: c, sql: 'SELECT ${API_X}' }",
      'transform[0].sql 5:21 expected SQL without ${, because variables may be secrets and SQL is kept in the history of the schema',
    ],
    [
      '{ name: c, sql: SELECT 1, after: [d] }\n  - { name: d, sql: SELECT 1 }',
      'transform[0].after[0] 5:39 expected transforms that do not wait for each other, got c -> d -> c',
    ],
  ])('%s is refused', (transform, fault) => {
    let faults: string[] = [];
    try {
      parse(`  - ${transform}`);
    } catch (error) {
      faults = (error as InvalidConfig).details.map(
        ({ path, line, column, message }) => `${path} ${line}:${column} ${message}`,
      );
    }
    expect(faults).toEqual([fault]);
  });
});

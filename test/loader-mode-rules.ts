import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { WriteRule } from '../src/loader/write/write-rule.js';
import type { StageColumn } from '../src/schema/stage.js';
import { createLoaderFixture, type LoaderFixture } from './loader-fixture.js';
import type { Row } from './make-stage.js';

const KEY = { key: ['id'] };

/** Two loads in one mode into a table with rules; the names of its current rows after each, and the rejects of each. */
interface Case {
  write: WriteRule;
  given: string;
  /** Default: `id bigint, name text`. */
  columns?: StageColumn[];
  loads: { rows: Row[]; there: string[]; rejects: (string | null)[] }[];
}

const CHECKED = `CREATE TABLE T (id bigint, name text UNIQUE CHECK (name <> 'bad'))`;

/** With a rule that only an attempt shows, a number of its own, and a default that no rule looks at. */
const OF_DOMAIN = (domain: string) => `
  CREATE DOMAIN ${domain} AS text CHECK (VALUE NOT LIKE 'bad%');
  CREATE TABLE T (n bigint GENERATED ALWAYS AS IDENTITY, id bigint, name ${domain},
    created_at timestamptz NOT NULL DEFAULT now())`;

const CASES: Case[] = [
  {
    write: { mode: 'insert' },
    given: CHECKED,
    loads: [
      {
        rows: [
          ['1', 'a'],
          ['2', 'bad'],
          ['3', 'a'],
        ],
        there: ['1 a'],
        rejects: ['name', 'name'],
      },
      {
        rows: [
          ['4', 'b'],
          ['5', 'a'],
        ],
        there: ['1 a', '4 b'],
        rejects: ['name'],
      },
    ],
  },
  {
    write: { mode: 'upsert', ...KEY },
    given: CHECKED,
    loads: [
      {
        rows: [
          ['1', 'a'],
          ['1', 'b'],
          ['2', 'a'],
          ['3', 'bad'],
        ],
        there: ['1 b', '2 a'],
        rejects: ['name'],
      },
      {
        rows: [
          ['1', 'c'],
          ['3', 'a'],
          ['4', 'b'],
        ],
        there: ['1 c', '2 a', '4 b'],
        rejects: ['name'],
      },
    ],
  },
  {
    write: { mode: 'replace', ...KEY },
    given: CHECKED,
    loads: [
      {
        rows: [
          ['1', 'a'],
          ['2', 'bad'],
          ['3', 'a'],
        ],
        there: ['1 a'],
        rejects: ['name', 'name'],
      },
      {
        rows: [
          ['2', 'a'],
          ['3', 'c'],
        ],
        there: ['2 a', '3 c'],
        rejects: [],
      },
    ],
  },
  {
    write: { mode: 'scd2', ...KEY, history: { from: 'valid_from', to: 'valid_to' } },
    given: `CREATE TABLE T (id bigint, name text CHECK (name <> 'bad'), valid_from timestamptz NOT NULL, valid_to timestamptz)`,
    loads: [
      {
        rows: [
          ['1', 'a'],
          ['2', 'bad'],
        ],
        there: ['1 a'],
        rejects: ['name'],
      },
      {
        rows: [
          ['1', 'b'],
          ['2', 'c'],
          ['3', 'bad'],
        ],
        there: ['1 a', '1 b', '2 c'],
        rejects: ['name'],
      },
    ],
  },
  {
    write: { mode: 'upsert', ...KEY },
    given: OF_DOMAIN('of_upsert'),
    loads: [
      {
        rows: [
          ['1', 'a'],
          ['2', 'b'],
          ['2', 'bad'],
          ['2', 'bad too'],
          ['3', 'bad'],
        ],
        there: ['1 a', '2 b'],
        rejects: ['name', 'name', 'name'],
      },
      {
        rows: [
          ['1', 'c'],
          ['2', 'bad'],
          ['2', 'bad too'],
          ['3', 'd'],
        ],
        there: ['1 c', '2 b', '3 d'],
        rejects: ['name', 'name'],
      },
    ],
  },
  {
    write: { mode: 'replace', ...KEY },
    given: OF_DOMAIN('of_replace'),
    loads: [
      {
        rows: [
          ['1', 'a'],
          ['2', 'b'],
          ['2', 'bad'],
          ['2', 'bad too'],
          ['3', 'bad'],
        ],
        there: ['1 a', '2 b'],
        rejects: ['name', 'name', 'name'],
      },
      {
        rows: [
          ['1', 'c'],
          ['2', 'bad'],
          ['2', 'bad too'],
          ['3', 'd'],
        ],
        there: ['1 c', '3 d'],
        rejects: ['name', 'name'],
      },
    ],
  },
];

/** Two texts that differ in case alone are one to it. */
const ANY_CASE = `CREATE COLLATION IF NOT EXISTS any_case (provider = icu, locale = 'und-u-ks-level2', deterministic = false)`;

const TEXTS: StageColumn[] = [
  { name: 'id', type: { name: 'text' }, required: true },
  { name: 'name', type: { name: 'text' }, required: false },
];

CASES.push({
  write: { mode: 'upsert', ...KEY },
  columns: TEXTS,
  given: `${ANY_CASE}; CREATE TABLE T (id text COLLATE any_case PRIMARY KEY, name text)`,
  loads: [
    {
      rows: [
        ['a', 'x'],
        ['A', 'y'],
        ['b', 'x'],
      ],
      there: ['A y', 'b x'],
      rejects: [],
    },
    { rows: [['a', 'y']], there: ['a y', 'b x'], rejects: [] },
  ],
});

/** Unique by an index with a collation of its own, by an expression under one, and by the column's own. */
const UNIQUE_IN_ANY_CASE = [
  `${ANY_CASE}; CREATE TABLE T (id bigint, name text); CREATE UNIQUE INDEX ON T (name COLLATE any_case)`,
  `${ANY_CASE}; CREATE TABLE T (id bigint, name text); CREATE UNIQUE INDEX ON T ((name || '') COLLATE any_case)`,
  `${ANY_CASE}; CREATE TABLE T (id bigint, name text COLLATE any_case UNIQUE)`,
];

for (const given of UNIQUE_IN_ANY_CASE) {
  const first: Row[] = [
    ['1', 'a'],
    ['2', 'A'],
    ['3', 'b'],
  ];
  const second: Row[] = [
    ['3', 'c'],
    ['4', 'A'],
    ['5', 'B'],
  ];
  const begin = { rows: first, there: ['1 a', '3 b'], rejects: ['name'] };
  const added = { rows: second, there: ['1 a', '3 b', '3 c'], rejects: ['name', 'name'] };
  const brought = { rows: second, there: ['1 a', '3 c', '5 B'], rejects: ['name'] };
  CASES.push(
    { write: { mode: 'append' }, given, loads: [begin, added] },
    { write: { mode: 'insert' }, given, loads: [begin, added] },
    { write: { mode: 'upsert', ...KEY }, given, loads: [begin, brought] },
    {
      write: { mode: 'replace', ...KEY },
      given,
      loads: [begin, { ...brought, there: ['3 c', '4 A', '5 B'], rejects: [] }],
    },
    {
      write: { mode: 'replace' },
      given,
      loads: [begin, { ...brought, there: ['3 c', '4 A', '5 B'], rejects: [] }],
    },
  );
}

/** The other write modes make rejects of what the table would refuse as `append` does. */
export function modeRuleCases(): void {
  describe('write modes into a table with rules', () => {
    let loader: LoaderFixture;
    let asked = 0;
    beforeAll(async () => {
      loader = await createLoaderFixture();
    });
    afterAll(async () => {
      await loader.close();
    });

    it.each(CASES.map((one, at) => [one.write.mode, at, one] as const))(
      '%s',
      async (mode, at, { write, given, columns, loads }) => {
        const table = `ruled_${mode}_${at}`;
        await loader.sql(given.replace('TABLE T', `TABLE ${table}`).replace('ON T ', `ON ${table} `));
        for (const [index, { rows, there, rejects }] of loads.entries()) {
          const files = [{ name: `${index}.csv`, rows }];
          const { loadId, ...result } = await loader.load({
            table,
            write,
            files,
            ...(columns && { columns }),
          });
          const got = await loader.sql(`SELECT id || ' ' || name AS row FROM ${table} ORDER BY 1`);
          expect(got.map(({ row }) => row)).toEqual(there);
          const listed = await loader.sql(
            'SELECT column_name AS c FROM millrace.rejects WHERE load_id = $1',
            [loadId],
          );
          expect(listed.map(({ c }) => c)).toEqual(rejects);
          const { read, inserted, updated, duplicate, rejected } = result;
          expect(inserted + updated + duplicate + rejected).toBe(read);
          expect(rejected).toBe(rejects.length);
        }
      },
    );

    it.each<[WriteRule, given: string, mayRefuse: boolean]>([
      [{ mode: 'append' }, 'CREATE TABLE T (id bigint PRIMARY KEY, name text)', true],
      [{ mode: 'insert' }, 'CREATE TABLE T (id bigint PRIMARY KEY, name text)', true],
      [{ mode: 'upsert', ...KEY }, 'CREATE TABLE T (id bigint PRIMARY KEY, name text)', false],
      [{ mode: 'replace', ...KEY }, 'CREATE TABLE T (id bigint PRIMARY KEY, name text)', false],
      [{ mode: 'upsert', ...KEY }, 'CREATE TABLE T (id bigint PRIMARY KEY, name text UNIQUE)', true],
      [
        { mode: 'upsert', ...KEY },
        `${ANY_CASE}; CREATE TABLE T (id text, name text); CREATE UNIQUE INDEX ON T (id COLLATE any_case)`,
        true,
      ],
    ])('%j need places of rows only where one may be refused', async (write, given, mayRefuse) => {
      const table = `asked_${asked++}`;
      await loader.sql(given.replace('TABLE T', `TABLE ${table}`).replace('ON T ', `ON ${table} `));
      const existing = await loader.service.describe(loader.target, table);
      const declared = [{ name: 'id', required: true }];
      expect(await loader.service.mayRefuse(loader.target, table, { existing, declared, write })).toBe(
        mayRefuse,
      );
    });
  });
}

import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { DeclaredConstraints } from '../src/loader/rules/declared.js';
import type { StageColumn } from '../src/schema/stage.js';
import { createLoaderFixture, failureOf, type LoaderFixture } from './loader-fixture.js';
import type { Row } from './make-stage.js';

/** A table that is there, what comes, and what becomes of it. Rows are `id bigint, name text`; line 2 is the first. */
interface Case {
  it: string;
  /** Statements; `T` stands for the table. */
  given: string;
  rows: Row[];
  /** `id name` of the rows that are new in the table, in order. */
  loaded: string[];
  rejects: [line: number, column: string | null, reason: RegExp][];
}

const RAISES = (when: string, how = `RAISE EXCEPTION 'secret %', NEW.name`) => `
  CREATE FUNCTION T_guard() RETURNS trigger LANGUAGE plpgsql AS
    $f$ BEGIN IF ${when} THEN ${how}; END IF; RETURN NEW; END $f$;`;

const CASES: Case[] = [
  {
    it: 'a unique column, against the table and among the rows',
    given: `CREATE TABLE T (id bigint UNIQUE, name text); INSERT INTO T VALUES (1, 'there')`,
    rows: [
      ['1', 'a'],
      ['2', 'b'],
      ['2', 'c'],
      [null, 'd'],
      [null, 'e'],
    ],
    loaded: ['2 b', '- d', '- e'],
    rejects: [
      [
        2,
        'id',
        /^id: expected a value that no other row has \(unique \S+_id_key\), got those of a row of the table$/,
      ],
      [
        4,
        'id',
        /^id: expected a value that no other row has \(unique \S+_id_key\), got those of an earlier row$/,
      ],
    ],
  },
  {
    it: 'a primary key of two columns',
    given: 'CREATE TABLE T (id bigint, name text, PRIMARY KEY (id, name))',
    rows: [
      ['1', 'a'],
      ['1', 'b'],
      [null, 'c'],
      ['2', null],
    ],
    loaded: ['1 a', '1 b'],
    rejects: [
      [4, 'id', /^id: expected a value \(NOT NULL\), got NULL$/],
      [5, 'name', /^name: expected a value \(NOT NULL\), got NULL$/],
    ],
  },
  {
    it: 'a unique index that takes NULL for a value',
    given: 'CREATE TABLE T (id bigint UNIQUE NULLS NOT DISTINCT, name text)',
    rows: [
      [null, 'a'],
      [null, 'b'],
    ],
    loaded: ['- a'],
    rejects: [[3, 'id', /an earlier row$/]],
  },
  {
    it: 'a unique index over some rows only',
    given: `CREATE TABLE T (id bigint, name text); CREATE UNIQUE INDEX T_some ON T (id) WHERE name <> 'free'`,
    rows: [
      ['1', 'a'],
      ['1', 'free'],
      ['1', 'b'],
      ['1', 'free too'],
    ],
    loaded: ['1 a', '1 free'],
    rejects: [
      [4, null, /^id, name: expected a value that no other row has \(unique \S+_some\)/],
      [5, null, /^id, name: expected/],
    ],
  },
  {
    it: 'a unique index over an expression that fails on a row',
    given: `CREATE TABLE T (id bigint, name text); CREATE UNIQUE INDEX T_part ON T ((12 / id), lower(name))`,
    rows: [
      ['1', 'a'],
      ['0', 'b'],
      ['1', 'A'],
      ['2', 'A'],
    ],
    loaded: ['1 a', '2 A'],
    rejects: [
      [3, null, /^expected a row that the table takes, got SQLSTATE 22012$/],
      [4, null, /^id, name: expected values that no other row has \(unique \S+_part\)$/],
    ],
  },
  {
    it: 'a check, also where NULL makes it neither true nor false',
    given: 'CREATE TABLE T (id bigint CHECK (id > 0), name text)',
    rows: [
      ['1', 'a'],
      ['-1', 'b'],
      [null, 'c'],
    ],
    loaded: ['1 a', '- c'],
    rejects: [[3, 'id', /^id: expected id > 0 \(check \S+_id_check\), got a row of which it is false$/]],
  },
  {
    it: 'a check that fails on a row',
    given: 'CREATE TABLE T (id bigint, name text, CONSTRAINT odd CHECK (10 / id > 1))',
    rows: [
      ['0', 'a'],
      ['1', 'b'],
      ['9', 'c'],
    ],
    loaded: ['1 b'],
    rejects: [
      [2, null, /^expected a row that the table takes, got SQLSTATE 22012$/],
      [4, 'id', /^id: expected \(10 \/ id\) > 1 \(check odd\), got a row of which it is false$/],
    ],
  },
  {
    it: 'a column that is NOT NULL and that no file has',
    given: 'CREATE TABLE T (id bigint, name text, must integer NOT NULL, may integer NOT NULL DEFAULT 7)',
    rows: [['1', 'a']],
    loaded: [],
    rejects: [[2, 'must', /^must: expected a value \(NOT NULL\), got NULL$/]],
  },
  {
    it: 'a foreign key into another schema',
    given: `CREATE SCHEMA T_s; CREATE TABLE T_s.p (x bigint PRIMARY KEY); INSERT INTO T_s.p VALUES (1);
            CREATE TABLE T (id bigint REFERENCES T_s.p, name text)`,
    rows: [
      ['1', 'a'],
      ['2', 'b'],
      [null, 'c'],
    ],
    loaded: ['1 a', '- c'],
    rejects: [[3, 'id', /^id: expected a row of p with this x, got none$/]],
  },
  {
    it: 'a foreign key of two columns',
    given: `CREATE TABLE T_p (x bigint, y text, PRIMARY KEY (x, y)); INSERT INTO T_p VALUES (1, 'a');
            CREATE TABLE T (id bigint, name text, FOREIGN KEY (id, name) REFERENCES T_p)`,
    rows: [
      ['1', 'a'],
      ['1', 'b'],
      ['2', null],
    ],
    loaded: ['1 a', '2 -'],
    rejects: [[3, null, /^id, name: expected a row of \S+_p with these \(x, y\), got none$/]],
  },
  {
    it: 'a foreign key to the table itself, with the children of what is refused',
    given:
      `CREATE TABLE T (id bigint PRIMARY KEY, name text, CONSTRAINT up FOREIGN KEY (up) REFERENCES T)`.replace(
        'name text,',
        `name text, up bigint GENERATED ALWAYS AS (nullif(split_part(name, '>', 2), '')::bigint) STORED,`,
      ),
    rows: [
      ['2', 'b>1'],
      ['1', 'a'],
      ['3', 'c>9'],
      ['4', 'd>2'],
    ],
    loaded: ['1 a', '2 b>1', '4 d>2'],
    rejects: [[4, 'up', /^up: expected a row of \S+ with this id, got none$/]],
  },
  {
    it: 'a constraint that is looked at late',
    given: 'CREATE TABLE T (id bigint UNIQUE DEFERRABLE INITIALLY DEFERRED, name text)',
    rows: [
      ['1', 'a'],
      ['1', 'b'],
    ],
    loaded: ['1 a'],
    rejects: [[3, 'id', /an earlier row$/]],
  },
  {
    it: 'an exclusion constraint',
    given: 'CREATE TABLE T (id bigint, name text, CONSTRAINT once EXCLUDE (id WITH =))',
    rows: [
      ['1', 'a'],
      ['2', 'b'],
      ['1', 'c'],
    ],
    loaded: ['1 a', '2 b'],
    rejects: [[4, 'id', /^id: expected no conflict with another row \(exclusion once\), got one$/]],
  },
  {
    it: 'a trigger that raises, without its words',
    given: `CREATE TABLE T (id bigint, name text); ${RAISES('NEW.id = 2')}
            CREATE TRIGGER guard AFTER INSERT ON T FOR EACH ROW EXECUTE FUNCTION T_guard()`,
    rows: [
      ['1', 'a'],
      ['2', 'b'],
      ['3', 'c'],
    ],
    loaded: ['1 a', '3 c'],
    rejects: [[3, null, /^expected no error of a trigger, got one$/]],
  },
  {
    it: 'a trigger that raises a SQLSTATE of its own, at the end of the load',
    given: `CREATE TABLE T (id bigint, name text); ${RAISES('NEW.id = 2', `RAISE 'secret' USING ERRCODE = 'MY001'`)}
            CREATE CONSTRAINT TRIGGER guard AFTER INSERT ON T DEFERRABLE INITIALLY DEFERRED
              FOR EACH ROW EXECUTE FUNCTION T_guard()`,
    rows: [
      ['1', 'a'],
      ['2', 'b'],
    ],
    loaded: ['1 a'],
    rejects: [[3, null, /^expected a row that the table takes, got SQLSTATE MY001$/]],
  },
  {
    it: 'a trigger that mends what a constraint would refuse',
    given: `CREATE TABLE T (id bigint CHECK (id > 0), name text);
            ${RAISES('NEW.id = -1', 'NEW.id := 100')}
            CREATE TRIGGER guard BEFORE INSERT ON T FOR EACH ROW EXECUTE FUNCTION T_guard()`,
    rows: [
      ['-1', 'a'],
      ['-2', 'b'],
    ],
    loaded: ['100 a'],
    rejects: [[3, 'id', /^id: expected id > 0/]],
  },
  {
    it: 'a domain',
    given: `CREATE DOMAIN T_short AS text CHECK (length(VALUE) < 3); CREATE TABLE T (id bigint, name T_short)`,
    rows: [
      ['1', 'ab'],
      ['2', 'abc'],
    ],
    loaded: ['1 ab'],
    rejects: [[3, 'name', /^name: expected a value that the domain \S+_short takes, got another one$/]],
  },
  {
    it: 'partitions of which none takes a row',
    given: `CREATE TABLE T (id bigint, name text) PARTITION BY RANGE (id);
            CREATE TABLE T_low PARTITION OF T FOR VALUES FROM (0) TO (10)`,
    rows: [
      ['1', 'a'],
      ['11', 'b'],
    ],
    loaded: ['1 a'],
    rejects: [[3, null, /^expected a partition of the table that takes the row, got none$/]],
  },
];

/** Rows that the database would refuse become rejects, and the others are loaded. */
export function ruleCases(): void {
  describe('a table with rules of its own', () => {
    let loader: LoaderFixture;
    beforeAll(async () => {
      loader = await createLoaderFixture();
    });
    afterAll(async () => {
      await loader.close();
    });

    it.each(CASES.map((one, index) => [one.it, one, `rules${index}`] as const))(
      'has rejects for %s',
      async (_, { given, rows, loaded, rejects }, table) => {
        await loader.sql(given.replaceAll(/\bT(?=\b|_)/g, table));
        const before = await loader.sql(`SELECT id, name FROM ${table}`);
        const load = () => loader.load({ table, rows });
        const result = await load();
        const counts = { read: rows.length, inserted: loaded.length, rejected: rejects.length, duplicate: 0 };
        expect(result).toMatchObject(counts);
        const there = await loader.sql(`SELECT id, name FROM ${table} ORDER BY id, name`);
        const fresh = there.filter((row) => !before.some(({ id }) => id === row['id']));
        expect(fresh.map(({ id, name }) => `${show(id)} ${show(name)}`).sort()).toEqual(loaded.toSorted());
        expect(await rejectsOf(table)).toEqual(
          rejects.map(([line, column, reason]) => ({
            line: String(line),
            column_name: column,
            reason: expect.stringMatching(reason),
          })),
        );
        // What was refused is not taken for loaded.
        expect(await load()).toMatchObject({
          inserted: 0,
          rejected: rejects.length,
          duplicate: loaded.length,
        });
      },
    );

    const show = (value: unknown) => (value === null ? '-' : String(value));

    const rejectsOf = (table: string) =>
      loader.sql(
        `SELECT line, column_name, reason FROM millrace.rejects WHERE table_name = $1 ORDER BY line`,
        [table],
      );

    it('says nothing of a row but in its reject', async () => {
      await loader.sql(`CREATE TABLE quiet (id bigint UNIQUE, name text)`);
      const rows = [
        ['1', 'secret-a'],
        ['1', 'secret-b'],
      ];
      await loader.load({ table: 'quiet', rows });
      const [reject] = await loader.sql(
        `SELECT reason, raw FROM millrace.rejects WHERE table_name = 'quiet'`,
      );
      expect(reject).toMatchObject({ raw: '"1","secret-b"' });
      expect(reject!['reason']).not.toContain('secret');
    });

    it('refuses with a row those that are identical to it', async () => {
      await loader.sql(`CREATE TABLE again (id bigint CHECK (id > 0), name text)`);
      const rows = [
        ['-1', 'a'],
        ['1', 'b'],
        ['-1', 'a'],
        ['1', 'b'],
      ];
      const result = await loader.load({ table: 'again', rows });
      expect(result).toMatchObject({ read: 4, inserted: 1, duplicate: 1, rejected: 2 });
    });

    it('takes a child as soon as its parent is there', async () => {
      await loader.sql(`CREATE TABLE parents (id bigint PRIMARY KEY);
        CREATE TABLE children (id bigint REFERENCES parents, name text)`);
      const load = () => loader.load({ table: 'children', rows: [['1', 'a']] });
      expect(await load()).toMatchObject({ inserted: 0, rejected: 1 });
      await loader.sql('INSERT INTO parents VALUES (1)');
      expect(await load()).toMatchObject({ inserted: 1, rejected: 0 });
    });

    it('is not loaded at all beyond the rejects that are borne', async () => {
      await loader.sql(`CREATE TABLE few (id bigint, name text);
        CREATE FUNCTION never() RETURNS trigger LANGUAGE plpgsql AS $f$ BEGIN RAISE 'no'; END $f$;
        CREATE TRIGGER never BEFORE INSERT ON few FOR EACH ROW EXECUTE FUNCTION never()`);
      const rows = Array.from({ length: 5_000 }, (_, id) => [String(id), 'x']);
      const told: number[] = [];
      const failure = await failureOf(
        loader.load({
          table: 'few',
          rows,
          mostRejects: 10,
          bearRejects: (refused) => {
            told.push(refused);
            throw new Error('too many');
          },
        }),
      );
      expect(failure.message).toBe('too many');
      // It has not tried them all.
      expect(told).toEqual([11]);
      expect(await loader.sql('SELECT FROM few')).toEqual([]);
    });
  });

  describe('constraints that a stream declares', () => {
    let loader: LoaderFixture;
    beforeAll(async () => {
      loader = await createLoaderFixture();
    });
    afterAll(async () => {
      await loader.close();
    });

    const declare = (declared: Partial<DeclaredConstraints>): DeclaredConstraints => ({
      unique: [],
      foreignKeys: [],
      checks: [],
      ...declared,
    });
    const reference = (columns: string[], table: string, others: string[], rest = {}) => ({
      columns,
      references: { table, columns: others, isStream: table === 'later' },
      onDelete: 'no action' as const,
      ...rest,
    });
    const constraintsOf = async (table: string) => {
      const found = await loader.sql(
        `SELECT conname || ' ' || pg_get_constraintdef(oid) AS c FROM pg_constraint
          WHERE conrelid = $1::regclass AND contype <> 'n' ORDER BY 1`,
        [table],
      );
      return found.map(({ c }) => c);
    };

    it('are real ones, with names that say what they are', async () => {
      await loader.sql('CREATE TABLE customers (id bigint PRIMARY KEY); INSERT INTO customers VALUES (1)');
      const constraints = declare({
        unique: [['id', 'name']],
        foreignKeys: [reference(['id'], 'customers', ['id'], { onDelete: 'cascade' })],
        checks: [{ expression: `name <> 'x' -- never`, column: 'name' }],
      });
      const rows = [
        ['1', 'a'],
        ['2', 'b'],
        ['1', 'x'],
      ];
      const result = await loader.load({ table: 'orders', rows, constraints });
      expect(result).toMatchObject({ inserted: 1, rejected: 2 });
      const expected = [
        `orders_id_fkey FOREIGN KEY (id) REFERENCES customers(id) ON DELETE CASCADE`,
        `orders_id_name_key UNIQUE (id, name)`,
        `orders_name_check CHECK ((name <> 'x'::text))`,
      ];
      expect(await constraintsOf('orders')).toEqual(expected);
      await loader.load({ table: 'orders', rows: [['1', 'more']], constraints });
      expect(await constraintsOf('orders')).toEqual(expected);
      const changes = await loader.sql(`SELECT FROM millrace.schema_changes WHERE table_name = 'orders'`);
      expect(changes).toHaveLength(4);
    });

    it('are not made again where there is the same under another name', async () => {
      await loader.sql(`CREATE TABLE p (id bigint PRIMARY KEY); INSERT INTO p VALUES (1);
        CREATE TABLE mine (id bigint CONSTRAINT f REFERENCES p, name text CONSTRAINT c CHECK (name > ''));
        CREATE UNIQUE INDEX u ON mine (name, id)`);
      const constraints = declare({
        unique: [['id', 'name']],
        foreignKeys: [reference(['id'], 'p', ['id'])],
        checks: [{ expression: `(name) >\n''`, column: null }],
      });
      await loader.load({ table: 'mine', rows: [['1', 'a']], constraints });
      expect(await constraintsOf('mine')).toEqual([
        "c CHECK ((name > ''::text))",
        'f FOREIGN KEY (id) REFERENCES p(id)',
      ]);
    });

    it.each<[string, Partial<DeclaredConstraints>, number]>([
      ['unique', { unique: [['id']] }, 2],
      ['a check', { checks: [{ expression: 'id < 3', column: null }] }, 1],
      ['a foreign key', { foreignKeys: [reference(['id'], 'somebody', ['id'])] }, 4],
    ])('refuse a table whose rows break %s, and tell how many do', async (_, declared, count) => {
      await loader.sql(`CREATE TABLE IF NOT EXISTS somebody (id bigint PRIMARY KEY);
        DROP TABLE IF EXISTS broken; CREATE TABLE broken (id bigint, name text);
        INSERT INTO broken VALUES (1, 'secret'), (1, 'b'), (1, 'c'), (3, 'd'), (NULL, 'e')`);
      const load = loader.load({ table: 'broken', rows: [['7', 'x']], constraints: declare(declared) });
      const failure = await failureOf(load);
      expect(failure).toMatchObject({ code: 'CONSTRAINT_BROKEN' });
      expect(failure.message).toContain(`got ${count} in the table that break it`);
      expect(failure.message).not.toContain('secret');
    });

    it.each<[string, Partial<DeclaredConstraints>, string, RegExp]>([
      [
        'a column that is not there',
        { unique: [['id', 'nom']] },
        'CONSTRAINT_COLUMNS',
        /got none of the name nom; it has id, name$/,
      ],
      [
        'a table that is not there',
        { foreignKeys: [reference(['id'], 'regoins', ['id'])] },
        'REFERENCE_MISSING',
        /got public\.regoins, which is not there; did you mean regions\?$/,
      ],
      [
        'columns that are not unique',
        { foreignKeys: [reference(['id'], 'regions', ['code'])] },
        'REFERENCE_NOT_UNIQUE',
        /expected regions\(code\) to be unique so that id can refer to it/,
      ],
      [
        'a check that is none',
        { checks: [{ expression: 'nom > 1', column: 'name' }] },
        'CHECK_REFUSED',
        /^faulty\.name: check "nom > 1": expected one that PostgreSQL takes, got column "nom" does not exist$/,
      ],
    ])('refuse %s', async (_, declared, code, message) => {
      await loader.sql(`CREATE TABLE IF NOT EXISTS regions (id bigint PRIMARY KEY, code bigint)`);
      const load = loader.load({ table: 'faulty', rows: [['1', 'a']], constraints: declare(declared) });
      const failure = await failureOf(load);
      expect(failure).toMatchObject({ code, message: expect.stringMatching(message) });
      expect(await loader.sql(`SELECT to_regclass('faulty') AS t`)).toEqual([{ t: null }]);
    });

    it('wait for the table of a stream that is still to come, and refuse rows until then', async () => {
      const constraints = declare({
        foreignKeys: [reference(['id'], 'later', ['id'])],
      });
      const load = (signature: string) =>
        loader.load({
          table: 'waiting',
          signature,
          constraints,
          rows: [
            ['1', 'a'],
            [null, 'b'],
          ],
        });
      expect(await load('s')).toMatchObject({ inserted: 1, rejected: 1 });
      expect(await constraintsOf('waiting')).toEqual([]);
      // Nothing shall take this load for all that the files bring.
      expect((await loader.service.lastLoad(loader.target, 'shop', 'waiting'))?.signature).not.toBe('s');
      await loader.load({ table: 'later', rows: [['1', 'p']], constraints: declare({ unique: [['id']] }) });
      expect(await load('s')).toMatchObject({ inserted: 1, duplicate: 1, rejected: 0 });
      expect(await constraintsOf('waiting')).toEqual([
        'waiting_id_fkey FOREIGN KEY (id) REFERENCES later(id)',
      ]);
    });

    it('tell whether a later load may take what one has refused', async () => {
      const parents = { table: 'above', constraints: declare({ unique: [['id']] }) };
      await loader.load({ ...parents, rows: [['1', 'p']] });
      const constraints = declare({ foreignKeys: [reference(['id'], 'above', ['id'])] });
      const last = () => loader.service.lastLoad(loader.target, 'shop', 'below');
      await loader.load({ table: 'below', constraints, rows: [['1', 'a']] });
      expect(await last()).toMatchObject({ mayTakeMore: false });
      await loader.load({ table: 'below', constraints, rows: [['2', 'b']] });
      expect(await last()).toMatchObject({ mayTakeMore: false });
      await loader.load({ ...parents, rows: [['1', 'p']] });
      expect(await last()).toMatchObject({ mayTakeMore: false });
      await loader.load({ ...parents, rows: [['2', 'p']] });
      expect(await last()).toMatchObject({ mayTakeMore: true });
    });

    it('bring defaults for those who write to the table besides', async () => {
      const columns: StageColumn[] = [
        { name: 'id', type: { name: 'bigint' }, required: false, default: '7' },
        { name: 'name', type: { name: 'text' }, required: true, default: `it's` },
      ];
      await loader.load({ table: 'defaults', columns, rows: [['1', 'a']] });
      await loader.sql('INSERT INTO defaults DEFAULT VALUES');
      expect(await loader.sql('SELECT * FROM defaults WHERE id = 7')).toEqual([{ id: '7', name: `it's` }]);
    });
  });
}

import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { TerminalError } from '../src/errors.js';
import type { StageColumn } from '../src/schema/stage.js';
import { createLoaderFixture, failureOf, PEOPLE, type LoaderFixture } from './loader-fixture.js';

const ADA = ['1', 'Ada'];
const BOB = ['2', 'Bob'];
const CY = ['3', 'Cy'];
const EMAIL: StageColumn = { name: 'email', type: { name: 'text' }, required: false };

/** Appending, and what the target's tables may look like. */
export function tableCases(): void {
  describe('append', () => {
    let loader: LoaderFixture;
    beforeAll(async () => {
      loader = await createLoaderFixture();
    });
    afterAll(() => loader.close());
    const count = async (table: string) =>
      (await loader.sql(`SELECT count(*)::int AS n FROM ${table}`))[0]?.['n'];

    it('loads the same rows once', async () => {
      const first = await loader.load({ table: 'twice', rows: [ADA, BOB, ADA] });
      expect(first).toMatchObject({ read: 3, inserted: 2, duplicate: 1, rejected: 0 });
      expect(first.rowBytes).toBe('"1","Ada"\n"2","Bob"\n'.length);
      const second = await loader.load({ table: 'twice', rows: [ADA, BOB, ADA] });
      expect(second).toMatchObject({ read: 3, inserted: 0, duplicate: 3, rowBytes: 0 });
      expect(await count('twice')).toBe(2);
    });

    it('loads only the rows that are new', async () => {
      await loader.load({ table: 'overlap', rows: [ADA, BOB] });
      const files = [
        { name: 'a.csv', rows: [BOB, CY] },
        { name: 'b.csv', rows: [CY, ADA] },
        { name: 'c.csv', rows: [], copyOf: 'a.csv' },
      ];
      const result = await loader.load({ table: 'overlap', files });
      expect(result).toMatchObject({ read: 4, inserted: 1, duplicate: 3 });
      expect(result.files).toMatchObject([
        { name: 'a.csv', read: 2, inserted: 1, duplicate: 1, copyOf: null },
        { name: 'b.csv', read: 2, inserted: 0, duplicate: 2 },
        { name: 'c.csv', read: 0, inserted: 0, duplicate: 0, copyOf: 'a.csv' },
      ]);
      expect(result.rowBytes).toBe('"3","Cy"\n'.length);
      expect(await count('overlap')).toBe(3);
    });

    it('answers a run that is loaded with the stored counts', async () => {
      const runId = 'run-1';
      const first = await loader.load({ table: 'again', runId, rows: [ADA, BOB] });
      const again = await loader.load({ table: 'again', runId, rows: [CY] });
      expect(again).toEqual({ ...first, alreadyCommitted: true });
      expect(await count('again')).toBe(2);
    });

    it('makes the schema and the table', async () => {
      const target = { ...loader.target, schema: 'lager' };
      await loader.load({
        target,
        table: 'größe',
        columns: [{ ...PEOPLE[0]!, required: true }],
        rows: [['1']],
      });
      expect(await loader.service.describe(target, 'größe')).toEqual([{ ...PEOPLE[0]!, required: true }]);
      expect(await loader.sql('SELECT id FROM lager."größe"')).toEqual([{ id: '1' }]);
    });

    it('makes one schema for two tables at once', async () => {
      const target = { ...loader.target, schema: 'shared' };
      const tables = ['one', 'two', 'three', 'four'];
      const results = await Promise.all(tables.map((table) => loader.load({ target, table, rows: [ADA] })));
      expect(results.map(({ inserted }) => inserted)).toEqual([1, 1, 1, 1]);
    });

    it('writes down each change of the schema, with the load or not at all', async () => {
      const target = { ...loader.target, schema: 'noted' };
      const id = PEOPLE[0]!;
      await loader.load({
        target,
        pipeline: 'noter',
        table: 'kept',
        runId: 'a',
        columns: [id],
        rows: [['1']],
      });
      await loader.load({
        target,
        pipeline: 'noter',
        table: 'kept',
        runId: 'b',
        configVersion: 2,
        rows: [ADA],
      });
      const text = [
        { ...id, name: 'id', type: { name: 'text' as const } },
        { ...PEOPLE[1]!, name: 'more' },
      ];
      await failureOf(loader.load({ target, pipeline: 'noter', table: 'kept', columns: text, rows: [ADA] }));
      await failureOf(loader.load({ target, pipeline: 'noter', table: 'lost', rows: [['no number', 'x']] }));
      const first = await loader.service.schemaChanges(target, { pipeline: 'noter', limit: 2 });
      const cursor = first.nextCursor!;
      const rest = await loader.service.schemaChanges(target, { pipeline: 'noter', limit: 2, cursor });
      expect(rest.nextCursor).toBeNull();
      expect([...first.items, ...rest.items]).toMatchObject([
        { runId: 'b', configVersion: 2, statement: 'ALTER TABLE "noted"."kept" ADD COLUMN "name" text' },
        { runId: 'a', configVersion: 1, statement: 'CREATE TABLE "noted"."kept" ("id" bigint)' },
        { schema: 'noted', table: 'kept', runId: 'a', statement: 'CREATE SCHEMA IF NOT EXISTS "noted"' },
      ]);
      const none = { pipeline: 'noter', table: 'lost', limit: 2 };
      expect(await loader.service.schemaChanges(target, none)).toEqual({ items: [], nextCursor: null });
    });

    it('changes nothing of a schema that the user manages, and says what it lacks', async () => {
      const target = { ...loader.target, schema: 'theirs' };
      const plan = { target, pipeline: 'theirs', table: 'own', managedBy: 'user' as const, rows: [ADA] };
      const missing = await failureOf(loader.load(plan));
      expect(missing).toMatchObject({ code: 'SCHEMA_MANAGED_BY_USER' });
      expect(missing.message).toContain(
        'CREATE SCHEMA IF NOT EXISTS "theirs"; CREATE TABLE "theirs"."own" ("id" bigint, "name" text);',
      );
      await loader.sql('CREATE SCHEMA theirs; CREATE TABLE theirs.own (id bigint)');
      const lacking = await failureOf(loader.load(plan));
      expect(lacking.message).toContain('ALTER TABLE "theirs"."own" ADD COLUMN "name" text;');
      await loader.sql('ALTER TABLE theirs.own ADD COLUMN name text');
      expect(await loader.load(plan)).toMatchObject({ inserted: 1 });
      const { items } = await loader.service.schemaChanges(target, { pipeline: 'theirs', limit: 9 });
      expect(items).toEqual([]);
    });

    it('makes nothing of a stage without columns', async () => {
      const result = await loader.load({ table: 'nothing', columns: [], rows: [] });
      expect(result).toMatchObject({ read: 0, inserted: 0, rowBytes: 0 });
      expect(await loader.service.describe(loader.target, 'nothing')).toBeNull();
    });

    it.each([
      { name: 'dropped', statement: 'DROP TABLE gone_dropped' },
      {
        name: 'recreated',
        statement: 'DROP TABLE gone_recreated; CREATE TABLE gone_recreated (id bigint, name text)',
      },
    ])('fills a table that was $name again', async ({ name, statement }) => {
      const table = `gone_${name}`;
      await loader.load({ table, rows: [ADA, BOB] });
      expect(await loader.service.lastLoad(loader.target, 'shop', table)).toMatchObject({
        signature: 'signature',
      });
      await loader.sql(statement);
      expect(await loader.service.lastLoad(loader.target, 'shop', table)).toBeNull();
      expect(await loader.load({ table, rows: [ADA] })).toMatchObject({ inserted: 1 });
      expect(await loader.load({ table, rows: [ADA, BOB] })).toMatchObject({ inserted: 1, duplicate: 1 });
      expect(await count(table)).toBe(2);
    });

    it('keeps what it knows of tables that came back from a dump', async () => {
      const other = await createLoaderFixture();
      await other.load({ rows: [ADA, BOB] });
      // What a restore does: the same rows in tables with other oids.
      for (const table of ['public.people', 'millrace.loaded_tables']) {
        const [schema, name] = table.split('.');
        await other.sql(`ALTER TABLE ${table} RENAME TO old;
          CREATE TABLE ${table} (LIKE ${schema}.old INCLUDING ALL);
          INSERT INTO ${table} OVERRIDING SYSTEM VALUE SELECT * FROM ${schema}.old; DROP TABLE ${schema}.old -- ${name}`);
      }
      expect(await other.service.lastLoad(other.target, 'shop', 'people')).not.toBeNull();
      expect(await other.load({ rows: [ADA, BOB, CY] })).toMatchObject({ inserted: 1, duplicate: 2 });
      expect(await other.load({ rows: [ADA, BOB, CY] })).toMatchObject({ inserted: 0, duplicate: 3 });
      await other.close();
    });

    it('adds a column where the contract lets it, else refuses it by name', async () => {
      await loader.load({ table: 'evolving', rows: [ADA] });
      const columns = [...PEOPLE, EMAIL];
      const rows = [
        ['1', 'Ada', null],
        ['2', 'Bob', 'b@example.com'],
      ];
      await expect(loader.load({ table: 'evolving', columns, rows, addColumns: false })).rejects.toThrow(
        'table public.evolving: expected the columns email, the table lacks them',
      );
      expect(await loader.load({ table: 'evolving', columns, rows })).toMatchObject({
        inserted: 1,
        duplicate: 1,
      });
      expect(await loader.sql('SELECT name, email FROM evolving ORDER BY id')).toEqual([
        { name: 'Ada', email: null },
        { name: 'Bob', email: 'b@example.com' },
      ]);
    });

    it('refuses types that the table would not keep exactly', async () => {
      await loader.sql(
        'CREATE TABLE typed (id integer, name varchar(5), tags int[], total int GENERATED ALWAYS AS (id) STORED)',
      );
      const columns: StageColumn[] = [
        { name: 'id', type: { name: 'numeric', precision: 12, scale: 2 }, required: false },
        { name: 'name', type: { name: 'text' }, required: false },
        { name: 'tags', type: { name: 'text' }, required: false },
        { name: 'total', type: { name: 'integer' }, required: false },
      ];
      const load = loader.load({ table: 'typed', columns, rows: [['1', 'a', 'b', '1']] });
      await expect(load).rejects.toThrow(
        new TerminalError(
          'TABLE_MISMATCH',
          'table public.typed: column id: the table has integer, the stream has numeric(12,2); ' +
            'column name: the table has varchar(5), the stream has text; ' +
            'column tags: the table has integer[], the stream has text; ' +
            'column total: the table computes it (GENERATED ALWAYS AS), the stream brings values',
        ),
      );
    });

    it('fills partitioned tables, domains and defaults', async () => {
      await loader.sql(`CREATE DOMAIN label AS varchar(9); CREATE TABLE parts (id bigint, name label, added timestamptz DEFAULT now())
        PARTITION BY RANGE (id); CREATE TABLE parts_1 PARTITION OF parts FOR VALUES FROM (0) TO (9)`);
      const columns: StageColumn[] = [
        PEOPLE[0]!,
        { name: 'name', type: { name: 'varchar', length: 9 }, required: false },
      ];
      expect(await loader.load({ table: 'parts', columns, rows: [ADA, BOB] })).toMatchObject({ inserted: 2 });
      expect(await loader.sql('SELECT count(added)::int AS n FROM parts_1')).toEqual([{ n: 2 }]);
    });
  });
}

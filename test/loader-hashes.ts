import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { createLoaderFixture, failureOf, type LoaderFixture } from './loader-fixture.js';

const ADA = ['1', 'Ada'];
const BOB = ['2', 'Bob'];
const CY = ['3', 'Cy'];

/** Where the identities of a table's rows are kept. */
export function hashCases(): void {
  describe('identities', () => {
    const role = `hash_keeper_${process.pid}`;
    let loader: LoaderFixture;
    let table: string;
    let number = 0;
    beforeAll(async () => {
      loader = await createLoaderFixture();
      await loader.service.describe(loader.target, 'none');
      await loader.sql(`CREATE ROLE ${role} LOGIN PASSWORD 'right'; GRANT USAGE ON SCHEMA millrace TO ${role};
        GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA millrace TO ${role}`);
    });
    afterAll(async () => {
      await loader.sql(`DROP OWNED BY ${role}; DROP ROLE ${role}`);
      await loader.close();
    });
    beforeEach(() => {
      number++;
      table = `hashed_${number}`;
    });

    const asKeeper = () => ({ ...loader.target, user: role, password: 'right' });
    const idOf = async () =>
      (await loader.sql('SELECT id FROM millrace.loaded_tables WHERE table_name = $1', [table]))[0]?.['id'];
    /** How many identities the table has, by the table that they lie in. */
    const stores = async () => {
      const rows = await loader.sql(
        `SELECT h.tableoid::regclass::text AS store, count(*)::int AS n FROM millrace.loaded_row_hashes h
          WHERE h.table_id = $1 GROUP BY 1 ORDER BY 1`,
        [await idOf()],
      );
      return rows.map(({ store, n }) => [store, n]);
    };
    const own = async () => `millrace.loaded_row_hashes_${await idOf()}`;
    const SHARED = 'millrace.loaded_row_hashes';

    it('of a new table lie in a table of their own, which the shared one shows', async () => {
      await loader.load({ table, rows: [ADA, BOB] });
      expect(await stores()).toEqual([[await own(), 2]]);
      expect(await loader.load({ table, rows: [BOB, CY] })).toMatchObject({ inserted: 1, duplicate: 1 });
      expect(await stores()).toEqual([[await own(), 3]]);
    });

    it('of a few rows are all found again, those among new ones as well that are not looked for one by one', async () => {
      const rows = (from: number) => Array.from({ length: 1_000 }, (_, n) => [String(from + n), 'x']);
      await loader.load({ table, rows: rows(0) });
      for (let n = 1; n <= 8; n++) {
        const news = rows(n * 1_000);
        const known = String(n * 97);
        const loaded = await loader.load({ table, rows: [...news, [known, 'x']] });
        expect(loaded).toMatchObject({ inserted: 1_000, duplicate: 1 });
      }
      expect(await loader.load({ table, rows: rows(9_000) })).toMatchObject({
        inserted: 1_000,
        duplicate: 0,
      });
      expect(await stores()).toEqual([[await own(), 10_000]]);
      expect(await loader.sql(`SELECT count(*)::int AS n FROM ${table}`)).toEqual([{ n: 10_000 }]);
    });

    it('go with a table that is dropped, and come again with its rows', async () => {
      await loader.load({ table, rows: [ADA, BOB] });
      await loader.sql(`DROP TABLE ${table}`);
      expect(await loader.load({ table, rows: [ADA] })).toMatchObject({ inserted: 1 });
      expect(await stores()).toEqual([[await own(), 1]]);
    });

    it('of a load that fails leave nothing', async () => {
      const more = { columns: [{ name: 'id', type: { name: 'bigint' as const }, required: false }] };
      const error = await failureOf(
        loader.load({ table, rows: [['1'], ['no number']], ...more, keepsPlaces: false }),
      );
      expect(error.message).toContain(table);
      const left = await loader.sql(
        `SELECT c.oid FROM pg_class c WHERE c.relname LIKE 'loaded\\_row\\_hashes\\__%' AND c.relkind = 'r'
            AND NOT EXISTS (SELECT FROM pg_inherits i WHERE i.inhrelid = c.oid)`,
      );
      expect([await idOf(), left]).toEqual([undefined, []]);
    });

    it('of a role that may not make tables lie in the shared one', async () => {
      await loader.sql(`CREATE TABLE ${table} (id bigint, name text); GRANT ALL ON ${table} TO ${role}`);
      const target = asKeeper();
      expect(await loader.load({ target, table, rows: [ADA, BOB] })).toMatchObject({ inserted: 2 });
      expect(await stores()).toEqual([[SHARED, 2]]);
      expect(await loader.load({ table, rows: [BOB, CY] })).toMatchObject({ inserted: 1, duplicate: 1 });
      expect(await stores()).toEqual([[SHARED, 3]]);
    });

    it('are known to a role that may not use the table of their own, and the other way round', async () => {
      await loader.sql(`CREATE TABLE ${table} (id bigint, name text); GRANT ALL ON ${table} TO ${role}`);
      await loader.load({ table, rows: [ADA] });
      const target = asKeeper();
      expect(await loader.load({ target, table, rows: [ADA, BOB] })).toMatchObject({
        inserted: 1,
        duplicate: 1,
      });
      expect(await stores()).toEqual([
        [SHARED, 1],
        [await own(), 1],
      ]);
      expect(await loader.load({ table, rows: [ADA, BOB, CY] })).toMatchObject({
        inserted: 1,
        duplicate: 2,
      });
      await loader.sql(`DROP TABLE ${table}`);
      expect(await loader.load({ table, rows: [BOB] })).toMatchObject({ inserted: 1 });
      expect(await stores()).toEqual([[await own(), 1]]);
    });

    it('of rows that the database refuses are forgotten, wherever they lie', async () => {
      await loader.sql(`CREATE TABLE ${table} (id bigint CHECK (id < 3), name text)`);
      const load = (rows: string[][]) => loader.load({ table, rows, signature: String(rows.length) });
      expect(await load([ADA, CY])).toMatchObject({ inserted: 1, rejected: 1 });
      expect(await stores()).toEqual([[await own(), 1]]);
      await loader.sql(`ALTER TABLE ${table} DROP CONSTRAINT ${table}_id_check`);
      expect(await load([ADA, BOB, CY])).toMatchObject({ inserted: 2, duplicate: 1 });
      expect(await stores()).toEqual([[await own(), 3]]);
    });

    it('of tables that are loaded for the first time at once are all shown', async () => {
      const tables = Array.from({ length: 6 }, (_, n) => `${table}_${n}`);
      const loads = tables.map((one) => loader.load({ table: one, rows: [ADA, BOB] }));
      for (const { inserted } of await Promise.all(loads)) expect(inserted).toBe(2);
      const shown = await loader.sql(
        `SELECT count(*)::int AS n FROM millrace.loaded_row_hashes JOIN millrace.loaded_tables t ON t.id = table_id
          WHERE t.table_name = ANY ($1)`,
        [tables],
      );
      expect(shown).toEqual([{ n: 12 }]);
    });
  });
}

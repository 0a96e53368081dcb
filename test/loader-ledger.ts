import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { DataSource } from 'typeorm';
import { DEFAULT_LIMITS } from '../src/loader/limits.js';
import { dataSourceOptions } from '../src/loader/target-databases.js';
import { createLoaderFixture, type LoaderFixture } from './loader-fixture.js';

const REJECT = { line: 3, column: 'id', reason: 'id: expected bigint, got "x"', raw: '"x,""\0\\.\ny' };

/** The loader's own tables: ledger, rejects, migrations, and the law that the counts obey. */
export function ledgerCases(): void {
  describe('ledger', () => {
    let loader: LoaderFixture;
    beforeAll(async () => {
      loader = await createLoaderFixture();
    });
    afterAll(() => loader.close());

    it('has the tables that the entities describe', async () => {
      await loader.service.describe(loader.target, 'people');
      const database = new DataSource(dataSourceOptions(loader.target, DEFAULT_LIMITS, () => undefined));
      await database.initialize();
      const { upQueries } = await database.driver.createSchemaBuilder().log();
      await database.destroy();
      expect(upQueries.map(({ query }) => query)).toEqual([]);
    });

    it('is made once by many processes that start at once', async () => {
      const other = await createLoaderFixture();
      const all = [other, await other.another(), await other.another(), await other.another()];
      const found = await Promise.all(all.map(({ service, target }) => service.describe(target, 'people')));
      expect(found).toEqual([null, null, null, null]);
      const migrations = 'SELECT name, count(*)::int AS times FROM millrace.target_migrations GROUP BY 1';
      const run = await other.sql(migrations);
      expect(run).toContainEqual({ name: 'TargetTables1700000000000', times: 1 });
      expect(run.filter(({ times }) => times !== 1)).toEqual([]);
      await other.close();
    });

    it('is made again when it is gone', async () => {
      const other = await createLoaderFixture();
      await other.load({ rows: [['1', 'Ada']] });
      await other.sql('DROP SCHEMA millrace CASCADE; DROP TABLE people');
      await expect(other.load({ rows: [['1', 'Ada']] })).rejects.toMatchObject({ code: 'LEDGER_MISSING' });
      expect(await other.load({ rows: [['1', 'Ada']] })).toMatchObject({ inserted: 1 });
      await other.close();
    });

    it('keeps each load with its files', async () => {
      const rejects = [REJECT, { ...REJECT, line: null, column: null }];
      const result = await loader.load({
        runId: 'kept',
        configVersion: 7,
        table: 'kept',
        files: [{ name: 'a/b.csv', rows: [['1', 'Ada']], rejects }],
      });
      expect(result).toMatchObject({ read: 3, inserted: 1, rejected: 2 });
      const [row] = await loader.sql(`SELECT * FROM millrace.loads WHERE run_id = 'kept'`);
      expect(row).toMatchObject({
        id: result.loadId,
        config_version: 7,
        inserted: '1',
        rejected: '2',
        read: '3',
      });
      expect(await loader.service.lastLoad(loader.target, 'shop', 'kept')).toEqual({
        loadId: result.loadId,
        mayTakeMore: false,
        runId: 'kept',
        configVersion: 7,
        signature: 'signature',
        committedAt: row?.['committed_at'],
      });
      expect(await loader.service.lastLoad(loader.target, 'other', 'kept')).toBeNull();
    });

    it('gives rejects page by page and all at once', async () => {
      const files = ['a.csv', 'b.csv'].map((name) => ({
        name,
        rows: [],
        rejects: Array.from({ length: 250 }, (_, line) => ({ ...REJECT, line })),
      }));
      await loader.load({ runId: 'paged', table: 'paged', files });
      const first = await loader.service.rejects(loader.target, 'paged', { limit: 300 });
      const rest = await loader.service.rejects(loader.target, 'paged', {
        limit: 300,
        cursor: first.nextCursor!,
      });
      expect([first.items.length, rest.items.length, rest.nextCursor]).toEqual([300, 200, null]);
      expect(first.items[0]).toEqual({
        pipeline: 'shop',
        configVersion: 1,
        table: 'paged',
        source: 0,
        file: 'a.csv',
        line: 0,
        column: 'id',
        reason: REJECT.reason,
        raw: '"x,""\u2400\\.\ny',
      });
      const all = await Array.fromAsync(loader.service.allRejects(loader.target, 'paged', { file: 'b.csv' }));
      expect(all.map(({ file, line }) => `${file} ${line}`)).toEqual(
        Array.from({ length: 250 }, (_, line) => `b.csv ${line}`),
      );
      const none = await loader.service.rejects(loader.target, 'paged', { table: 'other' });
      expect(none).toEqual({ items: [], nextCursor: null, total: 0 });
    });

    it('finds rejects by column and by a part of the reason, and counts them on all pages', async () => {
      const amount = { ...REJECT, column: 'amount', reason: 'amount: expected integer, got "100%_"' };
      const rejects = [REJECT, amount, amount, { ...REJECT, column: null, reason: 'expected 2 fields' }];
      await loader.load({ runId: 'filtered', table: 'filtered', files: [{ name: 'f', rows: [], rejects }] });
      const total = async (filter: object) => {
        const page = await loader.service.rejects(loader.target, 'filtered', { ...filter, limit: 1 });
        expect(page.items.length).toBe(Math.min(page.total, 1));
        return page.total;
      };
      expect(await total({})).toBe(4);
      expect(await total({ column: 'amount' })).toBe(2);
      expect(await total({ reason: 'Expected BIGINT' })).toBe(1);
      expect(await total({ reason: '100%_' })).toBe(2);
      expect(await total({ reason: '%' })).toBe(2);
      expect(await total({ column: 'id', reason: 'integer' })).toBe(0);
    });

    it('takes no replay for the latest load of the files', async () => {
      await loader.load({ runId: 'files', table: 'replayed', rows: [['1', 'Ada']] });
      await loader.load({ runId: 'replay', table: 'replayed', rows: [['2', 'Bo']], signature: '' });
      const last = await loader.service.lastLoad(loader.target, 'shop', 'replayed');
      expect(last?.runId).toBe('files');
    });

    it.each(['x', 'LTE', '../', Buffer.from('99999999999999999999').toString('base64url')])(
      'refuses the cursor %s',
      async (cursor) => {
        const page = loader.service.rejects(loader.target, 'paged', { cursor });
        await expect(page).rejects.toMatchObject({ code: 'INVALID_CURSOR' });
      },
    );

    it('stores the rejects of a run that failed once, and those of its load instead', async () => {
      const files = [{ name: 'a.csv', rows: [['1', 'Ada']], rejects: [REJECT] }];
      const { makeStage } = await import('./make-stage.js');
      const { rejectsPath } = await makeStage({ columns: [], files, folder: loader.folder });
      const origin = { runId: 'refused', pipeline: 'shop', configVersion: 2, table: 'refused' };
      const record = () =>
        loader.service.recordRejects(loader.target, { ...origin, rejectsPath: rejectsPath! });
      expect([await record(), await record()]).toEqual([1, 1]);
      expect((await loader.service.rejects(loader.target, 'refused')).items).toHaveLength(1);
      await loader.load({ ...origin, files });
      const [row, ...others] = await loader.sql(
        `SELECT load_id FROM millrace.rejects WHERE run_id = 'refused'`,
      );
      expect(row?.['load_id']).not.toBeNull();
      expect(others).toEqual([]);
    });

    it('any sequence of loads makes the union of their rows, and the counts balance', async () => {
      const row = fc.integer({ min: 0, max: 30 }).map((id) => [String(id), `name ${id}`]);
      const files = fc.array(fc.array(row, { maxLength: 20 }), { minLength: 1, maxLength: 3 });
      let round = 0;
      const law = fc.asyncProperty(fc.array(files, { minLength: 1, maxLength: 4 }), async (loads) => {
        const table = `law_${(round += 1)}`;
        const union = new Set<string>();
        for (const contents of loads) {
          const known = union.size;
          for (const [id] of contents.flat()) union.add(id!);
          const plan = { table, files: contents.map((rows, index) => ({ name: `${index}.csv`, rows })) };
          const result = await loader.load(plan);
          const read = contents.flat().length;
          expect(result).toMatchObject({ read, inserted: union.size - known, updated: 0, rejected: 0 });
          expect(result.inserted + result.duplicate).toBe(read);
          for (const file of result.files) expect(file.read).toBe(file.inserted + file.duplicate);
          expect(result.rowBytes > 0).toBe(result.inserted > 0);
        }
        const stored = await loader.sql(`SELECT id FROM ${table} ORDER BY id`);
        expect(stored.map(({ id }) => id)).toEqual([...union].sort((a, b) => Number(a) - Number(b)));
      });
      await fc.assert(law, { numRuns: 15 });
    });
  });
}

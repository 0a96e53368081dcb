import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { TerminalError } from '../src/errors.js';
import type { Target } from '../src/loader/load.js';
import { createLoaderFixture, failureOf, PEOPLE, SECRETS, type LoaderFixture } from './loader-fixture.js';

/** What a target refuses, and how little is said about it. */
export function refusalCases(): void {
  describe('refusals', () => {
    let loader: LoaderFixture;
    beforeAll(async () => {
      loader = await createLoaderFixture();
    });
    afterAll(() => loader.close());

    const count = async (table: string) =>
      (await loader.sql(`SELECT count(*)::int AS n FROM ${table}`))[0]?.['n'];

    it('B12: a table that was altered since it was described is refused', async () => {
      await loader.sql('CREATE TABLE b12 (id bigint, name text)');
      expect(await loader.service.describe(loader.target, 'b12')).toEqual(PEOPLE);
      await loader.sql('ALTER TABLE b12 ALTER COLUMN name TYPE date USING NULL');
      const error = await failureOf(loader.load({ table: 'b12', rows: SECRETS }));
      expect(error).toBeInstanceOf(TerminalError);
      expect(error.message).toBe('table public.b12: column name: the table has date, the stream has text');
    });

    it.each([
      { name: 'CHECK', ddl: 'CHECK (id < 100)', says: 'a row violates the constraint b13_0_id_check' },
      { name: 'UNIQUE', ddl: ', UNIQUE (id)', says: 'a row violates the constraint b13_1_id_key' },
      { name: 'NOT NULL', ddl: ', must text NOT NULL', says: 'column must is NOT NULL' },
      {
        name: 'deferred',
        ddl: ', UNIQUE (id) DEFERRABLE INITIALLY DEFERRED',
        says: 'the constraint b13_3_id_key',
      },
    ])(
      'B13: a violated $name is terminal where no row can be refused, and no value is shown',
      async ({ name, ddl, says }) => {
        const table = `b13_${['CHECK', 'UNIQUE', 'NOT NULL', 'deferred'].indexOf(name)}`;
        await loader.sql(`CREATE TABLE ${table} (id bigint ${ddl}, name text)`);
        const error = await failureOf(
          loader.load({ table, keepsPlaces: false, rows: [...SECRETS, ['199', 'secret-again']] }),
        );
        expect(error).toBeInstanceOf(TerminalError);
        expect(error.code).toBe('CONSTRAINT_VIOLATED');
        expect(error.message).toContain(says);
        expect(JSON.stringify([error.message, error.cause, error.stack])).not.toMatch(/secret|199/);
        expect(await count(table)).toBe(0);
      },
    );

    it('B13: a value that the database refuses is shown by its column only', async () => {
      await loader.sql(`CREATE TYPE mood AS ENUM ('calm'); CREATE TABLE b13_v (id bigint, name text)`);
      const columns = [{ ...PEOPLE[0]!, name: 'id' }, PEOPLE[1]!];
      const error = await failureOf(loader.load({ table: 'b13_v', columns, rows: [['secret', 'x']] }));
      expect(error).toBeInstanceOf(TerminalError);
      expect(error.message).toBe(
        'table public.b13_v: the database refused a value for column id (SQLSTATE 22P02)',
      );
    });

    it.each([
      { name: 'P0001', code: 'TRIGGER_FAILED' },
      { name: '42501', code: 'TARGET_PERMISSION' },
      { name: '23514', code: 'CONSTRAINT_VIOLATED' },
    ])(
      'B16: a trigger that raises $name is terminal where no row can be refused, and its words stay inside',
      async ({ name, code }) => {
        const table = `b16_${name.toLowerCase()}`;
        await loader.sql(`CREATE TABLE ${table} (id bigint, name text);
        CREATE FUNCTION ${table}() RETURNS trigger LANGUAGE plpgsql AS
          $$BEGIN RAISE EXCEPTION 'no %', NEW.name USING ERRCODE = '${name}'; END$$;
        CREATE TRIGGER b16 BEFORE INSERT ON ${table} FOR EACH ROW EXECUTE FUNCTION ${table}()`);
        const error = await failureOf(loader.load({ table, keepsPlaces: false, rows: SECRETS }));
        expect(error).toBeInstanceOf(TerminalError);
        expect(error.code).toBe(code);
        expect(error.message).not.toContain('secret');
      },
    );

    it('a trigger that drops rows in silence does not pass', async () => {
      await loader.sql(`CREATE TABLE eater (id bigint, name text);
        CREATE FUNCTION eat() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END';
        CREATE TRIGGER eat BEFORE INSERT ON eater FOR EACH ROW WHEN (NEW.id = 7) EXECUTE FUNCTION eat()`);
      for (const [keepsPlaces, who] of [
        [false, 'COPY'],
        [true, 'the table'],
      ] as const) {
        const error = await failureOf(loader.load({ table: 'eater', keepsPlaces, rows: SECRETS }));
        expect(error.code).toBe('COUNTS_DO_NOT_BALANCE');
        expect(error.message).toBe(`table public.eater: rows that ${who} took: expected 200, got 199`);
      }
      expect(await count('eater')).toBe(0);
    });

    it('refuses what is not a table, and names that are none', async () => {
      await loader.sql('CREATE VIEW a_view AS SELECT 1 AS id');
      await expect(loader.load({ table: 'a_view', rows: SECRETS })).rejects.toThrow(
        'public.a_view: expected a table, got a view',
      );
      for (const table of ['a"b; drop', '', 'x'.repeat(64), 'ü'.repeat(32), 'a b', '1st', 'nul\0']) {
        await expect(loader.load({ table, rows: SECRETS })).rejects.toMatchObject({ code: 'INVALID_NAME' });
        await expect(loader.service.describe(loader.target, table)).rejects.toMatchObject({
          code: 'INVALID_NAME',
        });
      }
    });

    it('refuses a table that it cannot fill, and says why', async () => {
      await loader.sql('CREATE TABLE lists (id bigint, tags int[] NOT NULL, moods int[])');
      await expect(loader.service.describe(loader.target, 'lists')).rejects.toThrow(
        'got none on tags (integer[])',
      );
    });

    describe('B14: a role', () => {
      const role = `clerk_${process.pid}_${Date.now()}`;
      const as = (more: Partial<Target> = {}) => ({
        ...loader.target,
        user: role,
        password: 'right',
        ...more,
      });
      beforeAll(async () => {
        await loader.sql(
          `CREATE ROLE ${role} LOGIN PASSWORD 'right'; CREATE TABLE b14 (id bigint, name text)`,
        );
      });
      afterAll(async () => {
        await loader.sql(`DROP OWNED BY ${role}; DROP ROLE ${role}`);
      });

      it('with a wrong password is terminal', async () => {
        const error = await failureOf(
          loader.load({ target: as({ password: 'wrong' }), table: 'b14', rows: SECRETS }),
        );
        expect(error).toBeInstanceOf(TerminalError);
        expect(error.code).toBe('TARGET_LOGIN');
      });

      it('that may not insert is terminal, and may when it is granted', async () => {
        await loader.service.describe(loader.target, 'b14');
        await loader.sql(`GRANT USAGE ON SCHEMA millrace TO ${role};
          GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA millrace TO ${role}`);
        const error = await failureOf(loader.load({ target: as(), table: 'b14', rows: SECRETS }));
        expect(error).toBeInstanceOf(TerminalError);
        expect(error).toMatchObject({
          code: 'TARGET_PERMISSION',
          message:
            'table public.b14: the role lacks a permission: permission denied for table b14 (SQLSTATE 42501)',
        });
        await loader.sql(`GRANT INSERT ON b14 TO ${role}`);
        expect(await loader.load({ target: as(), table: 'b14', rows: SECRETS })).toMatchObject({
          inserted: 200,
        });
      });

      it('that may not make the schema millrace is told what to grant', async () => {
        const other = await createLoaderFixture();
        const target = { ...other.target, user: role, password: 'right' };
        const error = await failureOf(other.service.describe(target, 'people'));
        expect(error).toBeInstanceOf(TerminalError);
        expect(error.message).toContain(`expected that the role ${role} may create the schema millrace`);
        await other.close();
      });
    });
  });
}

import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { TransientError } from '../src/errors.js';
import { until } from './jobs-support.js';
import { createLoaderFixture, failureOf, SECRETS, type LoaderFixture } from './loader-fixture.js';
import { startTcpProxy, type Cut } from './tcp-proxy.js';

const LOADING = `FROM pg_stat_activity WHERE datname = current_database() AND application_name = 'millrace loader'`;

/** What the loader does when the database, the network or the caller fails. */
export function faultCases(): void {
  describe('faults', () => {
    let loader: LoaderFixture;
    beforeAll(async () => {
      loader = await createLoaderFixture();
    });
    afterAll(() => loader.close());

    const count = async (table: string) =>
      (await loader.sql(`SELECT count(*)::int AS n FROM ${table}`))[0]?.['n'];
    const hashes = async () =>
      (await loader.sql('SELECT count(*)::int AS n FROM millrace.loaded_row_hashes'))[0]?.['n'];

    it('B2: a session that is ended in the middle of COPY leaves nothing, and the next try loads once', async () => {
      await loader.sql('CREATE TABLE b2 (id bigint, name text)');
      await loader.service.describe(loader.target, 'b2');
      const before = await hashes();
      let isKilled = false;
      const kill = async () => {
        // The loader may ask for more before it has heard of it.
        if (isKilled) return;
        isKilled = true;
        await loader.until(
          `SELECT pg_terminate_backend(pid) ${LOADING} AND query LIKE 'COPY "public"."b2"%'`,
        );
      };
      const error = await failureOf(
        loader.load({ table: 'b2', rows: SECRETS, rowsAtOnce: 50, betweenChunks: kill }),
      );
      expect(error).toBeInstanceOf(TransientError);
      expect(error.code).toBe('CONNECTION_LOST');
      expect([await count('b2'), await hashes()]).toEqual([0, before]);
      expect(await loader.load({ table: 'b2', rows: SECRETS })).toMatchObject({ inserted: 200 });
    });

    it.each<{ cut: Cut; outcome: string; rows: number }>([
      { cut: 'before-answer', outcome: 'success', rows: 200 },
      { cut: 'before-server', outcome: 'COMMIT_UNKNOWN', rows: 0 },
    ])('B4: COMMIT cut $cut ends in $outcome', async ({ cut, outcome, rows }) => {
      const table = `b4_${rows}`;
      await loader.sql(`CREATE TABLE ${table} (id bigint, name text)`);
      const proxy = await startTcpProxy(loader.target.port);
      const target = { ...loader.target, port: proxy.port };
      await loader.service.describe(target, table);
      // The NUL ends the statement: `ON COMMIT DROP` is another one.
      proxy.cutAt('COMMIT\0', cut);
      const load = loader.load({ target, table, rows: SECRETS, runId: `b4-${cut}` });
      const result = await load.then(
        ({ inserted, alreadyCommitted }) => ({ inserted, alreadyCommitted }),
        ({ code }: TransientError) => code,
      );
      expect(result).toEqual(rows ? { inserted: 200, alreadyCommitted: false } : outcome);
      expect(await count(table)).toBe(rows);
      await loader.load({ target, table, rows: SECRETS, runId: `b4-${cut}` });
      expect(await count(table)).toBe(200);
      await proxy.close();
    });

    it('B1: a database that cannot be reached is transient', async () => {
      const error = await failureOf(loader.load({ target: { ...loader.target, port: 1 }, rows: SECRETS }));
      expect(error).toBeInstanceOf(TransientError);
      expect(error.code).toBe('CONNECTION_LOST');
    });

    it('B7: idle connections that are cut do not end the process', async () => {
      const other = await loader.another();
      await other.service.describe(other.target, 'b7');
      const idle = `${LOADING} AND state = 'idle'`;
      await until(async () => {
        // One that nobody uses for long ends by itself.
        await other.service.describe(other.target, 'b7').catch(() => null);
        return (await loader.sql(`SELECT bool_and(pg_terminate_backend(pid)) AS done ${idle}`))[0]?.['done'];
      });
      await loader.until(`SELECT count(*) = 0 ${idle}`);
      const load = () => other.load({ table: 'b7', rows: SECRETS });
      // The pool may hear of a cut only when it uses the connection: that passes, and is tried again as a run does.
      const loaded = await load().catch((error: unknown) => {
        expect(error).toBeInstanceOf(TransientError);
        return load();
      });
      expect(loaded).toMatchObject({ inserted: 200 });
    });

    it('B8: a lock that somebody holds on the table is transient', async () => {
      await loader.sql('CREATE TABLE b8 (id bigint, name text)');
      const hasty = await loader.another({ lockMs: 300 });
      const error = await loader.during('LOCK TABLE b8 IN ACCESS EXCLUSIVE MODE', () =>
        failureOf(hasty.load({ table: 'b8', rows: SECRETS })),
      );
      expect(error).toBeInstanceOf(TransientError);
      expect(error.code).toBe('LOCK_TIMEOUT');
      expect(await loader.load({ table: 'b8', rows: SECRETS })).toMatchObject({ inserted: 200 });
    });

    it('B9: the victim of a deadlock is transient', async () => {
      await loader.sql(`CREATE TABLE b9_other (); CREATE TABLE b9 (id bigint, name text);
        CREATE FUNCTION b9() RETURNS trigger LANGUAGE plpgsql AS
          'BEGIN PERFORM pg_advisory_xact_lock(9); LOCK TABLE public.b9_other IN EXCLUSIVE MODE; RETURN NEW; END';
        CREATE TRIGGER b9 BEFORE INSERT ON b9 FOR EACH ROW EXECUTE FUNCTION b9()`);
      // Only the loader looks for deadlocks, once in each wait: the holder is to wait before the loader waits for it.
      await loader.sql('SELECT pg_advisory_lock(9)');
      const hold = `SET LOCAL deadlock_timeout = '1h'; LOCK TABLE b9_other IN EXCLUSIVE MODE`;
      const error = await loader.during(hold, async (holder) => {
        const load = failureOf(loader.load({ table: 'b9', rows: SECRETS }));
        await loader.until(`SELECT count(*) = 1 ${LOADING} AND wait_event = 'advisory'`);
        const locked = holder.query('LOCK TABLE b9 IN ACCESS EXCLUSIVE MODE');
        await loader.until(
          `SELECT count(*) = 1 FROM pg_locks WHERE relation = 'b9'::regclass AND NOT granted`,
        );
        await loader.sql('SELECT pg_advisory_unlock(9)');
        await locked;
        return load;
      });
      expect(error).toBeInstanceOf(TransientError);
      expect(error.code).toBe('DEADLOCK');
    });

    it('F7: two loads into one table at once load each row once', async () => {
      const other = await loader.another();
      const [a, b] = await Promise.all([
        loader.load({ table: 'f7', rows: SECRETS.slice(0, 150) }),
        other.load({ table: 'f7', rows: SECRETS.slice(50) }),
      ]);
      expect(a.inserted + b.inserted).toBe(200);
      expect(a.duplicate + b.duplicate).toBe(100);
      expect(await count('f7')).toBe(200);
    });

    it('two attempts of one run at once load once', async () => {
      const other = await loader.another();
      const plan = { table: 'f7_run', rows: SECRETS, runId: 'f7' };
      const results = await Promise.all([loader.load(plan), other.load(plan)]);
      expect(results.map(({ alreadyCommitted }) => alreadyCommitted).sort()).toEqual([false, true]);
      expect(await count('f7_run')).toBe(200);
    });

    it('A5: a load whose worker stands still is ended by the next attempt of its run, and by no other', async () => {
      await loader.sql('CREATE TABLE a5 (id bigint, name text)');
      const plan = { table: 'a5', rows: SECRETS, runId: 'a5', rowsAtOnce: 50 };
      const standstill = Promise.withResolvers<void>();
      const stopped = failureOf(
        loader.load({ ...plan, attempt: 2, betweenChunks: () => standstill.promise }),
      );
      await loader.until(`SELECT count(*) = 1 ${LOADING} AND query LIKE 'COPY "public"."a5"%'`);
      const hasty = await loader.another({ turnMs: 300 });
      for (const [runId, attempt] of [['a5', 1] as const, ['other', 3] as const]) {
        const waiting = await failureOf(hasty.load({ ...plan, runId, attempt }));
        expect(waiting.code).toBe('LOCK_TIMEOUT');
      }
      const other = await loader.another();
      expect(await other.load({ ...plan, attempt: 3 })).toMatchObject({ inserted: 200 });
      standstill.resolve();
      expect(await stopped).toBeInstanceOf(TransientError);
      expect(await count('a5')).toBe(200);
    });

    it('a reader sees none of the rows or all', async () => {
      await loader.sql('CREATE TABLE polled (id bigint, name text)');
      const seen = new Set<unknown>();
      const poll = async () => void seen.add(await count('polled'));
      await loader.load({ table: 'polled', rows: SECRETS, rowsAtOnce: 10, betweenChunks: poll });
      await poll();
      expect([...seen]).toEqual([0, 200]);
    });

    it.each([
      { when: 'in the middle of COPY', ddl: '' },
      { when: 'while the database is at work', ddl: 'sleeps' },
    ])('an abort $when ends the session and leaves nothing', async ({ ddl }) => {
      const table = `aborted${ddl}`;
      await loader.sql(`CREATE TABLE ${table} (id bigint, name text)`);
      const controller = new AbortController();
      const abort = async () => controller.abort(new Error('cancelled'));
      if (ddl) {
        await loader.sql(`CREATE FUNCTION nap() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN PERFORM pg_sleep(600); RETURN NULL; END';
          CREATE TRIGGER nap AFTER INSERT ON ${table} FOR EACH STATEMENT EXECUTE FUNCTION nap()`);
      }
      const plan = { table, rows: SECRETS, rowsAtOnce: 50, signal: controller.signal };
      const load = failureOf(loader.load(ddl ? plan : { ...plan, betweenChunks: abort }));
      if (ddl) {
        await loader.until(`SELECT count(*) = 1 ${LOADING} AND wait_event = 'PgSleep'`);
        await abort();
      }
      expect(await load).toEqual(new Error('cancelled'));
      await loader.until(`SELECT count(*) = 0 ${LOADING} AND state <> 'idle'`);
      expect(await count(table)).toBe(0);
    });

    it('a server that takes no more data is transient', async () => {
      const hasty = await loader.another({ stallMs: 300 });
      await loader.sql(`CREATE TABLE stalled (id bigint, name text);
        CREATE FUNCTION stall() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN PERFORM pg_sleep(600); RETURN NEW; END';
        CREATE TRIGGER stall BEFORE INSERT ON stalled FOR EACH ROW EXECUTE FUNCTION stall()`);
      const long = Array.from({ length: 400 }, (_, id) => [String(id), 'x'.repeat(50_000)]);
      const error = await failureOf(hasty.load({ table: 'stalled', keepsPlaces: false, rows: long }));
      expect(error).toBeInstanceOf(TransientError);
      expect(error.code).toBe('TARGET_STALLED');
      await loader.until(`SELECT count(*) = 0 ${LOADING} AND state <> 'idle'`);
    });
  });
}

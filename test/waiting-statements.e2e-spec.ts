import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { Client } from 'pg';
import type { DataSource } from 'typeorm';
import type { PostgresDataSourceOptions } from 'typeorm/driver/postgres/PostgresDataSourceOptions.js';
import { ormconfig } from '../ormconfig.js';
import { findPassingFailure } from '../src/database/find-passing-failure.js';
import { openDataSource } from '../src/database/open-data-source.js';
import { ServiceConnection } from '../src/database/service-connection.js';
import { until } from './jobs-support.js';
import { createDatabase, type TestDatabase } from './support.js';

describe('a statement that waits too long', () => {
  let database: TestDatabase;
  let options: PostgresDataSourceOptions;
  let holder: Client;
  let dataSource: DataSource;
  beforeEach(async () => {
    database = await createDatabase();
    options = ormconfig(new ServiceConnection({ ...database.connection, schema: 'public', ssl: false }));
    holder = new Client(database.connection);
    await holder.connect();
    await holder.query('CREATE TABLE kept (id serial)');
    await holder.query('SELECT pg_advisory_lock(1)');
  });
  afterEach(async () => {
    await dataSource.destroy();
    await holder.end();
    await database.drop();
  });

  const open = async (extra: object) => {
    const limited = { ...options, poolSize: 3, migrations: [], extra: { ...options.extra, ...extra } };
    dataSource = await openDataSource(limited);
  };
  const inTransaction = (statement: string) =>
    dataSource.transaction(async (manager) => {
      await manager.query('INSERT INTO kept DEFAULT VALUES');
      await manager.query(statement);
    });
  const waitFor = 'SELECT pg_advisory_xact_lock(1)';
  const openTransactions = async () => {
    const { rows } = await holder.query(
      `SELECT FROM pg_stat_activity WHERE datname = current_database() AND application_name = 'millrace'
         AND xact_start IS NOT NULL`,
    );
    return rows.length;
  };
  const kept = async () => (await holder.query('SELECT FROM kept')).rowCount;
  /** One statement on each session of the pool, outside a transaction. */
  const insertOnEach = () =>
    Promise.all(Array.from({ length: 3 }, () => dataSource.query('INSERT INTO kept DEFAULT VALUES')));

  it('is ended by the server before the driver gives up', async () => {
    await open({});
    const shown: { name: string; setting: string }[] = await dataSource.query(
      `SELECT name, setting::int AS setting FROM pg_settings WHERE name ~ '^(lock|statement|idle_in_tr.*)_timeout$'`,
    );
    expect(Object.fromEntries(shown.map(({ name, setting }) => [name, setting]))).toEqual({
      lock_timeout: 20_000,
      statement_timeout: 28_000,
      idle_in_transaction_session_timeout: 60_000,
    });
    expect(options.extra.query_timeout).toBe(30_000);
  });

  it.each([
    { limit: { lock_timeout: 200 }, statement: waitFor, code: '55P03' },
    { limit: { statement_timeout: 5_000 }, statement: 'SELECT pg_sleep(60)', code: '57014' },
  ])('fails for a passing reason ($code), and the sessions stay good', async ({ limit, statement, code }) => {
    await open(limit);
    const waits = await Promise.allSettled(Array.from({ length: 6 }, () => inTransaction(statement)));
    for (const wait of waits) {
      expect(wait).toMatchObject({ status: 'rejected', reason: { code } });
      expect(findPassingFailure((wait as PromiseRejectedResult).reason)).toBe('busy');
    }
    expect(await openTransactions()).toBe(0);
    await insertOnEach();
    expect(await kept()).toBe(3);
  });

  it('costs its session where even the ROLLBACK gets no answer', async () => {
    await open({ query_timeout: 5_000 });
    const waits = await Promise.allSettled(Array.from({ length: 3 }, () => inTransaction(waitFor)));
    for (const wait of waits) {
      expect(wait).toMatchObject({ status: 'rejected', reason: { message: 'Query read timeout' } });
    }
    await insertOnEach();
    await holder.query('SELECT pg_advisory_unlock(1)');
    await until(async () => (await openTransactions()) === 0);
    expect(await kept()).toBe(3);
  });

  it('loses a session that does nothing in its transaction, for a passing reason', async () => {
    await open({ idle_in_transaction_session_timeout: 200 });
    const idle = dataSource.transaction(async (manager) => {
      await manager.query('INSERT INTO kept DEFAULT VALUES');
      await until(async () => (await openTransactions()) === 0);
      await manager.query('INSERT INTO kept DEFAULT VALUES');
    });
    const error: unknown = await idle.catch((thrown: unknown) => thrown);
    expect(findPassingFailure(error)).toBe('unreachable');
    expect(await kept()).toBe(0);
  });
});

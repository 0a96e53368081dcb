import { setTimeout as sleep } from 'node:timers/promises';
import { Client, type ClientConfig } from 'pg';
import { DataSource } from 'typeorm';
import type { PostgresDataSourceOptions } from 'typeorm/driver/postgres/PostgresDataSourceOptions.js';
import { migrationsLock, withLock } from './advisory-lock.js';
import { endLostTransactions } from './end-lost-transactions.js';
import { findPassingFailure } from './find-passing-failure.js';

const patienceMs = 60_000;
// Milliseconds; with 0 the server's own setting holds.
const migrationLimits = {
  query_timeout: 60 * 60_000,
  lock_timeout: 0,
  statement_timeout: 0,
  idle_in_transaction_session_timeout: 0,
};

/**
 * A DataSource whose tables are up to date. Waits up to a minute for the server, and takes turns with other processes
 * that start at the same time: one migrates, the others find nothing left to do.
 */
export async function openDataSource(options: PostgresDataSourceOptions): Promise<DataSource> {
  const dataSource = new DataSource(options);
  const server = toClientConfig(options);
  await waitForServer(server);
  await withLock(server, migrationsLock, async () => {
    const migrating = await new DataSource(forMigrations(options)).initialize();
    try {
      await migrate(migrating);
    } finally {
      await migrating.destroy();
    }
  });
  await dataSource.initialize();
  endLostTransactions(dataSource);
  return dataSource;
}

/** The same database for statements that may take as long as a table is big. */
export function forMigrations(options: PostgresDataSourceOptions): PostgresDataSourceOptions {
  return { ...options, extra: { ...options.extra, ...migrationLimits } };
}

/** The same server and user for a plain client. */
export function toClientConfig(options: PostgresDataSourceOptions): ClientConfig {
  const { host, port, username, password, database, ssl, applicationName } = options;
  return {
    host,
    port,
    user: username,
    password,
    database,
    ssl: ssl as ClientConfig['ssl'],
    application_name: applicationName,
    connectionTimeoutMillis: 10_000,
    keepAlive: true,
  };
}

/** Runs what is pending; the caller holds the lock. Returns the names of the migrations that ran. */
export async function migrate(dataSource: DataSource): Promise<string[]> {
  await createSchema(dataSource);
  const ran = await dataSource.runMigrations({ transaction: 'each' });
  return ran.map(({ name }) => name);
}

/** TypeORM keeps its list of migrations in the schema that the first of them would make. */
export async function createSchema(dataSource: DataSource): Promise<void> {
  await dataSource.query('CREATE SCHEMA IF NOT EXISTS "millrace"');
}

async function waitForServer(server: ClientConfig): Promise<void> {
  const deadline = Date.now() + patienceMs;
  for (;;) {
    const client = new Client(server);
    client.on('error', () => {});
    try {
      await client.connect();
      return;
    } catch (error) {
      // Anything else, a wrong password above all, is final.
      if (findPassingFailure(error) === null || Date.now() > deadline) throw error;
      await sleep(500);
    } finally {
      await client.end().catch(() => {});
    }
  }
}

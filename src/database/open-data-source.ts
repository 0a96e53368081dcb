import { setTimeout as sleep } from 'node:timers/promises';
import { Client, type ClientConfig } from 'pg';
import { DataSource } from 'typeorm';
import type { PostgresDataSourceOptions } from 'typeorm/driver/postgres/PostgresDataSourceOptions.js';
import { migrationsLock, withLock } from './advisory-lock.js';

const patienceMs = 60_000;
const migrationMs = 60 * 60_000;

// The server is not there yet, or is starting up or shutting down. Anything else, a wrong password above all, is final.
const passing = new Set([
  'ECONNREFUSED',
  'ECONNRESET',
  'EAI_AGAIN',
  'ENOTFOUND',
  'ETIMEDOUT',
  '57P03',
  '53300',
]);

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
  return dataSource.initialize();
}

/** The same database for statements that may take as long as a table is big. */
export function forMigrations(options: PostgresDataSourceOptions): PostgresDataSourceOptions {
  return { ...options, extra: { ...options.extra, query_timeout: migrationMs } };
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
      const code = (error as { code?: string }).code ?? '';
      if (!passing.has(code) || Date.now() > deadline) throw error;
      await sleep(500);
    } finally {
      await client.end().catch(() => {});
    }
  }
}

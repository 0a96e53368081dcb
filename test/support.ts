import { randomBytes } from 'node:crypto';
import { Client } from 'pg';

export interface TestConnection {
  host: string;
  port: number;
  user: string;
  password: string;
  database: string;
}

export interface TestDatabase {
  url: string;
  connection: TestConnection;
  /** Ends its sessions and removes it. */
  drop(): Promise<void>;
}

/** A new, empty database for one test file, on the PostgreSQL that all e2e tests share. */
export async function createDatabase(): Promise<TestDatabase> {
  const database = `test_${randomBytes(6).toString('hex')}`;
  await administer(`CREATE DATABASE ${database}`);
  const url = new URL(adminUrl());
  url.pathname = `/${database}`;
  const connection = {
    host: url.hostname,
    port: Number(url.port),
    user: url.username,
    password: url.password,
    database,
  };
  return {
    url: url.href,
    connection,
    drop: () => administer(`DROP DATABASE IF EXISTS ${database} WITH (FORCE)`),
  };
}

/** Runs one statement on the shared PostgreSQL, outside any test's database. */
async function administer(statement: string): Promise<void> {
  const client = new Client({ connectionString: adminUrl() });
  await client.connect();
  try {
    await client.query(statement);
  } finally {
    await client.end();
  }
}

function adminUrl(): string {
  const url = process.env['TEST_DATABASE_URL'];
  if (!url) throw new Error('TEST_DATABASE_URL: expected it from test/start-postgres.ts, it is not set');
  return url;
}

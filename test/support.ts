import { randomBytes } from 'node:crypto';
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { NestExpressApplication } from '@nestjs/platform-express';
import { Client } from 'pg';
import type { Clock } from '../src/extraction/await-still.js';
import { ExtractionService } from '../src/extraction/extraction.service.js';
import { parseSettings } from '../src/settings/parse-settings.js';
import { startService } from '../src/start-service.js';

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
    drop: () => dropDatabase(database),
  };
}

/** PostgreSQL waits for sessions that it has ended for five seconds only. */
async function dropDatabase(name: string, tries = 10): Promise<void> {
  await administer(`DROP DATABASE IF EXISTS ${name} WITH (FORCE)`).catch((error: { code?: string }) => {
    if (error.code !== '55006' || tries === 1) throw error;
    return dropDatabase(name, tries - 1);
  });
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

export interface TestApp {
  /** Where it listens, without a slash at the end. */
  url: string;
  app: NestExpressApplication;
  database: TestDatabase;
  home: string;
  /** The only folder that configs may read. */
  dataRoot: string;
  /** Stops the service and removes its folders and its database. */
  close(): Promise<void>;
}

/** What a test has written stands still: to see that, a run would else wait a second before it reads a new file. */
const hurried: Clock = { now: () => Date.now(), wait: async (_ms, signal) => signal?.throwIfAborted() };

/**
 * The whole service on a free port, against a new database and new folders. `env` overrides any setting; an app that
 * is given its `DATABASE_URL`, `MILLRACE_HOME` or `MILLRACE_DATA_ROOTS` leaves that one behind when it closes.
 */
export async function createApp({ env = {} }: { env?: Record<string, string> } = {}): Promise<TestApp> {
  const folder = await mkdtemp(join(tmpdir(), 'millrace-app-'));
  const database = await createDatabase();
  const home = env['MILLRACE_HOME'] ?? join(folder, 'home');
  const dataRoot = env['MILLRACE_DATA_ROOTS'] ?? join(folder, 'data');
  await mkdir(dataRoot, { recursive: true });
  const settings = parseSettings({
    PORT: '0',
    LOG_LEVEL: 'silent',
    DATABASE_URL: database.url,
    MILLRACE_HOME: home,
    MILLRACE_DATA_ROOTS: dataRoot,
    ...env,
  });
  const app = await startService(settings);
  app.get(ExtractionService, { strict: false }).clock = hurried;
  const { port } = app.getHttpServer().address() as AddressInfo;
  const close = async () => {
    await app.close();
    await database.drop();
    await rm(folder, { recursive: true, force: true, maxRetries: 10 });
  };
  return { url: `http://127.0.0.1:${port}`, app, database, home, dataRoot, close };
}

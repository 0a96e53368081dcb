import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { EmbeddedPostgres } from '../src/database/embedded-postgres.js';

/** What `stop-postgres.ts` finds again: both run in the process that starts the test workers. */
export interface TestPostgres {
  home: string;
  postgres: EmbeddedPostgres;
}

/** One PostgreSQL for all e2e tests; they reach it through `TEST_DATABASE_URL` and make databases of their own. */
export default async function startPostgres(): Promise<void> {
  await import(new URL('load-typescript.ts', import.meta.url).href);
  const { startEmbeddedPostgres } = await import('../src/database/embedded-postgres.js');
  const home = await mkdtemp(join(tmpdir(), 'millrace-e2e-'));
  const postgres = await startEmbeddedPostgres({
    folder: join(home, 'postgres'),
    // Data of tests need not survive a power cut.
    settings: { max_connections: '200', fsync: 'off', synchronous_commit: 'off', full_page_writes: 'off' },
  });
  const { user, password, host, port } = postgres.connection;
  process.env['TEST_DATABASE_URL'] = `postgresql://${user}:${password}@${host}:${port}/postgres`;
  (globalThis as { testPostgres?: TestPostgres }).testPostgres = { home, postgres };
}

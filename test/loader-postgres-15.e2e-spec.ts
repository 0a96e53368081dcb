import { afterAll, beforeAll } from '@jest/globals';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startEmbeddedPostgres, type EmbeddedPostgres } from '../src/database/embedded-postgres.js';
import { faultCases } from './loader-faults.js';
import { hashCases } from './loader-hashes.js';
import { ledgerCases } from './loader-ledger.js';
import { refusalCases } from './loader-refusals.js';
import { modeRuleCases } from './loader-mode-rules.js';
import { ruleCases } from './loader-rules.js';
import { tableCases } from './loader-tables.js';
import { valueCases } from './loader-values.js';
import { writeCases } from './loader-writes.js';

// The same cases as on the newest PostgreSQL, on the oldest that is supported.
let home: string;
let postgres: EmbeddedPostgres;

beforeAll(async () => {
  home = await mkdtemp(join(tmpdir(), 'millrace-postgres-15-'));
  postgres = await startEmbeddedPostgres({
    folder: join(home, 'postgres'),
    binaries: 'embedded-postgres-15',
    settings: { fsync: 'off', synchronous_commit: 'off', full_page_writes: 'off' },
  });
  const { user, password, host, port } = postgres.connection;
  // Each test file has an environment of its own.
  process.env['TEST_DATABASE_URL'] = `postgresql://${user}:${password}@${host}:${port}/postgres`;
});

afterAll(async () => {
  await postgres.stop();
  await rm(home, { recursive: true, force: true });
});

tableCases();
valueCases();
ledgerCases();
hashCases();
refusalCases();
ruleCases();
modeRuleCases();
faultCases();
writeCases();

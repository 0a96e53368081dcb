import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { RunDto } from '../../src/jobs/run.dto.js';
import { query, Service } from '../jobs-support.js';
import { startServiceProcess } from '../service-process.js';
import startPostgres from '../start-postgres.js';
import stopPostgres from '../stop-postgres.js';
import { createDatabase } from '../support.js';
import { type Directus, EMAIL, PASSWORD, startDirectus } from './directus-server.js';

// npm run check:directus
// Loads 2,600 records page by page from a real Directus: log-in with e-mail and password, tokens that live for two
// seconds, offset paging. Installs Directus once, into the folder for temporary files (800 MB, some two minutes).
const RECORDS = 2_600;
const FIRST_BIG = 9_007_199_254_740_993n;

interface Order {
  id: number;
  name: string;
  amount: string;
  big: string;
  placed_on: string;
  note: string | null;
}

function makeOrder(index: number): Order {
  return {
    id: index + 1,
    name: `Größe ${index} 🚚`,
    amount: (index * 1.1).toFixed(2),
    big: String(FIRST_BIG + BigInt(index)),
    placed_on: `2026-01-${String(1 + (index % 28)).padStart(2, '0')}`,
    note: index % 7 === 0 ? null : `line one\n"line" two, ${index}`,
  };
}

async function fill(directus: Directus): Promise<void> {
  const field = (name: string, type: string, schema = {}) => ({ field: name, type, schema });
  const fields = [
    field('id', 'integer', { is_primary_key: true, has_auto_increment: false }),
    field('name', 'string'),
    field('amount', 'decimal', { numeric_precision: 12, numeric_scale: 2 }),
    field('big', 'bigInteger'),
    field('placed_on', 'date'),
    field('note', 'text'),
  ];
  await directus.call('POST', '/collections', { collection: 'orders', schema: {}, fields });
  const orders = Array.from({ length: RECORDS }, (_, index) => makeOrder(index));
  for (let at = 0; at < RECORDS; at += 100)
    await directus.call('POST', '/items/orders', orders.slice(at, at + 100));
}

const config = (url: string) => `
pipeline: directus
monitor: false
streams:
  - table: orders
    sources:
      - type: api
        url: ${url}/items/orders
        query: { sort: id, meta: total_count }
        auth:
          type: login
          url: ${url}/auth/login
          body: { email: '\${API_EMAIL}', password: '\${API_PASSWORD}' }
          token: $.data.access_token
          expires_in: $.data.expires
          expires_unit: ms
        records: $.data
        pagination: { type: offset, limit: 500, total: $.meta.total_count }
        rate: 2/s
    schema:
      id: integer
      name: text
      amount: numeric(12,2)
      big: bigint
      placed_on: date
      note: text
`;

function counts(run: RunDto): object {
  const [{ read, inserted, duplicate, rejected } = {} as never] = run.streams;
  return { state: run.state, error: run.error, read, inserted, duplicate, rejected };
}

async function check(directus: Directus, service: Service, databaseUrl: string): Promise<void> {
  const rows = () =>
    query<Order>(
      databaseUrl,
      'SELECT id, name, amount::text, big::text, placed_on::text, note FROM public.orders ORDER BY id',
    );
  const expected = Array.from({ length: RECORDS }, (_, index) => makeOrder(index));
  const done = { state: 'succeeded', error: null, rejected: 0 };
  await service.upload(config(directus.url));

  const first = await service.run({ pipeline: 'directus' });
  assert.deepEqual(counts(first), { ...done, read: RECORDS, inserted: RECORDS, duplicate: 0 });
  assert.deepEqual(await rows(), expected);
  process.stdout.write(`first run: ${RECORDS} records in ${first.streams[0]?.fileCount} pages\n`);

  const second = await service.run({ pipeline: 'directus' });
  assert.equal(second.state, 'succeeded');
  assert.equal(second.streams[0]?.inserted, 0);
  assert.deepEqual(await rows(), expected);
  process.stdout.write(`second run: ${second.streams[0]?.state}, nothing loaded\n`);

  await directus.call('POST', '/items/orders', makeOrder(RECORDS));
  const third = await service.run({ pipeline: 'directus' });
  assert.deepEqual(counts(third), { ...done, read: RECORDS + 1, inserted: 1, duplicate: RECORDS });
  assert.deepEqual(await rows(), [...expected, makeOrder(RECORDS)]);
  process.stdout.write('third run: the one new record\n');
}

const folder = await mkdtemp(join(tmpdir(), 'millrace-directus-run-'));
await startPostgres();
const [theirs, ours] = [await createDatabase(), await createDatabase()];
const directus = await startDirectus(theirs.connection, '2s');
try {
  await fill(directus);
  const program = await startServiceProcess(folder, {
    PATH: process.env['PATH'] ?? '',
    DATABASE_URL: ours.url,
    MILLRACE_HOME: join(folder, 'home'),
    MILLRACE_API_HOSTS: '127.0.0.1',
    API_EMAIL: EMAIL,
    API_PASSWORD: PASSWORD,
  });
  try {
    await check(directus, new Service(program.url), ours.url);
  } finally {
    program.signal('SIGTERM');
    await program.exited;
  }
} finally {
  await directus.stop();
  await theirs.drop();
  await ours.drop();
  await stopPostgres();
  await rm(folder, { recursive: true, force: true });
}

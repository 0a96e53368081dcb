import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { DataSource } from 'typeorm';
import type { PostgresDataSourceOptions } from 'typeorm/driver/postgres/PostgresDataSourceOptions.js';
import { ormconfig } from '../ormconfig.js';
import { openDataSource } from '../src/database/open-data-source.js';
import { ServiceConnection } from '../src/database/service-connection.js';
import { ApiRate } from '../src/extraction/api/session/api-rate.entity.js';
import { BURST_MS, HostRates, type Turn } from '../src/extraction/api/session/host-rates.js';
import type { Clock } from '../src/extraction/await-still.js';
import { makeApiClient } from './api-client.js';
import { startApiServer } from './api-server.js';
import { makeSession, noteWaits } from './api-session.js';
import { createDatabase, type TestDatabase } from './support.js';

const HOST = 'api.example.com:443';
const PAUSE_MS = 100_000;
/** What may pass on a slow machine before the pause is met. */
const SLOW_MS = 90_000;
let database: TestDatabase;
let pools: DataSource[];

beforeAll(async () => {
  database = await createDatabase();
  const connection = new ServiceConnection({ ...database.connection, schema: 'public', ssl: false });
  const options: PostgresDataSourceOptions = { ...ormconfig(connection), entities: [ApiRate] };
  pools = [await openDataSource(options), await new DataSource(options).initialize()];
});
afterAll(async () => {
  await Promise.all(pools.map((pool) => pool.destroy()));
  await database.drop();
});
beforeEach(async () => {
  await sql('TRUNCATE millrace.api_rates');
});

const sql = async <T>(text: string, values: unknown[] = []): Promise<T[]> => pools[0]!.query(text, values);
/** The rates as another process would see them. */
const ratesOf = (pool: number) => new HostRates(pools[pool]!.getRepository(ApiRate));

/** A clock whose waits bring the database's moments nearer. */
const shifting = () =>
  noteWaits((ms) =>
    sql(
      `UPDATE millrace.api_rates SET next_at = next_at - $1::float8 * interval '1 ms',
        paused_until = paused_until - $1::float8 * interval '1 ms'`,
      [ms],
    ),
  );

/** What GCRA forbids: more requests within a time than the rate and the burst allow. */
function breaks(grants: number[], intervalMs: number): string[] {
  const sorted = [...grants].sort((one, other) => one - other);
  return sorted.flatMap((from, first) =>
    sorted.slice(first + 1).flatMap((to, index) => {
      const least = (index + 1) * intervalMs - BURST_MS - 0.01;
      return to - from < least ? [`${index + 2} within ${to - from} ms`] : [];
    }),
  );
}

describe('a rate', () => {
  it.each([
    { perSecond: 50, turns: 60, burst: 6 },
    { perSecond: 10, turns: 30, burst: 2 },
    { perSecond: 1, turns: 8, burst: 1 },
    { perSecond: 0.01, turns: 4, burst: 1 },
  ])('of $perSecond a second is kept by two processes together', async ({ perSecond, turns, burst }) => {
    const both = [ratesOf(0), ratesOf(1)];
    const clock = noteWaits();
    const start = performance.now();
    const asked = Array.from({ length: turns }, (_, index) =>
      both[index % 2]!.turn(HOST, { perSecond, clock }),
    );
    const grants = (await Promise.all(asked)) as number[];
    const tookMs = performance.now() - start;
    const intervalMs = 1000 / perSecond;
    expect(breaks(grants, intervalMs)).toEqual([]);
    const first = Math.min(...grants);
    expect(grants.filter((grant) => grant - first < 5).length).toBeLessThanOrEqual(burst);
    const span = Math.max(...grants) - first;
    // Those who ask late may be let in late.
    expect(span).toBeLessThanOrEqual(turns * intervalMs + tookMs);
  });

  it('costs one statement a turn, and none where there is none', async () => {
    const rates = ratesOf(1);
    const count = counting(pools[1]!);
    for (let turn = 0; turn < 5; turn++) await rates.turn(HOST, { perSecond: 1000, clock: noteWaits() });
    expect(count()).toBe(5);
    for (let turn = 0; turn < 5; turn++) await rates.turn(HOST, { perSecond: null, clock: noteWaits() });
    expect(count()).toBe(5);
  });

  it('makes one wait as long as the row says', async () => {
    const clock = noteWaits();
    const [one, other] = [ratesOf(0), ratesOf(1)];
    await one.turn(HOST, { perSecond: 1 / 3600, clock });
    expect(clock.waits).toEqual([]);
    await other.turn(HOST, { perSecond: 1 / 3600, clock });
    expect(clock.waits).toHaveLength(1);
    expect(clock.waits[0]).toBeGreaterThan(3_500_000);
    expect(clock.waits[0]).toBeLessThanOrEqual(3_600_000);
  });

  it('keeps hosts apart', async () => {
    const clock = noteWaits();
    await ratesOf(0).turn(HOST, { perSecond: 0.1, clock });
    await ratesOf(0).turn('other.example.com:443', { perSecond: 0.1, clock });
    expect(clock.waits).toEqual([]);
  });

  it('lets nobody wait for ever', async () => {
    await sql(`INSERT INTO millrace.api_rates VALUES ($1, now() + interval '61 min', now())`, [HOST]);
    const clock = noteWaits();
    await expect(ratesOf(0).turn(HOST, { perSecond: 1, clock })).rejects.toMatchObject({
      code: 'API_RATE_EXHAUSTED',
      isTriedOut: true,
    });
    expect(clock.waits).toEqual([]);
    const [row] = await sql<{ left: number }>(
      'SELECT extract(epoch FROM next_at - now())::float8 AS left FROM millrace.api_rates',
    );
    expect(row!.left).toBeLessThanOrEqual(3660);
  });

  it('gives back the slot of one that is cancelled', async () => {
    const abort = new AbortController();
    const rates = ratesOf(0);
    const clock: Clock = { now: Date.now, wait: async () => abort.signal.throwIfAborted() };
    const turn: Turn = { perSecond: 1 / 60, clock, signal: abort.signal };
    await rates.turn(HOST, turn);
    const before = await sql('SELECT next_at FROM millrace.api_rates');
    const stopped = new Error('cancelled');
    const waiting = { ...clock, wait: async () => (abort.abort(stopped), clock.wait(0)) };
    const cancelled = [0, 1, 2].map(() => rates.turn(HOST, { ...turn, clock: waiting }));
    expect((await Promise.allSettled(cancelled)).map((each) => 'reason' in each && each.reason)).toEqual([
      stopped,
      stopped,
      stopped,
    ]);
    expect(await sql('SELECT next_at FROM millrace.api_rates')).toEqual(before);
  });
});

describe('quiet that a host asked for', () => {
  it('holds up every turn of this process', async () => {
    const rates = ratesOf(0);
    const clock = shifting();
    await rates.pause(HOST, PAUSE_MS, clock);
    await rates.turn(HOST, { perSecond: null, clock });
    expect(clock.waits).toHaveLength(1);
    expect(clock.waits[0]).toBeGreaterThan(PAUSE_MS - SLOW_MS);
    await rates.turn(HOST, { perSecond: null, clock });
    expect(clock.waits).toHaveLength(1);
  });

  it('holds up a turn at a rate in another process', async () => {
    const clock = shifting();
    await ratesOf(0).pause(HOST, PAUSE_MS, clock);
    await ratesOf(1).turn(HOST, { perSecond: 10, clock });
    const waited = clock.waits.reduce((sum, ms) => sum + ms, 0);
    expect(waited).toBeGreaterThan(PAUSE_MS - SLOW_MS);
    expect(waited).toBeLessThanOrEqual(PAUSE_MS + 100);
  });

  it('holds up a turn without a rate in another process from its next look on', async () => {
    const clock = shifting();
    const other = ratesOf(1);
    await other.turn(HOST, { perSecond: null, clock });
    await ratesOf(0).pause(HOST, PAUSE_MS, clock);
    await other.look(HOST, clock);
    await other.turn(HOST, { perSecond: null, clock });
    expect(clock.waits).toHaveLength(1);
    expect(clock.waits[0]).toBeGreaterThan(PAUSE_MS - SLOW_MS);
  });

  it('is seen by one that waits for its slot meanwhile', async () => {
    const [one, other] = [ratesOf(0), ratesOf(1)];
    const clock = shifting();
    let isPaused = false;
    const wait: Clock['wait'] = async (ms, signal) => {
      await clock.wait(ms, signal);
      if (!isPaused) await one.pause(HOST, PAUSE_MS, noteWaits());
      isPaused = true;
    };
    await other.turn(HOST, { perSecond: 1 / 60, clock });
    await other.turn(HOST, { perSecond: 1 / 60, clock: { ...clock, wait } });
    const [, paused, ...rest] = clock.waits;
    expect(paused).toBeGreaterThan(PAUSE_MS - SLOW_MS);
    // The clock of the process has whole milliseconds, that of the database more: a rest of the pause may be left.
    expect(rest.length).toBeLessThanOrEqual(1);
    expect(rest.filter((ms) => ms > 2)).toEqual([]);
  });

  it('is never longer than two minutes, and never made shorter', async () => {
    const rates = ratesOf(0);
    const clock = noteWaits();
    await rates.pause(HOST, 86_400_000, clock);
    await ratesOf(1).pause(HOST, 5_000, clock);
    await rates.turn(HOST, { perSecond: null, clock });
    expect(clock.waits[0]).toBeLessThanOrEqual(120_000);
    const [row] = await sql<{ left: number }>(
      'SELECT extract(epoch FROM paused_until - now())::float8 AS left FROM millrace.api_rates',
    );
    expect(row!.left).toBeLessThanOrEqual(120);
    expect(row!.left).toBeGreaterThan(30);
  });

  it('is forgotten with hosts that were not used for a day', async () => {
    await sql(`INSERT INTO millrace.api_rates VALUES
      ('old', now() - interval '25 h', now() - interval '30 h'),
      ('slow', now() - interval '30 h', now() - interval '23 h'),
      ('new', now() - interval '23 h', to_timestamp(0))`);
    await ratesOf(0).look(HOST, noteWaits());
    expect(await sql('SELECT host FROM millrace.api_rates ORDER BY host')).toEqual([
      { host: 'new' },
      { host: 'slow' },
    ]);
  });
});

describe('C2: 429 with Retry-After', () => {
  it.each([
    { name: 'at a rate', rate: 5 },
    { name: 'without a rate', rate: undefined },
  ])('is heeded by a session of another process, $name', async ({ rate }) => {
    const server = await startApiServer((_request, response) => {
      const isFirst = server.seen.length === 1;
      response
        .writeHead(isFirst ? 429 : 200, isFirst ? { 'retry-after': String(PAUSE_MS / 1_000) } : {})
        .end('done');
    });
    const client = makeApiClient();
    const clock = shifting();
    const request = { method: 'GET' as const, url: `${server.origin}/orders`, headers: {} };
    const send = ({ session }: ReturnType<typeof makeSession>) =>
      session.send(request, async (answer) => (answer.discard(), answer.status));
    const told = makeSession(client, server.origin, {
      rates: ratesOf(0),
      onStatus: { 429: 'fail' },
      rate,
      clock,
    });
    await expect(send(told)).rejects.toMatchObject({ status: 429 });
    expect(clock.waits).toEqual([]);
    const other = makeSession(client, server.origin, { rates: ratesOf(1), rate, clock });
    expect(await send(other)).toBe(200);
    client.onModuleDestroy();
    await server.close();
    const waited = clock.waits.reduce((sum, ms) => sum + ms, 0);
    expect(waited).toBeGreaterThan(PAUSE_MS - SLOW_MS);
    expect(waited).toBeLessThanOrEqual(PAUSE_MS + 200);
    expect(server.seen).toHaveLength(2);
  });
});

/** How many statements a pool has been given since. */
function counting(pool: DataSource): () => number {
  let statements = 0;
  const driver = pool.driver as unknown as { master: { on(event: string, told: () => void): void } };
  driver.master.on('acquire', () => (statements += 1));
  return () => statements;
}

import { Client, type ClientConfig } from 'pg';

/** The lock under which migrations run; any fixed number that nobody else uses. */
export const migrationsLock = 7_361_530_042;

/**
 * Runs `work` while this session alone holds an advisory lock of the server's database. A holder that dies frees it.
 * Waits at most 10 minutes for the holder before it.
 */
export async function withLock<T>(server: ClientConfig, lock: number, work: () => Promise<T>): Promise<T> {
  const client = new Client(server);
  client.on('error', () => {});
  await client.connect();
  try {
    await client.query(`SET lock_timeout = '10min'`);
    await client.query('SELECT pg_advisory_lock($1)', [lock]);
    return await work();
  } finally {
    await client.end().catch(() => {});
  }
}

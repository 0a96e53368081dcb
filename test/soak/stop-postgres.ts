import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { findPostmaster } from '../../src/database/postmaster.js';

/** Ends the embedded PostgreSQL of a service that did not, because it was killed. */
export async function stopPostgres(home: string): Promise<void> {
  const data = join(home, 'postgres', 'data');
  for (const signal of ['SIGINT', 'SIGQUIT'] as const) {
    const postmaster = await findPostmaster(data);
    if (!postmaster) return;
    process.kill(postmaster.pid, signal);
    for (let tries = 0; tries < 100 && (await findPostmaster(data)); tries++) await delay(100);
  }
}

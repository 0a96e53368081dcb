import { rm } from 'node:fs/promises';
import type { TestPostgres } from './start-postgres.js';

/** Ends what `start-postgres.ts` started and removes its folder. */
export default async function stopPostgres(): Promise<void> {
  const { testPostgres } = globalThis as { testPostgres?: TestPostgres };
  if (!testPostgres) return;
  await testPostgres.postgres.stop();
  await rm(testPostgres.home, { recursive: true, force: true });
}

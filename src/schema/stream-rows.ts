import type { DuckDBConnection } from '@duckdb/node-api';
import { engineFault, type Row } from './engine.js';

/**
 * Runs one query and gives its rows as they come, many at a time, so that not all of them are in memory. The connection
 * is taken until the last one was asked for.
 */
export async function* streamRows(
  connection: DuckDBConnection,
  sql: string,
  signal?: AbortSignal,
): AsyncGenerator<Row[]> {
  signal?.throwIfAborted();
  const interrupt = () => connection.interrupt();
  signal?.addEventListener('abort', interrupt, { once: true });
  try {
    const result = await connection.stream(sql);
    yield* result.yieldRowObjects();
  } catch (error) {
    signal?.throwIfAborted();
    throw engineFault(error);
  } finally {
    signal?.removeEventListener('abort', interrupt);
  }
}

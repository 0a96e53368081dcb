import type { Pool } from 'pg';
import type { DataSource } from 'typeorm';
import type { PostgresDriver } from 'typeorm/driver/postgres/PostgresDriver.js';

/**
 * Ends every session that comes back to the pool inside a transaction, because its ROLLBACK got no answer either. Whoever
 * had it next would write into a transaction that nobody commits.
 */
export function endLostTransactions(dataSource: DataSource): void {
  const pool = (dataSource.driver as PostgresDriver).master as Pool;
  pool.on('release', (_error, client) => {
    const status = client.getTransactionStatus();
    // The pool removes a client that is ending.
    if (status === 'T' || status === 'E') void client.end().catch(() => {});
  });
}

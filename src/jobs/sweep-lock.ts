import { Injectable } from '@nestjs/common';
import { Client } from 'pg';
import { ServiceConnection } from '../database/service-connection.js';

/** Lets one process sweep at a time, whichever machine it is on; one that dies lets go. */
@Injectable()
export class SweepLock {
  constructor(private readonly connection: ServiceConnection) {}

  /** @returns null, at once, while another process is at it */
  async whileAlone<T>(work: () => Promise<T>): Promise<T | null> {
    const { host, port, user, password, database, ssl } = this.connection;
    const client = new Client({
      host,
      port,
      user,
      password,
      database,
      ssl,
      keepAlive: true,
      application_name: 'millrace sweep',
      connectionTimeoutMillis: 10_000,
      query_timeout: 30_000,
    });
    // A session that is lost meanwhile lets another process begin: twice the work, and no harm.
    client.on('error', () => {});
    try {
      await client.connect();
      const { rows } = await client.query<{ locked: boolean }>(
        `SELECT pg_try_advisory_lock(hashtextextended('millrace sweep', 0)) AS locked`,
      );
      return rows[0]?.locked ? await work() : null;
    } finally {
      await client.end().catch(() => {});
    }
  }
}

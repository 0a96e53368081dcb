import { Injectable } from '@nestjs/common';
import { ownSession } from '../database/own-session.js';
import { ServiceConnection } from '../database/service-connection.js';

/** Lets one process sweep at a time, whichever machine it is on; one that dies lets go. */
@Injectable()
export class SweepLock {
  constructor(private readonly connection: ServiceConnection) {}

  /** @returns null, at once, while another process is at it */
  async whileAlone<T>(work: () => Promise<T>): Promise<T | null> {
    const client = ownSession(this.connection, 'millrace sweep');
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

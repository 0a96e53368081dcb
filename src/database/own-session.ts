import { Client } from 'pg';
import type { ServiceConnection } from './service-connection.js';

/**
 * A session of its own in the service's database, outside the pool, for locks that are held as long as it lives. It is
 * not connected yet; whoever asked for it listens to its errors and ends it.
 */
export function ownSession(connection: ServiceConnection, applicationName: string): Client {
  const { host, port, user, password, database, ssl } = connection;
  return new Client({
    host,
    port,
    user,
    password,
    database,
    ssl,
    keepAlive: true,
    application_name: applicationName,
    connectionTimeoutMillis: 10_000,
    query_timeout: 30_000,
  });
}

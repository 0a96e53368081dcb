import { randomInt } from 'node:crypto';
import { type BeforeApplicationShutdown, Injectable } from '@nestjs/common';
import { InjectPinoLogger, PinoLogger } from 'nestjs-pino';
import { Client } from 'pg';
import { ServiceConnection } from '../database/service-connection.js';

/** First half of the lock's key, so that nobody else's advisory locks are met; "mill" in ASCII. */
const LOCK_CLASS = 0x6d696c6c;

/**
 * Shows all workers that this one is alive: a session lock in the service's database, which PostgreSQL frees at the
 * moment this process dies, however it dies. Needs a session of its own, so no pooler in transaction mode between.
 */
@Injectable()
export class WorkerPresence implements BeforeApplicationShutdown {
  private session: { client: Client; key: number } | null = null;
  private opening: Promise<number> | null = null;

  constructor(
    private readonly connection: ServiceConnection,
    @InjectPinoLogger(WorkerPresence.name) private readonly logger: PinoLogger,
  ) {}

  /** The key of the lock that this process holds; takes a new one when the session that held it was lost. */
  async key(): Promise<number> {
    if (this.session) return this.session.key;
    this.opening ??= this.open().finally(() => (this.opening = null));
    return this.opening;
  }

  /** Runs that a worker holds in the run table, while that worker is gone. */
  async orphans(): Promise<{ id: string; claim: number }[]> {
    await this.key();
    const result = await this.session?.client.query(
      `SELECT r.id, r.claim FROM millrace.runs r
       WHERE r.state = 'running' AND r.worker IS NOT NULL AND NOT EXISTS (
         SELECT FROM pg_locks l
         WHERE l.locktype = 'advisory' AND l.objsubid = 2 AND l.granted
           AND l.classid = $1 AND l.objid::bigint = r.worker
           AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database()))`,
      [LOCK_CLASS],
    );
    return result?.rows ?? [];
  }

  async beforeApplicationShutdown(): Promise<void> {
    const session = this.session;
    this.session = null;
    await session?.client.end();
  }

  private async open(): Promise<number> {
    const { host, port, user, password, database, ssl } = this.connection;
    const client = new Client({
      host,
      port,
      user,
      password,
      database,
      ssl,
      keepAlive: true,
      application_name: 'millrace presence',
      connectionTimeoutMillis: 10_000,
      query_timeout: 30_000,
    });
    client.on('error', (error) => this.lose(client, error));
    await client.connect();
    const key = randomInt(1, 2 ** 31 - 1);
    await client.query('SELECT pg_advisory_lock($1, $2)', [LOCK_CLASS, key]);
    this.session = { client, key };
    return key;
  }

  private lose(client: Client, error: Error): void {
    if (this.session?.client !== client) return;
    this.session = null;
    this.logger.warn({ err: error }, 'lost the session that shows this worker is alive');
  }
}

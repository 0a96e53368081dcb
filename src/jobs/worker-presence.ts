import { randomInt } from 'node:crypto';
import { type BeforeApplicationShutdown, Injectable } from '@nestjs/common';
import { InjectPinoLogger, PinoLogger } from 'nestjs-pino';
import type { Client } from 'pg';
import { ownSession } from '../database/own-session.js';
import { ServiceConnection } from '../database/service-connection.js';

/** Calls of `orphans` in a row that a lock must be missing in: a database that comes back is locked by all again within one or two. */
export const LOOKS_MISSED = 4;

/** First half of the lock's key, so that nobody else's advisory locks are met; "mill" in ASCII. */
const LOCK_CLASS = 0x6d696c6c;

/**
 * Shows all workers that this one is alive: a session lock in the service's database, which PostgreSQL frees at the
 * moment this process dies, however it dies. Needs a session of its own, so no pooler in transaction mode between.
 */
@Injectable()
export class WorkerPresence implements BeforeApplicationShutdown {
  /** This process's for life: a run that it holds stays its own when only the session is lost. */
  private readonly ownKey = randomInt(1, 2 ** 31 - 1);
  private session: Client | null = null;
  private opening: Promise<void> | null = null;
  /** By worker, in how many calls in a row its lock was missing. */
  private missed = new Map<number, number>();

  constructor(
    private readonly connection: ServiceConnection,
    @InjectPinoLogger(WorkerPresence.name) private readonly logger: PinoLogger,
  ) {}

  /** The key of the lock that this process holds; locks it again first when the session that held it was lost. */
  async key(): Promise<number> {
    await this.open();
    return this.ownKey;
  }

  /**
   * Runs of other workers that are gone: their locks were free at this call and the three before it, which gives a worker that
   * lost its session the time to lock again.
   */
  async orphans(): Promise<{ id: string; claim: number }[]> {
    const session = await this.open();
    const { rows } = await session.query<{ id: string; claim: number; worker: number }>(
      `SELECT r.id, r.claim, r.worker FROM millrace.runs r
       WHERE r.state = 'running' AND r.worker <> $2 AND NOT EXISTS (
         SELECT FROM pg_locks l
         WHERE l.locktype = 'advisory' AND l.objsubid = 2 AND l.granted
           AND l.classid = $1 AND l.objid::bigint = r.worker
           AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database()))`,
      [LOCK_CLASS, this.ownKey],
    );
    const before = this.missed;
    this.missed = new Map(rows.map(({ worker }) => [worker, (before.get(worker) ?? 0) + 1]));
    return rows.filter(({ worker }) => this.missed.get(worker)! >= LOOKS_MISSED);
  }

  async beforeApplicationShutdown(): Promise<void> {
    const session = this.session;
    this.session = null;
    await session?.end();
  }

  private async open(): Promise<Client> {
    while (!this.session) {
      this.opening ??= this.connect().finally(() => (this.opening = null));
      await this.opening;
    }
    return this.session;
  }

  private async connect(): Promise<void> {
    const client = ownSession(this.connection, 'millrace presence');
    client.on('error', (error) => this.lose(client, error));
    try {
      await client.connect();
      await this.lock(client);
    } catch (error) {
      await client.end().catch(() => {});
      throw error;
    }
    this.session = client;
  }

  /** A session that this process lost may not have ended yet in the database's eyes; it would keep the lock. */
  private async lock(client: Client): Promise<void> {
    await client.query(
      `SELECT pg_terminate_backend(pid) FROM pg_locks
       WHERE locktype = 'advisory' AND objsubid = 2 AND granted AND classid = $1 AND objid::bigint = $2
         AND database = (SELECT oid FROM pg_database WHERE datname = current_database())`,
      [LOCK_CLASS, this.ownKey],
    );
    await client.query('SELECT pg_advisory_lock($1, $2)', [LOCK_CLASS, this.ownKey]);
  }

  private lose(client: Client, error: Error): void {
    if (this.session !== client) return;
    this.session = null;
    this.logger.warn({ err: error }, 'lost the session that shows this worker is alive');
    this.open().catch((failure: unknown) => {
      this.logger.warn({ err: failure }, 'could not show yet that this worker is alive');
    });
  }
}

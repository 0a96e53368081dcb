import { Injectable } from '@nestjs/common';
import type { Client } from 'pg';
import { ownSession } from '../../../database/own-session.js';
import { ServiceConnection } from '../../../database/service-connection.js';
import { TransientError } from '../../../errors.js';
import { ApiRefused } from '../api-errors.js';
import type { KeptTokens, TokenOwner } from './authenticator.js';
import { digestOwner, openToken, sealToken } from './seal-token.js';
import { originAndPath } from '../show-url.js';

/** After this long the server takes the lock from a process that stands still. */
const HOLD_MS = 10 * 60_000;

// The second is not known to servers before PostgreSQL 14.
const limitsSql = `
  SELECT set_config(name, CASE name WHEN 'lock_timeout' THEN $1 ELSE $2 END, false)
  FROM pg_settings WHERE name IN ('lock_timeout', 'idle_session_timeout')`;

const writeSql = `
  INSERT INTO millrace.api_tokens (owner, sealed, changed_at) VALUES ($1, $2, now())
  ON CONFLICT (owner) DO UPDATE SET sealed = excluded.sealed, changed_at = excluded.changed_at`;

/**
 * Keeps rotating refresh tokens in the service's database, and gives each to one process at a time. The lock is one of a
 * session, not of a transaction, so that each token is committed as soon as it is kept. Needs a session of its own, so no
 * pooler in transaction mode between.
 */
@Injectable()
export class ApiTokens implements KeptTokens {
  /** How long one waits for another process to be done with a token. */
  protected readonly waitMs: number = 60_000;
  /** What the database could not take; it is newer than what is stored there. */
  private readonly unsaved = new Map<string, string>();

  constructor(private readonly connection: ServiceConnection) {}

  async exclusively<T>(
    owner: TokenOwner,
    work: (stored: string | null, keep: (token: string) => Promise<void>) => Promise<T>,
    signal?: AbortSignal,
  ): Promise<T> {
    return this.withSession(async (session) => {
      await lockToken(session, owner, { waitMs: this.waitMs, signal });
      return work(await this.read(session, owner), (token) => this.keep(session, owner, token));
    });
  }

  private async read(session: Client, owner: TokenOwner): Promise<string | null> {
    const digest = digestOwner(owner);
    const unsaved = this.unsaved.get(digest);
    if (unsaved !== undefined) {
      await writeToken(session, owner, unsaved);
      this.unsaved.delete(digest);
      return unsaved;
    }
    const sql = 'SELECT sealed FROM millrace.api_tokens WHERE owner = $1';
    const { rows } = await session.query<{ sealed: string }>(sql, [digest]);
    return rows[0] ? open(rows[0].sealed, owner) : null;
  }

  /** A token that was given is worth a second session: the server takes the one before it no more. */
  private async keep(session: Client, owner: TokenOwner, token: string): Promise<void> {
    const digest = digestOwner(owner);
    this.unsaved.set(digest, token);
    try {
      await writeToken(session, owner, token);
    } catch {
      await this.withSession((second) => writeToken(second, owner, token));
    }
    this.unsaved.delete(digest);
  }

  private async withSession<T>(work: (session: Client) => Promise<T>): Promise<T> {
    const session = ownSession(this.connection, 'millrace api token');
    // A session that is lost fails the statement that comes next.
    session.on('error', () => {});
    try {
      await session.connect();
      return await work(session);
    } finally {
      await session.end().catch(() => {});
    }
  }
}

async function lockToken(
  session: Client,
  owner: TokenOwner,
  { waitMs, signal }: { waitMs: number; signal?: AbortSignal },
): Promise<void> {
  signal?.throwIfAborted();
  await session.query(limitsSql, [waitMs, HOLD_MS]);
  const stop = () => void session.end().catch(() => {});
  signal?.addEventListener('abort', stop, { once: true });
  try {
    await session.query(lockStatement(digestOwner(owner), waitMs));
  } catch (error) {
    signal?.throwIfAborted();
    throw isLockTimeout(error) ? tokenInUse(owner, waitMs, error) : error;
  } finally {
    signal?.removeEventListener('abort', stop);
  }
}

/** The server gives up first: what the driver gives up may still get the lock. */
function lockStatement(digest: string, waitMs: number) {
  const text = `SELECT pg_advisory_lock(hashtextextended('millrace api token ' || $1, 0))`;
  return { text, values: [digest], query_timeout: waitMs + 10_000 };
}

async function writeToken(session: Client, owner: TokenOwner, token: string): Promise<void> {
  await session.query(writeSql, [digestOwner(owner), sealToken(token, owner)]);
}

function open(sealed: string, owner: TokenOwner): string {
  const token = openToken(sealed, owner);
  if (token !== null) return token;
  const expected = `refresh token of ${originAndPath(owner.tokenUrl)}: expected the client secret that it was kept with`;
  throw new ApiRefused(
    'AUTH_TOKEN_SEALED',
    `${expected}, got another one, which needs a new refresh token too`,
  );
}

function isLockTimeout(error: unknown): boolean {
  return (error as { code?: unknown }).code === '55P03';
}

function tokenInUse({ tokenUrl }: TokenOwner, waitMs: number, cause: unknown): TransientError {
  const expected = `refresh token of ${originAndPath(tokenUrl)}: expected it to be free within ${waitMs / 1000} s`;
  const message = `${expected}, another run still uses it`;
  return new TransientError('AUTH_TOKEN_BUSY', message, [], { cause });
}

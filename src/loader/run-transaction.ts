import type { DataSource } from 'typeorm';
import { TransientError } from '../errors.js';
import { isConnectionError } from './database-errors.js';
import type { LoaderLimits } from './limits.js';
import { limitStatements, Session, useSession } from './session.js';

/** COMMIT was sent and no answer came: the transaction may have been committed or not. */
export class CommitUnknownError extends TransientError {
  constructor() {
    super('COMMIT_UNKNOWN', 'the connection was lost while the transaction was being committed');
  }
}

/** The server process behind a connection. */
interface Backend {
  pid: number;
  startedAt: string;
}

/**
 * Runs `work` in one transaction. When `signal` aborts before COMMIT is sent, the connection is cut, the server is told to
 * end the transaction, and the signal's reason is thrown; after that the abort comes too late.
 *
 * @throws CommitUnknownError when nobody can tell from here
 */
export async function runTransaction<T>(
  database: DataSource,
  limits: LoaderLimits,
  work: (session: Session) => Promise<T>,
  signal?: AbortSignal,
): Promise<T> {
  return useSession(database, limits, async (session) => {
    const abort = () => session.cut();
    signal?.addEventListener('abort', abort, { once: true });
    let backend: Backend | null = null;
    let result: T;
    try {
      // It may have been aborted while this waited for a connection.
      signal?.throwIfAborted();
      backend = await begin(session, limits);
      result = await work(session);
      // Deferred constraints are checked now, so that COMMIT itself is short and refuses nothing.
      await session.queryLong('SET CONSTRAINTS ALL IMMEDIATE');
      signal?.throwIfAborted();
    } catch (error) {
      await rollBack(session, error, async () => {
        if (backend) await endBackend(database, limits, backend);
      });
      throw signal?.aborted ? signal.reason : error;
    } finally {
      signal?.removeEventListener('abort', abort);
    }
    await commit(session, limits);
    return result;
  });
}

async function begin(session: Session, limits: LoaderLimits): Promise<Backend> {
  // Each statement must see what others have committed before it got the table's lock.
  const { rows } = await session.queryAll<Backend>([
    'BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE',
    `SET LOCAL idle_in_transaction_session_timeout = ${limits.statementMs}`,
    'SET LOCAL tcp_keepalives_idle = 30',
    `SET LOCAL DateStyle = 'ISO, YMD'`,
    `SET LOCAL TimeZone = 'UTC'`,
    limitStatements(limits),
    `SELECT pid, backend_start::text AS "startedAt" FROM pg_stat_activity WHERE pid = pg_backend_pid()`,
  ]);
  return rows[0] ?? { pid: 0, startedAt: '' };
}

async function rollBack(session: Session, cause: unknown, end: () => Promise<void>): Promise<void> {
  // On a connection that was cut ROLLBACK fails at once, on one that hangs it would hang too.
  if (isConnectionError(cause)) session.cut();
  try {
    await session.query('ROLLBACK');
  } catch {
    session.cut();
    await end();
  }
}

/** A server that is at work does not notice that the connection is gone, and would keep the table's lock. */
async function endBackend(database: DataSource, limits: LoaderLimits, backend: Backend): Promise<void> {
  const end = (session: Session) =>
    session.query(
      'SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid = $1 AND backend_start = $2::timestamptz',
      [backend.pid, backend.startedAt],
    );
  // Without an answer the server ends it by itself, by its keepalives and statement_timeout.
  await useSession(database, limits, end).catch(() => undefined);
}

async function commit(session: Session, limits: LoaderLimits): Promise<void> {
  const { command } = await session.query('COMMIT', [], limits.stallMs).catch((error: unknown) => {
    if (!isConnectionError(error)) throw error;
    session.cut();
    throw new CommitUnknownError();
  });
  if (command !== 'COMMIT') throw new Error(`expected COMMIT to be answered by COMMIT, got ${command}`);
}

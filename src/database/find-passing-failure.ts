import { TerminalError, TransientError } from '../errors.js';

/** `unreachable`: the server or the way to it is gone for now; `busy`: it ended a statement because of other sessions. */
export type PassingFailure = 'unreachable' | 'busy';

// Connections (08), resources (53), shutdowns (57P0), sessions ended for being idle (25P0); and the socket's own.
const unreachable =
  /^(08\w{3}|53\w{3}|57P0\w|25P0[34]|ECONN(REFUSED|RESET|ABORTED)|EPIPE|ETIMEDOUT|EHOSTUNREACH|ENETUNREACH|ENOTFOUND|EAI_AGAIN)$/;
// What the driver, its pool and TypeORM say without a code; TypeORM says the last two of a session lost in a transaction.
const unreached =
  /^(Connection terminated|timeout expired|timeout exceeded when trying to connect|Query read timeout|Client has encountered a connection error|Client was closed|Query runner already released|Database connection provided by a query runner was already released)/;
// Serialization failure, deadlock, lock_timeout, and statement_timeout or a cancel.
const busy = /^(40001|40P01|55P03|57014)$/;
const MAX_DEPTH = 5;

/**
 * How a statement on PostgreSQL failed that may succeed later, as the driver, its pool or TypeORM threw it; null for all
 * else. What the service has judged already, a TerminalError or a TransientError, is no such failure.
 */
export function findPassingFailure(error: unknown): PassingFailure | null {
  let origin = error;
  for (let depth = 0; depth < MAX_DEPTH && typeof origin === 'object' && origin !== null; depth++) {
    if (origin instanceof TerminalError || origin instanceof TransientError) return null;
    const { code, message, driverError, cause } = origin as Record<string, unknown>;
    if (busy.test(String(code))) return 'busy';
    if (unreachable.test(String(code)) || unreached.test(String(message))) return 'unreachable';
    origin = driverError ?? cause;
  }
  return null;
}

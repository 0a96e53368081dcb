import { QueryFailedError } from 'typeorm';
import { TransientError } from '../errors.js';

/** SQLSTATE classes and codes of Node that say the server or the way to it is gone for now. */
const LOST = /^(08|53|57P0|ECONN|EPIPE|ETIMEDOUT|EHOSTUNREACH|ENOTFOUND|EAI_AGAIN)/;

/** The same failure as one that may pass, when it is the service's own database that does not answer; else null. */
export function lostServiceDatabase(error: unknown): TransientError | null {
  const origin: unknown = error instanceof QueryFailedError ? error.driverError : error;
  if (!(origin instanceof Error) || origin instanceof TransientError) return null;
  const code = 'code' in origin ? String(origin.code) : '';
  if (
    !LOST.test(code) &&
    !/^(Connection terminated|timeout exceeded when trying to connect)/.test(origin.message)
  ) {
    return null;
  }
  return new TransientError('SERVICE_DATABASE', 'the service database does not answer', [], { cause: error });
}

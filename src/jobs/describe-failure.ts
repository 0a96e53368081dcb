import { randomUUID } from 'node:crypto';
import type { PinoLogger } from 'nestjs-pino';
import { TerminalError, TransientError } from '../errors.js';
import { lostServiceDatabase } from './service-database-lost.js';
import { shortOfResources } from './short-of-resources.js';

/** The error as one that says whether trying again can help; one that nobody foresaw is left as it is. */
export function foresee(error: unknown): unknown {
  return lostServiceDatabase(error) ?? shortOfResources(error) ?? error;
}

/**
 * Logs what failed. What users may know of it is in the error that is answered; one that nobody foresaw is for the log
 * only.
 * @param what failed, such as `run`
 */
export function describeFailure(
  error: unknown,
  what: string,
  { log, fields }: { log: PinoLogger['logger']; fields: object },
): TerminalError | TransientError {
  if (error instanceof TerminalError || error instanceof TransientError) {
    log.error({ ...fields, err: error }, `${what} failed`);
    return error;
  }
  const correlationId = randomUUID();
  log.error({ ...fields, err: error, correlationId }, `${what} failed for a reason that nobody foresaw`);
  return new TerminalError('INTERNAL', `internal error; the log tells more under ${correlationId}`);
}

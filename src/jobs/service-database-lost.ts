import { findPassingFailure } from '../database/find-passing-failure.js';
import { TransientError } from '../errors.js';

const messages = {
  unreachable: 'the service database does not answer',
  busy: 'the service database ended a statement that waited too long, or that was in the way of another',
};

/** The same failure as one that may pass, when it is the service's own database that does not answer; else null. */
export function lostServiceDatabase(error: unknown): TransientError | null {
  const failure = findPassingFailure(error);
  return failure && new TransientError('SERVICE_DATABASE', messages[failure], [], { cause: error });
}

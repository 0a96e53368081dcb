import { isNativeError } from 'node:util/types';
import { HttpException } from '@nestjs/common';
import { TerminalError, TransientError } from '../errors.js';

/** What the log tells of an error. */
export interface ErrorDescription {
  type: string;
  code?: unknown;
  message: string;
  /** Where it was thrown, without the message. */
  stack?: string;
  cause?: ErrorDescription;
}

/** SQLSTATE classes whose messages quote values, or are written by a trigger: data, constraints, P0, internal ones. */
const quotesRows = /^(22|23|P0|XX)/;

const deepestCause = 3;

/**
 * An error as the log may show it: no row's data, no parameters of a statement. The message of an error that nobody
 * here wrote ends before its first quote or digit, which is where engines and parsers begin to quote what they read.
 */
export function describeError(thrown: unknown, depth = 0): ErrorDescription {
  if (!isNativeError(thrown)) return { type: typeof thrown, message: 'something that is not an error' };
  const error = thrown as Error & { code?: unknown };
  const { name: type, code, cause } = error;
  const described = { type, code, message: safeMessage(error), stack: framesOf(error) };
  return isNativeError(cause) && depth < deepestCause
    ? { ...described, cause: describeError(cause, depth + 1) }
    : described;
}

/** The part of an error's message that holds no row's data. */
export function safeMessage(error: Error): string {
  if (isSafe(error)) return error.message;
  const [head = ''] = error.message.split(/["'`\d\n]/, 1);
  return head === error.message ? head : `${head}…`;
}

function isSafe(error: Error): boolean {
  if (error instanceof TerminalError || error instanceof TransientError) return true;
  if (error instanceof HttpException) return true;
  const {
    syscall,
    errno,
    driverError = error,
  } = error as Partial<NodeJS.ErrnoException & { driverError: Error }>;
  if (typeof syscall === 'string' && typeof errno === 'number') return true;
  const { code, severity } = driverError as { code?: unknown; severity?: unknown };
  return severity !== undefined && /^[0-9A-Z]{5}$/.test(String(code)) && !quotesRows.test(String(code));
}

/** The stack begins with the message, of as many lines as it likes; undefined when the two do not match. */
function framesOf({ stack = '', message }: Error): string | undefined {
  const at = stack.indexOf(message);
  if (at < 0) return undefined;
  const lines = stack.slice(at + message.length).split('\n');
  return lines.filter((line) => line.startsWith('    at ')).join('\n');
}

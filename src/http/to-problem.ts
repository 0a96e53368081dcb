import { STATUS_CODES } from 'node:http';
import { HttpException } from '@nestjs/common';
import { findPassingFailure, type PassingFailure } from '../database/find-passing-failure.js';
import { type ErrorDetail, TerminalError, TransientError } from '../errors.js';
import { statusOf } from './problem-status.js';

/** What an answer says about an error; the caller adds the request's path and id. */
export interface Problem {
  type: 'about:blank';
  title: string;
  status: number;
  detail: string;
  code: string;
  errors?: ErrorDetail[];
}

const passing: Record<PassingFailure, [code: string, detail: string]> = {
  unreachable: ['DATABASE_UNREACHABLE', 'the database cannot be reached now'],
  busy: ['DATABASE_BUSY', 'the database is too busy now'],
};
// A NUL character or a lone surrogate, which PostgreSQL's text cannot hold.
const unstorable = /^(22021|22P05)$/;

/** The problem (RFC 9457) for anything that was thrown. What is not known is a 500 that tells nothing. */
export function toProblem(error: unknown): Problem {
  if (error instanceof TerminalError || error instanceof TransientError) {
    return problem(statusOf(error), error.code, error.message, error.details);
  }
  if (error instanceof HttpException) return fromHttpException(error);
  if (isExposed(error)) return problem(error.status, codeOf(error.status), error.message);
  const failure = findPassingFailure(error);
  if (failure) return problem(503, ...passing[failure]);
  if (unstorable.test(databaseCode(error))) {
    return problem(400, 'INVALID_REQUEST', 'the request holds a character that PostgreSQL cannot store');
  }
  return problem(
    500,
    'INTERNAL',
    'an error that the service does not know; its log tells more under this requestId',
  );
}

function problem(status: number, code: string, detail: string, errors: ErrorDetail[] = []): Problem {
  const base = { type: 'about:blank', title: STATUS_CODES[status] ?? 'Error', status, detail, code } as const;
  return errors.length > 0 ? { ...base, errors } : base;
}

function fromHttpException(error: HttpException): Problem {
  const status = error.getStatus();
  const response = error.getResponse();
  const message = typeof response === 'string' ? response : (response as { message?: unknown }).message;
  const field = /^Unexpected (?:file )?field(?: - (.*))?$/s.exec(String(message));
  if (field) return wrongField(field[1] ?? '');
  const messages = Array.isArray(message) ? message.map(String) : [];
  const detail = typeof message === 'string' ? message : messages.join('; ') || error.message;
  return problem(
    status,
    codeOf(status),
    detail,
    messages.map((text) => ({ message: text })),
  );
}

/** The form parser names only the field that came; the one that every form of the service has is `file`. */
function wrongField(got: string): Problem {
  const message = `expected one file in the form field "file", got a file in ${JSON.stringify(got.slice(0, 80))}`;
  return problem(400, 'INVALID_REQUEST', message, [{ path: 'file', message }]);
}

/** Errors of Express and its body parsers carry a status, and say whether their message may be shown. */
function isExposed(error: unknown): error is Error & { status: number } {
  const { status, expose, message } = (error ?? {}) as {
    status?: unknown;
    expose?: unknown;
    message?: unknown;
  };
  if (typeof status !== 'number' || typeof message !== 'string' || expose === false) return false;
  return status >= 400 && status < 500;
}

/** `404` -> `NOT_FOUND`, `413` -> `PAYLOAD_TOO_LARGE`. */
function codeOf(status: number): string {
  const name = STATUS_CODES[status] ?? 'ERROR';
  return name.toUpperCase().replace(/[^A-Z]+/g, '_');
}

function databaseCode(error: unknown): string {
  const { code, driverError } = (error ?? {}) as { code?: unknown; driverError?: { code?: unknown } };
  return String(code ?? driverError?.code ?? '');
}

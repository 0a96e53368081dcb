import { describe, expect, it } from '@jest/globals';
import { QueryFailedError } from 'typeorm';
import { TerminalError, TransientError } from '../errors.js';
import { findPassingFailure } from './find-passing-failure.js';

const coded = (code: string, message = 'x') => Object.assign(new Error(message), { code });
const failed = (error: Error) => new QueryFailedError('SELECT 1', [], error);

describe('findPassingFailure', () => {
  const unreachable = [
    '08000 08001 08003 08004 08006 08P01 53000 53100 53200 53300 53400 57P01 57P02 57P03 57P04 57P05 25P03 25P04',
    'ECONNREFUSED ECONNRESET ECONNABORTED EPIPE ETIMEDOUT EHOSTUNREACH ENETUNREACH ENOTFOUND EAI_AGAIN',
  ];
  const texts = [
    'Connection terminated',
    'Connection terminated unexpectedly',
    'Connection terminated due to connection timeout',
    'timeout expired',
    'timeout exceeded when trying to connect',
    'Query read timeout',
    'Client has encountered a connection error and is not queryable',
    'Client was closed and is not queryable',
    'Query runner already released. Cannot run queries anymore.',
    'Database connection provided by a query runner was already released, cannot continue to use it.',
  ];
  const cases = [
    ...codes(unreachable).map((code) => ({ says: code, origin: coded(code), failure: 'unreachable' })),
    ...texts.map((text) => ({ says: text, origin: new Error(text), failure: 'unreachable' })),
    ...codes(['40001 40P01 55P03 57014']).map((code) => ({
      says: code,
      origin: coded(code),
      failure: 'busy',
    })),
    ...codes(['42601 28P01 3D000 22021 23505 25P01 25P02 42501 XX000 ENOENT EACCES ECONNECT']).map(
      (code) => ({
        says: code,
        origin: coded(code),
        failure: null,
      }),
    ),
    { says: 'a bug', origin: new TypeError('x is not a function'), failure: null },
  ];
  it.each(cases)('$says: $failure, however it is wrapped', ({ origin, failure }) => {
    const wrapped = [
      origin,
      failed(origin),
      new Error('outer', { cause: origin }),
      new Error('outer', { cause: failed(origin) }),
      failed(new Error('inner', { cause: origin })),
    ];
    expect(wrapped.map(findPassingFailure)).toEqual(wrapped.map(() => failure));
  });

  const cause = coded('57P01');
  it.each([
    { name: 'a terminal error', error: new TerminalError('TARGET_LOGIN', 'x', [], { cause }) },
    { name: 'a passing error that says more', error: new TransientError('ECONNRESET', 'x', [], { cause }) },
    {
      name: 'one of these as a cause',
      error: new Error('x', { cause: new TerminalError('X', 'x', [], { cause }) }),
    },
    { name: 'no error at all', error: '57P01' },
    { name: 'nothing', error: null },
    {
      name: 'a circle',
      error: Object.assign(new Error('x'), {
        get cause() {
          return this;
        },
      }),
    },
  ])('leaves alone: $name', ({ error }) => {
    expect(findPassingFailure(error)).toBeNull();
  });
});

function codes(lines: string[]): string[] {
  return lines.flatMap((line) => line.split(' '));
}

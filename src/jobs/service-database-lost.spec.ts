import { describe, expect, it } from '@jest/globals';
import { QueryFailedError } from 'typeorm';
import { TerminalError, TransientError } from '../errors.js';
import { lostServiceDatabase } from './service-database-lost.js';

const failed = (code: string, message = 'x') => {
  return new QueryFailedError('SELECT 1', [], Object.assign(new Error(message), { code }));
};

describe('lostServiceDatabase', () => {
  it.each([
    { name: 'the server stops', error: failed('57P01') },
    { name: 'the connection is lost', error: failed('08006') },
    { name: 'nobody listens', error: Object.assign(new Error('x'), { code: 'ECONNREFUSED' }) },
    { name: 'cut by the server', error: failed('', 'Connection terminated unexpectedly') },
  ])('may pass: $name', ({ error }) => {
    expect(lostServiceDatabase(error)).toMatchObject({ code: 'SERVICE_DATABASE', cause: error });
  });

  it.each([
    { name: 'a wrong statement', error: failed('42601') },
    { name: 'a bug', error: new TypeError('x is not a function') },
    { name: 'a file that is not there', error: Object.assign(new Error('x'), { code: 'ENOENT' }) },
    { name: 'a terminal error', error: new TerminalError('TARGET_LOGIN', 'x') },
    { name: 'a passing error that says more', error: new TransientError('ECONNRESET', 'x') },
    { name: 'no error at all', error: 'x' },
  ])('is something else: $name', ({ error }) => {
    expect(lostServiceDatabase(error)).toBeNull();
  });
});

import { describe, expect, it } from '@jest/globals';
import { TerminalError, TransientError } from '../errors.js';
import { lostServiceDatabase } from './service-database-lost.js';

describe('lostServiceDatabase', () => {
  it.each([
    { code: 'ECONNREFUSED', message: 'the service database does not answer' },
    { code: '55P03', message: 'the service database ended a statement' },
  ])('may pass: $code', ({ code, message }) => {
    const error = Object.assign(new Error('x'), { code });
    const lost = lostServiceDatabase(error);
    expect(lost).toBeInstanceOf(TransientError);
    expect(lost).toMatchObject({ code: 'SERVICE_DATABASE', cause: error });
    expect(lost?.message).toContain(message);
  });

  it.each([
    { name: 'a bug', error: new TypeError('x is not a function') },
    { name: 'a terminal error', error: new TerminalError('TARGET_LOGIN', 'x') },
  ])('is something else: $name', ({ error }) => {
    expect(lostServiceDatabase(error)).toBeNull();
  });
});

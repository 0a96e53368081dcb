import { describe, expect, it } from '@jest/globals';
import { ConflictException, NotFoundException } from '@nestjs/common';
import { TerminalError, TransientError } from '../errors.js';
import { toProblem } from './to-problem.js';

const withFields = (fields: object) => Object.assign(new Error('secret inside'), fields);

describe('toProblem', () => {
  const cases: [string, unknown, number, string, string][] = [
    ['a terminal error', new TerminalError('INVALID_CONFIG', 'bad'), 422, 'INVALID_CONFIG', 'bad'],
    [
      'a code that ends in NOT_FOUND',
      new TerminalError('RUN_NOT_FOUND', 'no run'),
      404,
      'RUN_NOT_FOUND',
      'no run',
    ],
    ['a code that only sounds like it', new TerminalError('UNCONFLICT', 'x'), 422, 'UNCONFLICT', 'x'],
    ['a conflict', new TerminalError('CONFLICT', 'taken'), 409, 'CONFLICT', 'taken'],
    ['a transient error', new TransientError('FILE_CHANGED', 'changed'), 503, 'FILE_CHANGED', 'changed'],
    ["Nest's own errors", new NotFoundException('nothing here'), 404, 'NOT_FOUND', 'nothing here'],
    ["Nest's own errors with several messages", new ConflictException(['a', 'b']), 409, 'CONFLICT', 'a; b'],
    [
      "Express's errors",
      withFields({ status: 413, expose: true }),
      413,
      'PAYLOAD_TOO_LARGE',
      'secret inside',
    ],
    [
      'a lost database',
      withFields({ code: 'ECONNREFUSED' }),
      503,
      'DATABASE_UNREACHABLE',
      'the database cannot be reached now',
    ],
    [
      'a lost database below TypeORM',
      withFields({ driverError: { code: '57P01' } }),
      503,
      'DATABASE_UNREACHABLE',
      'the database cannot be reached now',
    ],
    [
      'a pool that has no connection left',
      new Error('timeout exceeded when trying to connect'),
      503,
      'DATABASE_UNREACHABLE',
      'the database cannot be reached now',
    ],
    [
      'a session that ended, below TypeORM',
      withFields({ driverError: new Error('Connection terminated unexpectedly') }),
      503,
      'DATABASE_UNREACHABLE',
      'the database cannot be reached now',
    ],
    [
      'a lock that was held too long, below TypeORM',
      withFields({ driverError: { code: '55P03' } }),
      503,
      'DATABASE_BUSY',
      'the database is too busy now',
    ],
    [
      'a NUL character',
      withFields({ code: '22021' }),
      400,
      'INVALID_REQUEST',
      'the request holds a character that PostgreSQL cannot store',
    ],
  ];
  it.each(cases)('%s', (_name, error, status, code, detail) => {
    expect(toProblem(error)).toMatchObject({ type: 'about:blank', status, code, detail });
  });

  it.each([
    ['an error', new Error('secret inside')],
    ['a hidden error of Express', withFields({ status: 404, expose: false })],
    ['a text', 'secret inside'],
    ['undefined', undefined],
    ['null', null],
  ])('tells nothing about %s that it does not know', (_name, error) => {
    const problem = toProblem(error);
    expect(problem).toMatchObject({ status: 500, title: 'Internal Server Error', code: 'INTERNAL' });
    expect(JSON.stringify(problem)).not.toContain('secret');
  });

  it('keeps path, line and column of each fault', () => {
    const details = [{ path: 'streams[0].table', line: 3, column: 5, message: 'expected a name' }];
    expect(toProblem(new TerminalError('INVALID_CONFIG', 'bad', details)).errors).toEqual(details);
  });
});

import { describe, expect, it } from '@jest/globals';
import { QueryFailedError } from 'typeorm';
import { TerminalError, TransientError } from '../errors.js';
import { isConnectionError, toLoaderError } from './database-errors.js';
import { describeDatabase } from './target-databases.js';

const SECRET = 'secret-value';
const server = (code: string, fields: object = {}) =>
  Object.assign(new Error(`says ${SECRET}`), { severity: 'ERROR', code, detail: SECRET, ...fields });
const socket = (code: string) => Object.assign(new Error('connect'), { code });
const words = (message: string) => new Error(message);

describe('toLoaderError', () => {
  it.each([
    { state: '08006', code: 'CONNECTION_LOST', kind: TransientError },
    { state: '57P01', code: 'CONNECTION_LOST', kind: TransientError },
    { state: '57P03', code: 'CONNECTION_LOST', kind: TransientError },
    { state: '57014', code: 'STATEMENT_CANCELLED', kind: TransientError },
    { state: '40001', code: 'SERIALIZATION', kind: TransientError },
    { state: '40P01', code: 'DEADLOCK', kind: TransientError },
    { state: '55P03', code: 'LOCK_TIMEOUT', kind: TransientError },
    { state: '53300', code: 'TOO_MANY_CONNECTIONS', kind: TransientError },
    { state: '53400', code: 'OUT_OF_RESOURCES', kind: TransientError },
    { state: '53100', code: 'TARGET_DISK_FULL', kind: TerminalError },
    { state: '22003', code: 'DATA_REFUSED', kind: TerminalError },
    { state: '23503', code: 'CONSTRAINT_VIOLATED', kind: TerminalError },
    { state: 'P0001', code: 'TRIGGER_FAILED', kind: TerminalError },
    { state: '28P01', code: 'TARGET_LOGIN', kind: TerminalError },
    { state: '3D000', code: 'TARGET_DATABASE', kind: TerminalError },
    { state: '54011', code: 'TARGET_LIMIT', kind: TerminalError },
    { state: 'XX000', code: 'TARGET_FAILED', kind: TerminalError },
  ])('$state is $code, without what PostgreSQL says', ({ state, code, kind }) => {
    const error = toLoaderError(server(state), 'table t') as TerminalError;
    expect(error).toBeInstanceOf(kind);
    expect(error.code).toBe(code);
    expect(error.message).toMatch(new RegExp(`^table t: .* \\(SQLSTATE ${state}\\)$`));
    expect(`${error.stack} ${JSON.stringify(error)}`).not.toContain(SECRET);
    expect(error.cause).toBeUndefined();
  });

  it.each([
    { state: '42501', code: 'TARGET_PERMISSION' },
    { state: '42703', code: 'TABLE_MISMATCH' },
  ])('$state quotes PostgreSQL, which names an object, but no trigger', ({ state, code }) => {
    const error = toLoaderError(server(state, { routine: 'aclcheck_error' }), 'd') as TerminalError;
    expect(error).toBeInstanceOf(TerminalError);
    expect(error.code).toBe(code);
    expect(error.message).toContain(SECRET);
    const raised = toLoaderError(server(state, { routine: 'exec_stmt_raise' }), 'd') as TerminalError;
    expect(raised.message).not.toContain(SECRET);
  });

  it('names no database that a config may take from a secret', () => {
    const refused = Object.assign(server('42501'), { message: `permission denied for database "${SECRET}"` });
    expect((toLoaderError(refused, 'd') as TerminalError).message).not.toContain(SECRET);
    const names = { user: SECRET, password: SECRET, database: SECRET, schema: 'public' };
    expect(describeDatabase({ host: 'h', port: 1, ssl: false, ...names })).toBe('target on h:1');
  });

  it.each([
    { name: 'refused', error: socket('ECONNREFUSED') },
    { name: 'all addresses refused', error: Object.assign(new AggregateError([]), { code: 'ECONNREFUSED' }) },
    { name: 'reset', error: socket('ECONNRESET') },
    { name: 'no name', error: socket('ENOTFOUND') },
    { name: 'closed', error: words('Connection terminated unexpectedly') },
    { name: 'no answer', error: words('Query read timeout') },
    { name: 'no connection free', error: words('timeout exceeded when trying to connect') },
    { name: 'used after its end', error: words('Client was closed and is not queryable') },
  ])('a connection that fails ($name) is transient', ({ error }) => {
    expect(toLoaderError(error, 'd')).toBeInstanceOf(TransientError);
    expect(isConnectionError(error)).toBe(true);
  });

  it.each([socket('SELF_SIGNED_CERT_IN_CHAIN'), words('The server does not support SSL connections')])(
    'TLS that fails is terminal: %s',
    (error) => {
      expect(toLoaderError(error, 'd')).toMatchObject({ code: 'TARGET_TLS' });
      expect(toLoaderError(error, 'd')).toBeInstanceOf(TerminalError);
    },
  );

  it('looks through what TypeORM wraps, and drops its parameters', () => {
    const wrapped = new QueryFailedError('INSERT', [SECRET], server('23505', { constraint: 'orders_pkey' }));
    const error = toLoaderError(wrapped, 'table t') as TerminalError;
    expect(error.message).toBe('table t: a row violates the constraint orders_pkey (SQLSTATE 23505)');
    expect(JSON.stringify(error)).not.toContain(SECRET);
  });

  it('names the column of a value by the context of COPY, and not the value', () => {
    const refused = server('22P02', { where: `COPY t, line 5, column amount: "${SECRET}"` });
    const error = toLoaderError(refused, 'table t', ['id', 'amount']) as TerminalError;
    expect(error.message).toBe('table t: the database refused a value for column amount (SQLSTATE 22P02)');
  });

  it.each([
    { table: 'public.t', says: 'a row violates the constraint c_fkey' },
    {
      table: 'public.p',
      says:
        'rows of public.t refer to rows that would go or change (constraint c_fkey); take those away first, or give ' +
        'their foreign key on_delete: cascade or set null',
    },
  ])('tells on which side of a foreign key $table stands', ({ table, says }) => {
    const error = server('23503', { schema: 'public', table: 't', constraint: 'c_fkey' });
    expect(toLoaderError(error, `table ${table}`)).toMatchObject({
      code: 'CONSTRAINT_VIOLATED',
      message: `table ${table}: ${says} (SQLSTATE 23503)`,
    });
  });

  it('leaves other errors as they are', () => {
    const own = new TerminalError('X', 'x');
    const bug = new TypeError('bug');
    expect([toLoaderError(own, 'd'), toLoaderError(bug, 'd'), toLoaderError('text', 'd')]).toEqual([
      own,
      bug,
      'text',
    ]);
    expect(toLoaderError(bug, 'd')).toBe(bug);
    expect(isConnectionError(server('23505'))).toBe(false);
  });
});

import { isNativeError } from 'node:util/types';
import { TerminalError, TransientError } from '../errors.js';

/** What PostgreSQL says about an error; https://www.postgresql.org/docs/current/protocol-error-fields.html */
interface ServerError extends Error {
  code: string;
  schema?: string;
  table?: string;
  column?: string;
  constraint?: string;
  dataType?: string;
  where?: string;
  routine?: string;
}

type Kind = typeof TerminalError | typeof TransientError;

interface Rule {
  kind: Kind;
  code: string;
  /** What happened, in words that never hold a value of a row. */
  says: string | ((error: ServerError, columns: string[], where: string) => string);
}

const transient = (code: string, says: Rule['says']): Rule => ({ kind: TransientError, code, says });
const terminal = (code: string, says: Rule['says']): Rule => ({ kind: TerminalError, code, says });

/**
 * SQLSTATE, or its first digits -> what it means for a load; the longest that fits counts.
 * https://www.postgresql.org/docs/current/errcodes-appendix.html
 */
const RULES: Record<string, Rule> = {
  '08': transient('CONNECTION_LOST', 'the connection was lost'),
  '25006': transient('TARGET_READ_ONLY', 'the database takes no writes (a standby, or one that fails over)'),
  '25P03': transient('CONNECTION_LOST', 'the database ended the session, which was idle in its transaction'),
  '40': transient('SERIALIZATION', 'the database undid the transaction because of a concurrent one'),
  '40P01': transient('DEADLOCK', 'the database undid the transaction to end a deadlock'),
  '42P06': transient('CREATED_MEANWHILE', 'somebody else created the schema at the same time'),
  '42P07': transient('CREATED_MEANWHILE', 'somebody else created the table at the same time'),
  '53': transient('OUT_OF_RESOURCES', 'the database is short of a resource'),
  '53300': transient('TOO_MANY_CONNECTIONS', 'the database has no connection left'),
  '55006': transient('TARGET_BUSY', 'an object of the database is in use'),
  '55P03': transient('LOCK_TIMEOUT', 'the table is locked by somebody else'),
  '57014': transient('STATEMENT_CANCELLED', 'the statement took too long, or somebody cancelled it'),
  '57P0': transient('CONNECTION_LOST', 'the database ended the session, or is starting or stopping'),
  '58': transient('TARGET_IO', 'the database met an input or output error'),

  '0A': terminal('TARGET_REFUSED', quoted('the database does not do that')),
  '22': terminal(
    'DATA_REFUSED',
    (error, columns) => `the database refused a value${ofColumn(error, columns)}`,
  ),
  '23': terminal('CONSTRAINT_VIOLATED', describeViolation),
  // A config may take the user or the database from a variable that holds a secret: neither is named.
  '28': terminal('TARGET_LOGIN', "the database refused the login of the user of the config's target"),
  '2BP01': terminal(
    'TARGET_DEPENDENTS',
    quoted('it would have to be made anew, and something depends on it'),
  ),
  '3D': terminal('TARGET_DATABASE', "there is no such database: the database of the config's target"),
  '42': terminal('TABLE_MISMATCH', quoted('the database refused the statement')),
  '42501': terminal('TARGET_PERMISSION', describePermission),
  '53100': terminal('TARGET_DISK_FULL', 'the disk of the database is full'),
  '54': terminal('TARGET_LIMIT', 'a limit of PostgreSQL is exceeded (columns, row size, or complexity)'),
  P0: terminal('TRIGGER_FAILED', 'a trigger or function of the database raised an error'),
};

const LEDGER_MISSING = transient('LEDGER_MISSING', "the loader's own tables in schema millrace are gone");
const NOT_REACHED = transient(
  'CONNECTION_LOST',
  'the database cannot be reached, or the connection was lost',
);
const TLS_REFUSED = terminal('TARGET_TLS', 'the TLS connection was refused');

/** Codes of Node's sockets and name lookups. */
const SOCKET_CODES = new Set(
  (
    'ECONNREFUSED ECONNRESET ECONNABORTED EPIPE ETIMEDOUT EHOSTUNREACH ENETUNREACH ENETDOWN EHOSTDOWN ENOTFOUND ' +
    'EAI_AGAIN EADDRNOTAVAIL'
  ).split(' '),
);
const SOCKET_WORDS =
  /^(Connection terminated|Client (was closed|has encountered)|Query read timeout|timeout e)/;
const TLS_CODES = /^(ERR_TLS|CERT_|DEPTH_ZERO|SELF_SIGNED|UNABLE_TO_|HOSTNAME_MISMATCH)/;
const TLS_WORDS = /does not support SSL|SSL connection/;

/**
 * The terminal or transient error behind what the driver threw. Its message never holds PostgreSQL's detail or context,
 * which quote rows, nor a message that a trigger wrote. An error that is not the database's is returned as it is.
 *
 * @param where what was worked on, e.g. `table public.orders`
 * @param columns names that PostgreSQL's context may be searched for
 */
export function toLoaderError(thrown: unknown, where: string, columns: string[] = []): unknown {
  const error = unwrap(thrown);
  if (!isNativeError(error)) return error;
  if (error instanceof TerminalError || error instanceof TransientError) return error;
  if (isServerError(error)) return fromServer(error, where, columns);
  const { code = '' } = error as { code?: string };
  if (TLS_CODES.test(code) || TLS_WORDS.test(error.message)) return build(TLS_REFUSED, where, code);
  if (isSocketError(error)) return build(NOT_REACHED, where, code);
  return error;
}

/** Whether the connection is gone, or hangs: what it did last is unknown, and it can do nothing more. */
export function isConnectionError(thrown: unknown): boolean {
  const error = unwrap(thrown);
  if (!isNativeError(error)) return false;
  if (isServerError(error)) return /^(08|57P0|25P03)/.test(error.code);
  return isSocketError(error);
}

function isSocketError(error: Error & { code?: string }): boolean {
  return SOCKET_CODES.has(error.code ?? '') || SOCKET_WORDS.test(error.message);
}

/** TypeORM wraps the driver's error, and adds the parameters: rows. */
function unwrap(thrown: unknown): unknown {
  return isNativeError(thrown) && 'driverError' in thrown ? thrown.driverError : thrown;
}

function isServerError(error: Error): error is ServerError {
  return 'severity' in error && 'code' in error && /^[0-9A-Z]{5}$/.test(String(error.code));
}

function fromServer(error: ServerError, where: string, columns: string[]): Error {
  if (error.code === '42P01' && error.message.includes('"millrace.')) return build(LEDGER_MISSING, where, '');
  const rule = [5, 4, 2].map((digits) => RULES[error.code.slice(0, digits)]).find((found) => found);
  const { kind, code, says } = rule ?? terminal('TARGET_FAILED', 'the database failed');
  const text = typeof says === 'string' ? says : says(error, columns, where);
  return build({ kind, code, says: text }, where, `SQLSTATE ${error.code}`);
}

function build({ kind, code, says }: Rule, where: string, origin: string): Error {
  return new kind(code, `${where}: ${String(says)}${origin ? ` (${origin})` : ''}`);
}

/** PostgreSQL's own sentence, which names an object or a role here; unless a trigger wrote it. */
function quoted(says: string): (error: ServerError) => string {
  return (error) => (error.routine === 'exec_stmt_raise' ? says : `${says}: ${error.message}`);
}

/** As `quoted`, but for the permission to connect, where the object is the config's database. */
function describePermission(error: ServerError): string {
  const says = 'the role lacks a permission';
  if (error.message.startsWith('permission denied for database')) {
    return `${says}: permission denied for the database of the config's target`;
  }
  return quoted(says)(error);
}

function describeViolation(error: ServerError, _: string[], where: string): string {
  if (error.code === '23502' && error.column)
    return `column ${error.column} is NOT NULL, a row has no value for it`;
  const owner = `${error.schema}.${error.table}`;
  if (error.code === '23503' && error.table && where !== `table ${owner}`)
    return (
      `rows of ${owner} refer to rows that would go or change (constraint ${error.constraint}); take those away first, ` +
      'or give their foreign key on_delete: cascade or set null'
    );
  if (error.constraint) return `a row violates the constraint ${error.constraint}`;
  return error.routine === 'ExecFindPartition' ? 'no partition takes a row' : 'a row violates a constraint';
}

/** COPY names the column in its context, just before the value. */
function ofColumn(error: ServerError, columns: string[]): string {
  const context = error.where ?? '';
  const column = error.column ?? columns.find((name) => context.includes(`, column ${name}: "`));
  return column ? ` for column ${column}` : '';
}

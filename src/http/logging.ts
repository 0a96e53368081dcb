import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Params } from 'nestjs-pino';
import pretty from 'pino-pretty';
import type { LogLevel } from '../settings/settings.js';

const secretNames = [
  'password',
  'apiKey',
  'token',
  'authorization',
  'cookie',
  'connectionString',
  '["x-api-key"]',
];
const secretPaths = secretNames.flatMap((name) => {
  const below = name.startsWith('[') ? name : `.${name}`;
  return [name, `*${below}`, `*.*${below}`];
});

/** JSON lines on stdout; readable text instead when stdout is a terminal. Secrets are left out. */
export function loggingOptions(level: LogLevel): Params {
  const options = {
    level,
    genReqId: (request: IncomingMessage) => request.id,
    autoLogging: { ignore: (request: IncomingMessage) => request.url === '/health' },
    customLogLevel: levelOf,
    serializers: { req: describeRequest, res: describeResponse, err: describeError },
    redact: { paths: secretPaths, censor: '[secret]' },
  };
  if (!process.stdout.isTTY) return { pinoHttp: options };
  return { pinoHttp: [options, pretty({ sync: true, singleLine: true, ignore: 'pid,hostname' })] };
}

function levelOf(
  _request: IncomingMessage,
  response: ServerResponse,
  error?: Error,
): 'error' | 'warn' | 'info' {
  if (error || response.statusCode >= 500) return 'error';
  return response.statusCode >= 400 ? 'warn' : 'info';
}

/** Without headers, which hold keys, and without the query, which may hold anything. */
function describeRequest(request: { id: unknown; method: string; url: string }): object {
  return { id: request.id, method: request.method, path: request.url?.split('?')[0] };
}

function describeResponse(response: { statusCode: number }): object {
  return { status: response.statusCode };
}

/** Without the other fields of an error: a database's carry the values of the statement. */
function describeError(error: Error & { code?: unknown }): object {
  return { type: error.name, code: error.code, message: error.message, stack: error.stack };
}

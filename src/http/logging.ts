import type { IncomingMessage, ServerResponse } from 'node:http';
import { isNativeError } from 'node:util/types';
import type { Params } from 'nestjs-pino';
import pino, { type DestinationStream, type Logger, type LoggerOptions } from 'pino';
import pretty from 'pino-pretty';
import type { LogLevel } from '../settings/settings.js';
import { describeError, safeMessage } from './describe-error.js';

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

/** What holds for every line, wherever it goes. */
const lineOptions: LoggerOptions = {
  serializers: { err: describeError },
  redact: { paths: secretPaths, censor: '[secret]' },
  hooks: {
    logMethod(args, method) {
      method.apply(this, withMessage(args as unknown[]) as typeof args);
    },
  },
};

const quietPaths = new Set(['/health', '/metrics']);

/** JSON lines on stdout; readable text instead when stdout is a terminal. Secrets are left out. */
export function loggingOptions(level: LogLevel): Params {
  const options = {
    ...lineOptions,
    level,
    genReqId: (request: IncomingMessage) => request.id,
    autoLogging: { ignore: (request: IncomingMessage) => quietPaths.has(request.url ?? '') },
    customLogLevel: levelOf,
    serializers: { ...lineOptions.serializers, req: describeRequest, res: describeResponse },
    // They would get what pino-http has made of an error, which is no error any more.
    wrapSerializers: false,
  };
  return { pinoHttp: [options, stdout()] };
}

export interface RunLoggerOptions {
  /** What stdout shows; the file gets `debug` and above whatever this is. */
  level: LogLevel;
  file: DestinationStream;
  /** What each line says of itself unless the line knows better. */
  fields: () => object;
}

/** A logger whose lines go to a file of their own as well as to stdout. */
export function createRunLogger({ level, file, fields }: RunLoggerOptions): Logger {
  const streams: pino.StreamEntry[] = [{ level: 'debug', stream: file }];
  if (level !== 'silent') streams.push({ level, stream: stdout() });
  const lowest = level === 'trace' ? 'trace' : 'debug';
  return pino({ ...lineOptions, level: lowest, mixin: fields }, pino.multistream(streams));
}

let shared: DestinationStream | null = null;

/** One for the whole process. */
function stdout(): DestinationStream {
  shared ??= process.stdout.isTTY
    ? pretty({ sync: true, singleLine: true, ignore: 'pid,hostname' })
    : pino.destination({ dest: 1, sync: true });
  return shared;
}

/** Pino would take the message of an error for the line's own, with whatever it quotes. */
function withMessage(args: unknown[]): unknown[] {
  const [first, message] = args;
  if (message !== undefined) return args;
  const error = isNativeError(first) ? first : (first as { err?: unknown } | undefined)?.err;
  return isNativeError(error) ? [first, safeMessage(error)] : args;
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

import http, {
  type ClientRequest as NodeRequest,
  type IncomingMessage,
  type RequestOptions,
} from 'node:http';
import https from 'node:https';
import type { TLSSocket } from 'node:tls';
import type { HttpService } from '@nestjs/axios';
import { firstValueFrom } from 'rxjs';
import { ApiRefused } from '../api-errors.js';
import type { ClientRequest } from './client-request.js';
import { toConnectionError } from './connection-error.js';
import type { Deadlines } from './deadlines.js';
import type { GuardedHttpAgent, GuardedHttpsAgent } from './guarded-agent.js';
import { originAndPath } from '../show-url.js';
import { ACCEPTED_ENCODINGS } from './unpack-body.js';

const MAX_HEADER_BYTES = 65_536;
/** Many times what APIs send, and few enough for axios, whose time for them grows with the square of their number. */
const MAX_HEADERS = 250;

export interface Agents {
  httpAgent: GuardedHttpAgent;
  httpsAgent: GuardedHttpsAgent;
}

/**
 * One request and its answer's headers, without redirects. The answer's stream ends with an error when `deadlines` end it
 * or its connection fails.
 */
export async function sendRequest(
  service: HttpService,
  agents: Agents,
  request: ClientRequest,
  deadlines: Deadlines,
): Promise<IncomingMessage> {
  for (;;) {
    const watch = new Watch(deadlines, originAndPath(request.url));
    try {
      const sent = firstValueFrom(service.request<IncomingMessage>(toAxios(request, agents, watch)));
      return (await Promise.race([sent, watch.failed])).data;
    } catch (error) {
      if (deadlines.signal.aborted) throw deadlines.signal.reason;
      // The server closed an idle connection while the request was on its way (RFC 9110, 9.2.2).
      if (request.method === 'GET' && watch.isStale) continue;
      throw toConnectionError(watch.failure ?? (error as Error), originAndPath(request.url));
    } finally {
      deadlines.pause();
    }
  }
}

function toAxios(request: ClientRequest, agents: Agents, watch: Watch) {
  const { method, url, headers, body } = request;
  return {
    ...agents,
    method,
    url,
    headers: { accept: '*/*', 'accept-encoding': ACCEPTED_ENCODINGS, 'user-agent': 'millrace', ...headers },
    ...(body === undefined ? {} : { data: Buffer.from(body as string) }),
    responseType: 'stream' as const,
    maxRedirects: 0,
    decompress: false,
    proxy: false as const,
    validateStatus: () => true,
    maxContentLength: -1,
    maxBodyLength: -1,
    transport: watch,
  };
}

/** Stands between axios and `node:http`: sees the socket and the error as they are, and ends the request at any time. */
class Watch {
  failure: Error | undefined;
  /** It failed on a connection that an earlier request had used. */
  isStale = false;
  /** Rejects when the request ends without an answer, also where axios is not told. */
  readonly failed: Promise<never>;
  #fail: (error: Error) => void;
  #isAnswered = false;

  constructor(
    private readonly deadlines: Deadlines,
    private readonly where: string,
  ) {
    const { promise, reject } = Promise.withResolvers<never>();
    promise.catch(() => undefined);
    this.failed = promise;
    this.#fail = reject;
  }

  request = (options: RequestOptions, take: (answer: IncomingMessage) => void): NodeRequest => {
    const isSecure = options.protocol === 'https:';
    const request = (isSecure ? https : http).request(
      Object.assign(options, { maxHeaderSize: MAX_HEADER_BYTES }),
      (answer) => this.#take(request, answer, take),
    );
    // By default those over 2000 are dropped without a word.
    request.maxHeadersCount = 0;
    request.on('socket', (socket) => this.#awaitConnection(socket as TLSSocket, isSecure));
    request.on('error', (error: NodeJS.ErrnoException) => {
      this.failure ??= error;
      this.isStale = request.reusedSocket && (error.code === 'ECONNRESET' || error.code === 'EPIPE');
    });
    request.on(
      'close',
      () => this.#isAnswered || this.#fail(this.failure ?? new Error('one that was closed')),
    );
    this.#obey(request);
    return request;
  };

  #take(request: NodeRequest, answer: IncomingMessage, take: (answer: IncomingMessage) => void): void {
    if (answer.rawHeaders.length > 2 * MAX_HEADERS) {
      const fault = `expected at most ${MAX_HEADERS} headers, got ${answer.rawHeaders.length / 2}`;
      request.destroy(new ApiRefused('API_BAD_ANSWER', `${this.where}: ${fault}`));
      return;
    }
    // Where nobody reads the body yet, its error must not end the process.
    answer.on('error', () => undefined);
    // A body whose end is that of the connection would else look whole when the connection is reset.
    request.on('error', (error) => answer.destroy(error));
    this.#isAnswered = true;
    take(answer);
  }

  #awaitConnection(socket: TLSSocket, isSecure: boolean): void {
    const isConnecting = socket.connecting || (isSecure && !socket.authorized);
    this.deadlines.await(isConnecting ? 'connect' : 'headers');
    if (isConnecting) {
      socket.once(isSecure ? 'secureConnect' : 'connect', () => this.deadlines.await('headers'));
    }
  }

  #obey(request: NodeRequest): void {
    const { signal } = this.deadlines;
    const end = () => {
      this.#fail(signal.reason as Error);
      request.destroy(signal.reason as Error);
    };
    signal.addEventListener('abort', end, { once: true });
    request.once('close', () => signal.removeEventListener('abort', end));
    if (signal.aborted) end();
  }
}

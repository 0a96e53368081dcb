import http, {
  type ClientRequest as NodeRequest,
  type IncomingMessage,
  type RequestOptions,
} from 'node:http';
import https from 'node:https';
import type { TLSSocket } from 'node:tls';
import type { HttpService } from '@nestjs/axios';
import axios, {
  type AxiosRequestConfig,
  type AxiosResponse,
  AxiosHeaders,
  type InternalAxiosRequestConfig,
} from 'axios';
import { firstValueFrom } from 'rxjs';
import { ApiRefused } from '../api-errors.js';
import type { ClientRequest } from './client-request.js';
import { toConnectionError } from './connection-error.js';
import type { Deadlines } from './deadlines.js';
import type { GuardedHttpAgent, GuardedHttpsAgent } from './guarded-agent.js';
import { originAndPath } from '../show-url.js';
import { ACCEPTED_ENCODINGS } from './unpack-body.js';

const MAX_HEADER_BYTES = 65_536;
/** Many times what APIs send. */
const MAX_HEADERS = 250;
/** Requests are ended by their deadlines; without a token of its own each would get one. */
const NEVER_CANCELLED = axios.CancelToken.source().token;

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
    const exchange = new Exchange(agents, deadlines, originAndPath(request.url));
    try {
      return (await firstValueFrom(service.request<IncomingMessage>(toAxios(request, exchange)))).data;
    } catch (error) {
      if (deadlines.signal.aborted) throw deadlines.signal.reason;
      // The server closed an idle connection while the request was on its way (RFC 9110, 9.2.2).
      if (request.method === 'GET' && exchange.isStale) continue;
      throw toConnectionError(exchange.failure ?? (error as Error), originAndPath(request.url));
    } finally {
      deadlines.pause();
    }
  }
}

function toAxios(
  { method, url, headers, body }: ClientRequest,
  exchange: Exchange,
): AxiosRequestConfig & { adapter: Exchange['send'] } {
  return {
    method,
    url,
    headers: { accept: '*/*', 'accept-encoding': ACCEPTED_ENCODINGS, 'user-agent': 'millrace', ...headers },
    ...(body === undefined ? {} : { data: Buffer.from(body as string) }),
    responseType: 'stream',
    transformRequest: [],
    transformResponse: [],
    cancelToken: NEVER_CANCELLED,
    adapter: exchange.send,
  };
}

/**
 * Sends what axios has prepared by `node:http` itself. The adapter that axios brings does the same and more (proxies, redirects,
 * forms, progress), which costs a page of an API as much as reading its records does, and it keeps each request alive until its
 * connection has the next one.
 */
class Exchange {
  failure: Error | undefined;
  /** It failed on a connection that an earlier request had used. */
  isStale = false;
  #isAnswered = false;

  constructor(
    private readonly agents: Agents,
    private readonly deadlines: Deadlines,
    private readonly where: string,
  ) {}

  /** An axios adapter: gives the answer, whatever its status is, as soon as its headers are there. */
  send = async (config: InternalAxiosRequestConfig): Promise<AxiosResponse<IncomingMessage>> => {
    const { promise, resolve, reject } = Promise.withResolvers<IncomingMessage>();
    this.#start(config, { resolve, reject });
    const data = await promise;
    return { data, status: data.statusCode ?? 0, statusText: '', headers: new AxiosHeaders(), config };
  };

  #start(
    config: InternalAxiosRequestConfig,
    { resolve, reject }: { resolve: (answer: IncomingMessage) => void; reject: (error: Error) => void },
  ): void {
    const url = new URL(config.url ?? '');
    const isSecure = url.protocol === 'https:';
    const request = (isSecure ? https : http).request(this.#toOptions(url, config), (answer) => {
      if (this.#accept(request, answer)) resolve(answer);
    });
    // By default those over 2000 are dropped without a word.
    request.maxHeadersCount = 0;
    request.on('socket', (socket) => this.#awaitConnection(socket as TLSSocket, isSecure));
    request.on('error', (error: NodeJS.ErrnoException) => {
      this.failure ??= error;
      this.isStale = request.reusedSocket && (error.code === 'ECONNRESET' || error.code === 'EPIPE');
    });
    request.on('close', () => {
      if (!this.#isAnswered) reject(this.failure ?? new Error('one that was closed'));
    });
    this.#obey(request, reject);
    request.end(config.data);
  }

  #toOptions({ protocol, hostname, port, pathname, search }: URL, config: InternalAxiosRequestConfig) {
    const { httpAgent, httpsAgent } = this.agents;
    return {
      protocol,
      hostname: hostname.replace(/^\[(.*)\]$/, '$1'),
      port,
      path: pathname + search,
      method: config.method?.toUpperCase(),
      headers: config.headers.toJSON() as RequestOptions['headers'],
      agent: protocol === 'https:' ? httpsAgent : httpAgent,
      maxHeaderSize: MAX_HEADER_BYTES,
    };
  }

  #accept(request: NodeRequest, answer: IncomingMessage): boolean {
    if (answer.rawHeaders.length > 2 * MAX_HEADERS) {
      const fault = `expected at most ${MAX_HEADERS} headers, got ${answer.rawHeaders.length / 2}`;
      request.destroy(new ApiRefused('API_BAD_ANSWER', `${this.where}: ${fault}`));
      return false;
    }
    // Where nobody reads the body yet, its error must not end the process.
    answer.on('error', () => undefined);
    // A body whose end is that of the connection would else look whole when the connection is reset.
    request.on('error', (error) => answer.destroy(error));
    this.#isAnswered = true;
    return true;
  }

  #awaitConnection(socket: TLSSocket, isSecure: boolean): void {
    const isConnecting = socket.connecting || (isSecure && !socket.authorized);
    this.deadlines.await(isConnecting ? 'connect' : 'headers');
    if (isConnecting) {
      socket.once(isSecure ? 'secureConnect' : 'connect', () => this.deadlines.await('headers'));
    }
  }

  #obey(request: NodeRequest, reject: (error: Error) => void): void {
    const { signal } = this.deadlines;
    const end = () => {
      reject(signal.reason as Error);
      request.destroy(signal.reason as Error);
    };
    signal.addEventListener('abort', end, { once: true });
    request.once('close', () => signal.removeEventListener('abort', end));
    if (signal.aborted) end();
  }
}

import http, {
  type ClientRequest as NodeRequest,
  type IncomingMessage,
  type RequestOptions,
} from 'node:http';
import https from 'node:https';
import type { TLSSocket } from 'node:tls';
import type { HttpService } from '@nestjs/axios';
import { firstValueFrom } from 'rxjs';
import { ApiRefused } from './api-errors.js';
import type { ClientRequest } from './client-request.js';
import { toConnectionError } from './connection-error.js';
import type { Deadlines } from './deadlines.js';
import type { GuardedHttpAgent, GuardedHttpsAgent } from './guarded-agent.js';
import { originAndPath } from './show-url.js';
import { ACCEPTED_ENCODINGS } from './unpack-body.js';

const MAX_HEADER_BYTES = 65_536;
const MAX_HEADERS = 1000;

export interface Agents {
  httpAgent: GuardedHttpAgent;
  httpsAgent: GuardedHttpsAgent;
}

/** One request and its answer's headers, without redirects. The answer's stream ends with an error when `deadlines` end it. */
export async function sendRequest(
  service: HttpService,
  agents: Agents,
  request: ClientRequest,
  deadlines: Deadlines,
): Promise<IncomingMessage> {
  for (;;) {
    const watch = new Watch(deadlines);
    try {
      const answer = await firstValueFrom(service.request<IncomingMessage>(toAxios(request, agents, watch)));
      deadlines.pause();
      return checkHeaders(answer.data, request.url);
    } catch (error) {
      deadlines.pause();
      if (deadlines.signal.aborted) throw deadlines.signal.reason;
      // The server closed an idle connection while the request was on its way (RFC 9110, 9.2.2).
      if (request.method === 'GET' && watch.isStale) continue;
      throw toConnectionError(watch.failure ?? (error as Error), originAndPath(request.url));
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
    transformRequest: [(data: unknown) => data],
    transformResponse: [(data: unknown) => data],
    transport: watch,
  };
}

function checkHeaders(answer: IncomingMessage, url: string): IncomingMessage {
  if (answer.rawHeaders.length <= 2 * MAX_HEADERS) return answer;
  answer.destroy();
  throw new ApiRefused(
    'API_BAD_ANSWER',
    `${originAndPath(url)}: expected at most ${MAX_HEADERS} headers, got more`,
  );
}

/** Stands between axios and `node:http` to see the socket and the error as they are, and to end the request at any time. */
class Watch {
  failure: NodeJS.ErrnoException | undefined;
  /** It failed on a connection that an earlier request had used. */
  isStale = false;

  constructor(private readonly deadlines: Deadlines) {}

  request = (options: RequestOptions, take: (answer: IncomingMessage) => void): NodeRequest => {
    const isSecure = options.protocol === 'https:';
    const request = (isSecure ? https : http).request(
      Object.assign(options, { maxHeaderSize: MAX_HEADER_BYTES }),
      take,
    );
    // By default those over 2000 are dropped without a word.
    request.maxHeadersCount = 0;
    request.on('error', (error: NodeJS.ErrnoException) => {
      this.failure = error;
      this.isStale = request.reusedSocket && (error.code === 'ECONNRESET' || error.code === 'EPIPE');
    });
    // Where nobody reads the body yet, its error must not end the process.
    request.on('response', (answer: IncomingMessage) => answer.on('error', () => undefined));
    request.on('socket', (socket) => this.#awaitConnection(socket as TLSSocket, isSecure));
    this.#obey(request);
    return request;
  };

  #awaitConnection(socket: TLSSocket, isSecure: boolean): void {
    const isConnecting = socket.connecting || (isSecure && !socket.authorized);
    this.deadlines.await(isConnecting ? 'connect' : 'headers');
    if (isConnecting) {
      socket.once(isSecure ? 'secureConnect' : 'connect', () => this.deadlines.await('headers'));
    }
  }

  #obey(request: NodeRequest): void {
    const { signal } = this.deadlines;
    const end = () => request.destroy(signal.reason as Error);
    signal.addEventListener('abort', end, { once: true });
    request.once('close', () => signal.removeEventListener('abort', end));
    if (signal.aborted) end();
  }
}

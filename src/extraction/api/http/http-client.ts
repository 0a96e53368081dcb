import type { IncomingMessage } from 'node:http';
import { HttpService } from '@nestjs/axios';
import { Injectable, type OnModuleDestroy } from '@nestjs/common';
import { AddressGuard } from './address-guard.js';
import { ApiRefused } from '../api-errors.js';
import type { OpenAnswer } from '../api-request.js';
import { checkHeaders } from './check-headers.js';
import type { ClientRequest } from './client-request.js';
import { Deadlines } from './deadlines.js';
import { keepHome, nextHop } from './follow-redirects.js';
import { GuardedHttpAgent, GuardedHttpsAgent } from './guarded-agent.js';
import { openBody } from './open-body.js';
import { type Agents, sendRequest } from './send-request.js';
import { originAndPath } from '../show-url.js';
import { readEncoding } from './unpack-body.js';

const MAX_REDIRECTS = 5;

/** Sends single requests to APIs: guarded, within deadlines, with caps. Knows nothing of retries, tokens and pages. */
@Injectable()
export class ApiClient implements OnModuleDestroy {
  readonly #agents: Agents;

  constructor(
    private readonly http: HttpService,
    private readonly guard: AddressGuard,
  ) {
    this.#agents = { httpAgent: new GuardedHttpAgent(guard), httpsAgent: new GuardedHttpsAgent(guard) };
  }

  /**
   * Sends a request, follows redirects and gives the answer, whatever its status is, before its body is read.
   *
   * @throws ApiUnavailable for connections that fail and deadlines; ApiRefused for addresses and redirects that are not
   * allowed, headers that cannot be sent, certificates that cannot be trusted and encodings that are not known; the signal's reason when it is aborted
   */
  async open(request: ClientRequest): Promise<OpenAnswer> {
    const where = originAndPath(request.url);
    request.signal?.throwIfAborted();
    if (!URL.canParse(request.url)) throw new ApiRefused('API_BAD_REQUEST', `expected a URL, got ${where}`);
    checkHeaders(request.headers, where);
    const deadlines = new Deadlines(request.timeouts, where, request.signal);
    try {
      return await this.#follow(keepHome(request), deadlines);
    } catch (error) {
      deadlines.end();
      throw error;
    }
  }

  onModuleDestroy(): void {
    this.#agents.httpAgent.destroy();
    this.#agents.httpsAgent.destroy();
  }

  async #follow(first: ClientRequest, deadlines: Deadlines): Promise<OpenAnswer> {
    let hop = first;
    for (let redirects = 0; redirects <= MAX_REDIRECTS; redirects += 1) {
      this.guard.check(new URL(hop.url));
      const answer = await sendRequest(this.http, this.#agents, hop, deadlines);
      const next = orClose(answer, () => nextHop(hop, answer.statusCode ?? 0, answer.headers.location));
      if (next === null) return orClose(answer, () => toOpenAnswer(answer, hop, deadlines));
      answer.destroy();
      hop = next;
    }
    throw new ApiRefused(
      'API_REDIRECT_REFUSED',
      `${originAndPath(first.url)}: expected at most ${MAX_REDIRECTS} redirects, got more`,
    );
  }
}

function orClose<T>(answer: IncomingMessage, work: () => T): T {
  try {
    return work();
  } catch (error) {
    answer.destroy();
    throw error;
  }
}

function toOpenAnswer(answer: IncomingMessage, request: ClientRequest, deadlines: Deadlines): OpenAnswer {
  const encoding = readEncoding(answer.headers['content-encoding'], originAndPath(request.url));
  const headers = Object.entries(answer.headers).map(([name, value]) => [name, [value].flat().join(', ')]);
  return {
    status: answer.statusCode ?? 0,
    headers: Object.fromEntries(headers) as Record<string, string>,
    url: request.url,
    body: openBody(answer, encoding, request, deadlines),
    discard: () => deadlines.abort(new Error('expected a body to read, it was discarded')),
  };
}

import type { ApiTimeouts } from '../../../config-history/api-source-config.js';
import { MAX_ATTEMPTS } from '../../../backoff.js';
import type { TransientError } from '../../../errors.js';
import { retryTransient } from '../../../retry.js';
import type { Clock } from '../../await-still.js';
import { ApiRefused, ApiUnavailable } from '../api-errors.js';
import type { ApiRequest, OpenAnswer } from '../api-request.js';
import type { ClientRequest } from '../http/client-request.js';
import type { FetchRequest } from '../fetch-request.js';
import type { HostRates } from './host-rates.js';
import type { ApiClient } from '../http/http-client.js';
import { readExcerpt } from './read-excerpt.js';
import { readPause } from './read-rate-headers.js';
import { redactError } from './redact-error.js';
import type { Secrets } from './secrets.js';

/** How requests go out, the same for all. */
export interface SendTools {
  client: Pick<ApiClient, 'open'>;
  rates: HostRates;
  clock: Clock;
  /** A number from 0 to 1. */
  random: () => number;
}

/** What a source allows its requests. */
export interface SendLimits {
  /** Origin of the source. */
  home: string;
  origins: readonly string[];
  timeouts: ApiTimeouts;
  maxBytes: number;
  /** Requests a second to the host of `home`. */
  rate: number | null;
}

/** On whose behalf a request is sent. */
export interface Sending {
  signal: AbortSignal;
  log?: FetchRequest['log'];
  sent: { requests: number; retries: number };
}

type WireRequest = Pick<ClientRequest, 'method' | 'url' | 'headers' | 'body' | 'credentialParams'>;

/** Sends requests when their hosts allow it, and again where that can help. */
export class RequestSender {
  private readonly known = new Map<string, Promise<void>>();

  constructor(
    private readonly tools: SendTools,
    private readonly limits: SendLimits,
    readonly secrets: Secrets,
  ) {}

  isHome(url: string): boolean {
    return originOf(url) === this.limits.home;
  }

  /**
   * Calls `attempt` up to three times in all, POST or not: an API that is read from changes nothing by being asked again.
   * Nothing that it throws shows a secret.
   * @throws ApiUnavailable `isTriedOut`
   */
  async retry<T>(attempt: () => Promise<T>, { signal, log, sent }: Sending): Promise<T> {
    const work = (number: number) => {
      if (number > 1) sent.retries += 1;
      return attempt();
    };
    const onRetry = (error: TransientError, number: number, waitMs: number) =>
      log?.('warn', 'will ask again', { reason: this.secrets.hide(error.message), tries: number, waitMs });
    const { random, clock } = this.tools;
    try {
      return await retryTransient(work, {
        signal,
        random,
        onRetry,
        wait: (ms, signal) => clock.wait(ms, signal),
      });
    } catch (error) {
      signal.throwIfAborted();
      throw redactError(markTriedOut(error), this.secrets);
    }
  }

  /** Sends one request in its turn; the host's wish for quiet is noted. */
  async open(request: WireRequest, { signal, log, sent }: Sending): Promise<OpenAnswer> {
    const { client, rates, clock } = this.tools;
    const { rate, ...limits } = this.limits;
    const perSecond = this.isHome(request.url) ? rate : null;
    const host = hostOf(request.url);
    if (perSecond === null) await this.meet(host);
    await rates.turn(host, { perSecond, clock, signal });
    sent.requests += 1;
    const credentialHeaders = Object.keys(request.headers);
    const answer = await client.open({ ...limits, ...request, credentialHeaders, signal });
    try {
      await this.heed(answer, log);
      return answer;
    } catch (error) {
      answer.discard();
      throw error;
    }
  }

  /** The error for an answer that is none. Ends it. */
  async refusal(request: ApiRequest, answer: OpenAnswer, isPassing: boolean): Promise<Error> {
    const { status, headers } = answer;
    const excerpt = await readExcerpt(answer, this.secrets);
    const place = `${request.method} ${this.secrets.showPlace(request.url).slice(0, 300)}`;
    const expected =
      status === 202 ? 'an answer that is ready, got 202 (accepted)' : `a status of success, got ${status}`;
    const message = `${place}: expected ${expected}${excerpt && `: ${excerpt}`}`;
    if (!isPassing) return new ApiRefused('API_REFUSED', message, status, headers['content-range'] ?? null);
    const pauseMs = readPause(status, headers, this.tools.clock.now());
    return new ApiUnavailable('API_UNAVAILABLE', message, status, pauseMs || undefined);
  }

  private async heed({ status, headers, url }: OpenAnswer, log: Sending['log']): Promise<void> {
    const { rates, clock } = this.tools;
    const host = hostOf(url);
    const ms = readPause(status, headers, clock.now());
    if (ms > 0) {
      log?.('info', 'the host wants quiet', { host, status, ms });
      await rates.pause(host, ms, clock);
    } else if (status === 429) await rates.look(host, clock);
  }

  /** What other processes were told by a host is looked up before it is asked for the first time. */
  private async meet(host: string): Promise<void> {
    const { rates, clock } = this.tools;
    const known = this.known.get(host) ?? rates.look(host, clock);
    this.known.set(host, known);
    await known;
  }
}

function markTriedOut(error: unknown): unknown {
  if (!(error instanceof ApiUnavailable) || error.isTriedOut) return error;
  error.isTriedOut = true;
  error.message += `, ${MAX_ATTEMPTS} times`;
  return error;
}

export function originOf(url: string): string | null {
  return URL.canParse(url) ? new URL(url).origin : null;
}

/** Host and port. */
function hostOf(url: string): string {
  if (!URL.canParse(url))
    throw new ApiRefused('API_BAD_URL', 'expected a URL to ask, got a text that is none');
  const { protocol, hostname, port } = new URL(url);
  return `${hostname}:${port || (protocol === 'https:' ? '443' : '80')}`;
}

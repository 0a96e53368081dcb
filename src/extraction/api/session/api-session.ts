import type { ApiSourceConfig } from '../../../config-history/api-source-config.js';
import type { ApiRequest, OpenAnswer } from '../api-request.js';
import { awaitWithin } from './await-within.js';
import type { FetchRequest } from '../fetch-request.js';
import { judgeAnswer, type Verdict } from './judge-answer.js';
import { joinSignals } from './join-signals.js';
import { encodeRequest } from './encode-request.js';
import type { RequestSender, Sending } from './request-sender.js';
import type { Secrets } from './secrets.js';
import type { SharedAuth } from './shared-auth.js';

export interface SessionOptions {
  /** Ends whatever the session waits for. */
  signal: AbortSignal;
  log?: FetchRequest['log'];
  /** Not to be shown, besides what the source itself tells. */
  secrets?: readonly string[];
}

export interface SendOptions {
  /** Ends this request alone. */
  signal?: AbortSignal;
  /** Told which status the config says to ignore, before null is given. */
  onIgnored?: (status: number) => void;
}

interface Task<T> {
  request: ApiRequest;
  take: (answer: OpenAnswer) => Promise<T>;
  onIgnored: SendOptions['onIgnored'];
  sending: Sending;
  /** Proving anew who asks may help, once. */
  canRenew: boolean;
}

/** Sends the requests of one source. */
export class ApiSession {
  private readonly counts = { requests: 0, retries: 0 };

  constructor(
    private readonly source: Pick<ApiSourceConfig, 'onStatus' | 'format'>,
    private readonly sender: RequestSender,
    private readonly auth: SharedAuth,
    private readonly options: SessionOptions,
  ) {}

  /** What was sent so far, those for tokens included: requests, and how many of them were a second or third attempt. */
  get sent(): Readonly<Sending['sent']> {
    return this.counts;
  }

  /** What messages about this source must not show. */
  get secrets(): Secrets {
    return this.sender.secrets;
  }

  /**
   * Sends a request, signed and in its turn, up to three times in all, POST or not: an API that is read from changes nothing by
   * being asked again. Gives what `take` makes of a good answer; null where the config says to ignore the status. `take` reads or
   * discards the body; it is called again with the next answer where the body was cut. A request to another origin than the
   * source's is not signed. What is thrown, by `take` too, shows no secret.
   * @throws ApiRefused at a status that asking again cannot help
   * @throws ApiUnavailable when the attempts are used up, `isTriedOut`
   */
  async send<T>(
    request: ApiRequest,
    take: (answer: OpenAnswer) => Promise<T>,
    { signal: own, onIgnored }: SendOptions = {},
  ): Promise<T | null> {
    const { signal: all, log } = this.options;
    const { signal, release } = joinSignals(own ? [all, own] : [all]);
    const sending = { signal, log, sent: this.counts };
    const task = { request, take, onIgnored, sending, canRenew: this.sender.isHome(request.url) };
    try {
      return await this.sender.retry(() => this.attempt(task), sending);
    } finally {
      release();
    }
  }

  private async attempt<T>(task: Task<T>): Promise<T | null> {
    const { answer, verdict } = await this.ask(task);
    if (verdict === 'ok') return takeOrDiscard(answer, task.take);
    if (verdict !== 'ignore') throw await this.sender.refusal(task.request, answer, verdict === 'retry');
    answer.discard();
    task.onIgnored?.(answer.status);
    return null;
  }

  private async ask<T>(task: Task<T>): Promise<{ answer: OpenAnswer; verdict: Verdict }> {
    const { onStatus } = this.source;
    for (;;) {
      const signed = await this.sign(task);
      const answer = await this.sender.open(encodeRequest(signed, task.request, this.source), task.sending);
      const verdict = judgeAnswer(answer.status, onStatus, task.canRenew);
      if (verdict !== 'renew') return { answer, verdict };
      task.canRenew = false;
      if (!(await this.auth.renew(signed))) {
        return { answer, verdict: judgeAnswer(answer.status, onStatus, false) };
      }
      answer.discard();
    }
  }

  private async sign<T>({ request, sending }: Task<T>): Promise<ApiRequest> {
    if (!this.sender.isHome(request.url)) return request;
    return awaitWithin(this.auth.sign(request, sending), { signal: sending.signal });
  }
}

async function takeOrDiscard<T>(answer: OpenAnswer, take: (answer: OpenAnswer) => Promise<T>): Promise<T> {
  try {
    return await take(answer);
  } catch (error) {
    answer.discard();
    throw error;
  }
}

import { AsyncLocalStorage } from 'node:async_hooks';
import type { ApiAnswer, ApiRequest } from '../api-request.js';
import type { AuthContext, Authenticator, KeptTokens, TokenRequest } from '../auth/authenticator.js';
import { judgeAnswer } from './judge-answer.js';
import { readBody } from '../http/read-body.js';
import { originOf, RequestSender, type Sending, type SendLimits, type SendTools } from './request-sender.js';
import { Secrets } from './secrets.js';

const MAX_ANSWER_BYTES = 1024 * 1024;

/** An authenticator and its tokens, shared by all sessions of this process that prove themselves alike. */
export class SharedAuth {
  /** The config's, and the tokens that came since. */
  readonly secrets: Secrets;
  private readonly authenticator: Authenticator;
  private readonly sending = new AsyncLocalStorage<Omit<Sending, 'signal'>>();

  /**
   * @param limits of the source that came first; its rate holds where tokens come from its own host
   * @param world.signal ends what is under way for all of them: no session ends a login that others wait for
   */
  constructor(
    create: (context: AuthContext) => Authenticator,
    private readonly tools: SendTools,
    private readonly limits: SendLimits,
    private readonly world: { tokens: KeptTokens; signal: AbortSignal },
  ) {
    const issued = new Secrets();
    this.secrets = new Secrets(issued);
    let kept = this.secrets;
    this.authenticator = create({
      ...world,
      send: (request) => this.send(request),
      hide: (secret) => kept.add(secret),
      show: (text) => this.secrets.hide(text),
      now: () => tools.clock.now(),
    });
    // Those of the config are never forgotten for the tokens that come after them.
    kept = issued;
  }

  /** @param sending is told of the requests that this takes */
  async sign(request: ApiRequest, sending: Sending): Promise<ApiRequest> {
    return this.sending.run(sending, () => this.authenticator.sign(request));
  }

  async renew(signed: ApiRequest): Promise<boolean> {
    return this.authenticator.renew(signed);
  }

  private async send({ body, ...request }: TokenRequest): Promise<ApiAnswer> {
    const { log, sent } = this.sending.getStore() ?? { sent: { requests: 0, retries: 0 } };
    const sending = { signal: this.world.signal, log, sent };
    const sender = new RequestSender(this.tools, this.limitsFor(request.url), this.secrets);
    return sender.retry(async () => {
      const answer = await sender.open({ ...request, ...encodeBody(request.headers, body) }, sending);
      if (judgeAnswer(answer.status, {}, false) === 'retry')
        throw await sender.refusal(request, answer, true);
      const { status, headers, url } = answer;
      return { status, headers, url, bytes: await readBody(answer, MAX_ANSWER_BYTES) };
    }, sending);
  }

  private limitsFor(url: string): SendLimits {
    const { timeouts, home: source, rate } = this.limits;
    const home = originOf(url) ?? '';
    return { home, origins: [], timeouts, maxBytes: MAX_ANSWER_BYTES, rate: home === source ? rate : null };
  }
}

function encodeBody(
  headers: Record<string, string>,
  body: TokenRequest['body'],
): { headers: Record<string, string>; body?: string } {
  if (!body) return { headers };
  const isJson = 'json' in body;
  const type = isJson ? 'application/json' : 'application/x-www-form-urlencoded';
  const text = isJson ? JSON.stringify(body.json) : new URLSearchParams(body.form).toString();
  return { headers: { 'content-type': type, ...headers }, body: text };
}

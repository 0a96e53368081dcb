import { createHash } from 'node:crypto';
import { Injectable, type OnModuleDestroy } from '@nestjs/common';
import type { ApiSourceConfig } from '../../../config-history/api-source-config.js';
import { systemClock } from '../../await-still.js';
import { ApiSession, type SessionOptions } from './api-session.js';
import { createAuthenticator } from '../auth/authenticators.js';
import { collectSecrets } from './collect-secrets.js';
import { HostRates } from './host-rates.js';
import { ApiClient } from '../http/http-client.js';
import { mostBodyBytes } from '../is-streamable.js';
import { ApiTokens } from '../auth/kept-tokens.js';
import { originOf, RequestSender, type SendLimits, type SendTools } from './request-sender.js';
import { Secrets } from './secrets.js';
import { SharedAuth } from './shared-auth.js';

/** The one that was used longest ago goes first; its next session logs in anew. */
const MAX_SHARED = 200;

/** Opens sessions; those of one process that prove themselves alike share one login and its tokens. */
@Injectable()
export class ApiSessions implements OnModuleDestroy {
  /** By a digest of the config's `auth`, secrets included. */
  private readonly shared = new Map<string, SharedAuth>();
  private readonly stopping = new AbortController();
  private readonly tools: SendTools;

  constructor(
    client: ApiClient,
    rates: HostRates,
    private readonly tokens: ApiTokens,
  ) {
    this.tools = { client, rates, clock: systemClock, random: Math.random };
  }

  onModuleDestroy(): void {
    this.stopping.abort(new Error('the service stops'));
  }

  /**
   * @param source with every variable resolved
   * @throws ApiRefused where the config's `auth` cannot work, such as a key that is none
   */
  open(source: ApiSourceConfig, options: SessionOptions): ApiSession {
    const { origins, timeouts, rate } = source;
    const maxBytes = mostBodyBytes(source);
    const limits = { home: originOf(source.url) ?? '', origins, timeouts, maxBytes, rate };
    const auth = this.share(source, limits);
    const secrets = new Secrets(auth.secrets);
    for (const secret of [...collectSecrets(source), ...(options.secrets ?? [])]) secrets.add(secret);
    return new ApiSession(source, new RequestSender(this.tools, limits, secrets), auth, options);
  }

  private share({ auth }: ApiSourceConfig, limits: SendLimits): SharedAuth {
    const world = { tokens: this.tokens, signal: this.stopping.signal };
    const key = createHash('sha256').update(JSON.stringify(auth)).digest('base64');
    const shared =
      this.shared.get(key) ??
      new SharedAuth((context) => createAuthenticator(auth, context), this.tools, limits, world);
    this.shared.delete(key);
    this.shared.set(key, shared);
    const [oldest] = this.shared.keys();
    if (this.shared.size > MAX_SHARED && oldest !== undefined) this.shared.delete(oldest);
    return shared;
  }
}

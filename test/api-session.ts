import type { StatusAction } from '../src/config-history/api-source-config.js';
import { ApiSession } from '../src/extraction/api/session/api-session.js';
import type { Authenticator } from '../src/extraction/api/auth/authenticator.js';
import { HostRates } from '../src/extraction/api/session/host-rates.js';
import type { ApiClient } from '../src/extraction/api/http/http-client.js';
import { RequestSender, type SendTools } from '../src/extraction/api/session/request-sender.js';
import { Secrets } from '../src/extraction/api/session/secrets.js';
import { SharedAuth } from '../src/extraction/api/session/shared-auth.js';
import type { Clock } from '../src/extraction/await-still.js';

export interface SessionChanges {
  onStatus?: Record<string, StatusAction>;
  authenticator?: Authenticator;
  signal?: AbortSignal;
  rates?: HostRates;
  rate?: number;
  clock?: NotingClock;
  random?: () => number;
  headersSeconds?: number;
  /** Never to be shown. */
  secret?: string;
}

/** A clock whose waits are noted and over at once; its time goes on by them. */
export interface NotingClock extends Clock {
  waits: number[];
}

export const nobody: Authenticator = { sign: async (request) => ({ ...request }), renew: async () => false };

/** A session with a source on an origin; what it waits for is noted, not waited for, what it logs is kept. */
export function makeSession(client: ApiClient, home: string, changes: SessionChanges = {}) {
  const { rates = ratesAlone(), clock = noteWaits(), random = () => 0.5, headersSeconds = 60 } = changes;
  const timeouts = { connectSeconds: 60, headersSeconds, idleSeconds: 60, totalSeconds: 60 };
  const limits = { home, origins: [], timeouts, maxBytes: 100_000, rate: changes.rate ?? null };
  const tools: SendTools = { client, rates, clock, random };
  const world = { tokens: undefined as never, signal: new AbortController().signal };
  const auth = new SharedAuth(() => changes.authenticator ?? nobody, tools, limits, world);
  const secrets = new Secrets(auth.secrets);
  secrets.add(changes.secret ?? '');
  const logged: { level: string; message: string; fields: object }[] = [];
  const source = { onStatus: changes.onStatus ?? {}, format: 'auto' as const };
  const session = new ApiSession(source, new RequestSender(tools, limits, secrets), auth, {
    signal: changes.signal ?? new AbortController().signal,
    log: (level, message, fields) => logged.push({ level, message, fields }),
  });
  return { session, waits: clock.waits, logged };
}

/** Rates without a database: only what this process knows. */
export function ratesAlone(): HostRates {
  return new HostRates({ query: async () => [] } as never);
}

/** @param onWait does what the time that goes by would do elsewhere */
export function noteWaits(onWait?: (ms: number) => Promise<unknown>): NotingClock {
  const waits: number[] = [];
  let passed = 0;
  const wait = async (ms: number, signal?: AbortSignal) => {
    signal?.throwIfAborted();
    waits.push(ms);
    passed += ms;
    await onWait?.(ms);
  };
  return { waits, now: () => Date.now() + passed, wait };
}

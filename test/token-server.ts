import type {
  AuthContext,
  KeptTokens,
  TokenOwner,
  TokenRequest,
} from '../src/extraction/api/auth/authenticator.js';
import { type ApiServer, type SeenRequest, startApiServer } from './api-server.js';

export interface GivenAnswer {
  status?: number;
  headers?: Record<string, string>;
  /** Sent as it is when it is a text, else as JSON. */
  body: unknown;
}

/** A server on loopback that answers as it is told. */
export async function startTokenServer(
  answer: (request: SeenRequest, index: number) => GivenAnswer | Promise<GivenAnswer>,
): Promise<ApiServer> {
  const server = await startApiServer(async (request, response) => {
    const index = server.seen.findIndex(({ headers }) => headers === request.headers);
    const { status = 200, headers, body } = await answer(server.seen[index] as SeenRequest, index);
    const type = typeof body === 'string' ? 'text/plain' : 'application/json';
    response.writeHead(status, { 'content-type': type, connection: 'close', ...headers });
    response.end(typeof body === 'string' ? body : JSON.stringify(body));
  });
  return server;
}

export interface TestContext extends AuthContext {
  /** All that was told to be a secret. */
  hidden: Set<string>;
  /** Milliseconds; `now()` gives it. */
  time: number;
}

/** What an authenticator needs, with a clock that stands still and one try for each request. */
export function createContext(part: Partial<AuthContext> = {}): TestContext {
  const context: TestContext = {
    hidden: new Set<string>(),
    time: 1_700_000_000_000,
    send: async (request) => {
      const response = await fetch(request.url, toInit(request));
      const bytes = Buffer.from(await response.arrayBuffer());
      return {
        status: response.status,
        headers: Object.fromEntries(response.headers),
        url: response.url,
        bytes,
      };
    },
    tokens: new TokensInMemory(),
    hide: (secret) => void context.hidden.add(secret),
    show: (shown) => [...context.hidden].reduce((rest, secret) => rest.replaceAll(secret, '***'), shown),
    now: () => context.time,
    ...part,
  };
  return context;
}

function toInit({ method, headers, body }: TokenRequest): RequestInit {
  if (!body) return { method, headers };
  if ('form' in body) return { method, headers, body: new URLSearchParams(body.form) };
  return {
    method,
    headers: { ...headers, 'content-type': 'application/json' },
    body: JSON.stringify(body.json),
  };
}

/** As `ApiTokens`, for one process and as long as it lives. */
export class TokensInMemory implements KeptTokens {
  readonly kept = new Map<string, string>();
  private turn: Promise<unknown> = Promise.resolve();

  exclusively<T>(
    owner: TokenOwner,
    work: (stored: string | null, keep: (token: string) => Promise<void>) => Promise<T>,
  ): Promise<T> {
    const mine = this.turn.then(() =>
      work(this.kept.get(owner.refreshToken) ?? null, async (token) => {
        this.kept.set(owner.refreshToken, token);
      }),
    );
    this.turn = mine.catch(() => {});
    return mine;
  }
}

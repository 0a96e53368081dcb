import type { ApiAnswer, ApiRequest } from '../api-request.js';

/** Proves to an API who asks. One file for each kind; `authenticators.ts` lists them. */
export interface Authenticator {
  /** A copy of the request with what proves it. May ask for a token first. */
  sign(request: ApiRequest): Promise<ApiRequest>;
  /**
   * The API answered 401 to a signed request: forgets what it was signed with, unless that has been replaced meanwhile.
   * @param signed the very object that `sign` gave
   * @returns whether signing anew could help
   */
  renew(signed: ApiRequest): Promise<boolean>;
}

/** What authenticators need of the world around them. */
export interface AuthContext {
  /**
   * Sends a request to get a token, retried like any other; never signed itself. Gives the answer of any status that is
   * not worth a retry, 400 and 401 too: what it says, only an authenticator can tell. Throws ApiUnavailable when tried out.
   */
  send(request: TokenRequest): Promise<ApiAnswer>;
  /** Keeps rotating refresh tokens durably. */
  tokens: KeptTokens;
  /** Tells what must never be shown. */
  hide(secret: string): void;
  /** A text without what must never be shown. */
  show(text: string): string;
  /** Milliseconds since the epoch. */
  now(): number;
  signal?: AbortSignal;
}

export type TokenRequest = Omit<ApiRequest, 'body'> & {
  /** Sent as `application/json` or `application/x-www-form-urlencoded`. */
  body?: { json: unknown } | { form: Record<string, string> };
};

/** Refresh tokens that a server gave in place of those of the config. */
export interface KeptTokens {
  /**
   * Runs `work` while no other process uses the same token. `stored` is the newest token, null while there is only that
   * of the config; `keep` makes a new one durable before it returns. Throws a TransientError when the token is in use too
   * long.
   */
  exclusively<T>(
    owner: TokenOwner,
    work: (stored: string | null, keep: (token: string) => Promise<void>) => Promise<T>,
    signal?: AbortSignal,
  ): Promise<T>;
}

/** Whose token it is. Its secrets also encrypt what is stored, so that the database alone gives none away. */
export interface TokenOwner {
  tokenUrl: string;
  clientId: string;
  clientSecret: string | null;
  /** The config's own. */
  refreshToken: string;
}

import type { ApiRequest, OpenAnswer } from './api-request.js';
import type { FetchRequest } from './fetch-request.js';
import type { Secrets } from './secrets.js';

export interface SessionOptions {
  /** Ends whatever the session waits for. */
  signal: AbortSignal;
  log?: FetchRequest['log'];
}

export interface SendOptions {
  /** Ends this request alone. */
  signal?: AbortSignal;
  /** Told which status the config says to ignore, before null is given. */
  onIgnored?: (status: number) => void;
}

/** Sends the requests of one source. */
export abstract class ApiSession {
  /** What was sent so far, those for tokens included: requests, and how many of them were a second or third attempt. */
  abstract readonly sent: Readonly<{ requests: number; retries: number }>;

  /** What messages about this source must not show. */
  abstract readonly secrets: Secrets;

  /**
   * Sends a request, signed and in its turn, up to three times in all, and gives what `take` makes of a good answer; null where
   * the config says to ignore the status. `take` reads or discards the body; it is called again with the next answer where
   * the body was cut.
   * @throws ApiRefused at a status that asking again cannot help
   * @throws ApiUnavailable when the attempts are used up, `isTriedOut`
   */
  abstract send<T>(
    request: ApiRequest,
    take: (answer: OpenAnswer) => Promise<T>,
    options?: SendOptions,
  ): Promise<T | null>;
}

import { TerminalError, TransientError } from '../../errors.js';

/** The API refused, and asking again cannot help: a status of failure, an answer that is not what it should be. */
export class ApiRefused extends TerminalError {
  /**
   * @param status null where there was no usable answer
   * @param contentRange the header of that name
   */
  constructor(
    code: string,
    message: string,
    readonly status: number | null = null,
    readonly contentRange: string | null = null,
  ) {
    super(code, message);
  }
}

/** The API could not be reached or failed for now: a connection, a deadline, a body cut short, 429, 5xx. */
export class ApiUnavailable extends TransientError {
  /** @param retryAfterMs what the answer asked for */
  constructor(
    code: string,
    message: string,
    readonly status: number | null = null,
    retryAfterMs?: number,
    options?: ErrorOptions,
  ) {
    super(code, message, [], options);
    if (retryAfterMs !== undefined) this.retryAfterMs = retryAfterMs;
  }
}

/**
 * The pages do not lead to an end: `PAGE_REPEATED`, `CURSOR_STUCK`, `TOO_MANY_PAGES`, `TOO_MANY_BYTES`; they end before
 * all that the API tells of has come: `PAGES_MISSING`; or where they lead is not allowed or not known: `NEXT_URL_REFUSED`,
 * `PAGINATION_UNKNOWN`, `PAGE_UNREADABLE`.
 */
export class PagingFailed extends TerminalError {}

/** What an error carries besides its sentence: a stable code for programs, and where the fault lies. */
export interface ErrorDetail {
  /** JSON-pointer-like or dotted path of the faulty value, e.g. `streams[0].schema.columns.amount`. */
  path?: string;
  /** 1-based line in the text that the user sent or the file that was read. */
  line?: number;
  /** 1-based column in that line. */
  column?: number;
  message: string;
}

abstract class MillraceError extends Error {
  /** @param code stable, upper-case, e.g. `TABLE_MISMATCH` */
  constructor(
    readonly code: string,
    message: string,
    readonly details: ErrorDetail[] = [],
    options?: ErrorOptions,
  ) {
    super(message, options);
    this.name = new.target.name;
  }
}

/** Trying again cannot help: a wrong password, a bad config, data that does not fit. Ends the run at once. */
export class TerminalError extends MillraceError {}

/** May pass by itself: a lost connection, a lock that was held, a file that changed while it was read. */
export class TransientError extends MillraceError {
  /** Milliseconds that the other side asked us to wait, where it said so. */
  retryAfterMs?: number;
  /** It was tried again where it happened, as often as that is worth it: the run as a whole is not. */
  isTriedOut?: boolean;
}

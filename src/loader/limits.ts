/** How long the loader waits for a target database, in milliseconds, and how many connections it takes. */
export interface LoaderLimits {
  /** Connections per target. */
  poolSize: number;
  /** Until a connection stands, or one of the pool is free. */
  connectMs: number;
  /** A short statement: reading the ledger, a page of rejects, a table's columns. */
  readMs: number;
  /** A statement of a load, except COPY, which is bounded by `stallMs`. */
  statementMs: number;
  /** A lock that somebody else holds on the table. */
  lockMs: number;
  /** Another load of the same table. */
  turnMs: number;
  /** The time in which COPY must take or give some bytes. */
  stallMs: number;
}

export const DEFAULT_LIMITS: LoaderLimits = {
  // Two runs of four streams each, and those who read meanwhile.
  poolSize: 12,
  connectMs: 10_000,
  readMs: 30_000,
  statementMs: 600_000,
  lockMs: 20_000,
  turnMs: 600_000,
  stallMs: 60_000,
};

/** A request as config, pagination and authentication put it together. */
export interface ApiRequest {
  method: 'GET' | 'POST';
  /** Absolute, with its query. */
  url: string;
  /** By lower-case name. */
  headers: Record<string, string>;
  /** JSON value, sent as such; undefined: no body. */
  body?: unknown;
}

/** An answer whose body has yet to be read. Whoever has it reads or discards it. */
export interface OpenAnswer {
  status: number;
  /** By lower-case name; those that came more than once are joined by `, `. */
  headers: Readonly<Record<string, string>>;
  /** Where it came from after redirects. Holds credentials where they travel in the query. */
  url: string;
  /**
   * The body without its compression, to be read once; its connection is closed unless it is read to its end. Throws
   * ApiUnavailable when it was cut (`API_BODY_CUT`) or a deadline passed, ApiRefused when it is too long. A cut cannot be
   * told where neither length, chunks nor compression say where the body ends.
   */
  body: AsyncIterable<Buffer>;
  /** Ends the connection without reading on. */
  discard(): void;
}

/** An answer that was read. */
export interface ApiAnswer {
  status: number;
  headers: Readonly<Record<string, string>>;
  url: string;
  bytes: Buffer;
}

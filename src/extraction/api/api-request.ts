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
   * The body without its compression. Throws what stopped it: BodyCut, BodyTooLong, a deadline.
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

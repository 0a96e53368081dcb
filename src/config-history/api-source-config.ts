/**
 * An API source as the YAML means it, every default filled in. In a config variables stand as they were written; once
 * they are resolved it holds secrets and must never be logged or stored. The one value that extraction shares with this
 * room.
 *
 * Texts of `url`, `query`, `headers` and `body` may hold placeholders: `{parent.<column>}` with `forEach`,
 * `{cursor.start}` and `{cursor.end}` with `cursor`. Any other `{…}` stands for itself.
 */
export interface ApiSourceConfig {
  type: 'api';
  /** Absolute, http or https. */
  url: string;
  method: 'GET' | 'POST';
  headers: Record<string, string>;
  /** Added to the query that `url` has, in this order. */
  query: Record<string, string | string[]>;
  /** JSON value that a POST sends; null: none. */
  body: unknown;
  auth: ApiAuth;
  pagination: ApiPagination;
  /** Requests a second to the host, may be a fraction; null: as fast as it answers. */
  rate: number | null;
  /** What to do at a status (`404`) or a class of them (`4xx`) instead of the usual; the exact status goes first. */
  onStatus: Record<string, StatusAction>;
  timeouts: ApiTimeouts;
  cursor: ApiCursor | null;
  forEach: ApiForEach | null;
  /** `auto`: by the answer's content type, else by its first bytes. */
  format: 'auto' | 'json' | 'ndjson' | 'csv' | 'xml';
  csv: { delimiter: string; quote: string; header: boolean; columns: string[] | null; nulls: string[] };
  /** JSONPath (RFC 9535) of the records in a page: an array that it finds is a list of records, anything else is one. */
  records: string;
  /** The columns of a record, each by its path in the record; null: the record's own members. */
  fields: { name: string; path: string }[] | null;
  /** Requests under way at a time. */
  parallel: number;
  maxPages: number;
  /** Of one page, without its compression. */
  maxPageBytes: number;
  /** Of all pages of a run together. */
  maxBytes: number;
  /** Origins besides that of `url` to which next links and redirects may lead; they get no credentials. */
  origins: string[];
}

/** `ignore`: the page has no records and is the last one. */
export type StatusAction = 'ignore' | 'retry' | 'fail';

export interface ApiTimeouts {
  connectSeconds: number;
  /** Until the answer's headers are there. */
  headersSeconds: number;
  /** Between two pieces of a body. */
  idleSeconds: number;
  /** One request with its body. */
  totalSeconds: number;
}

/** Where in a request something is put. `body`: `name` is a path of member names, `page.offset`. */
export interface RequestPlace {
  in: 'header' | 'query' | 'cookie' | 'body';
  name: string;
}

/** How a token is put there: `prefix` and the token, with nothing between. */
export type TokenPlace = RequestPlace & { prefix: string };

export type ApiAuth =
  | { type: 'none' }
  | { type: 'bearer'; token: string }
  | { type: 'basic'; user: string; password: string }
  | { type: 'api_key'; key: string; place: TokenPlace }
  | LoginAuth
  | ClientCredentialsAuth
  | RefreshTokenAuth
  | JwtAuth;

/** One request whose answer holds a token. */
export interface LoginAuth {
  type: 'login';
  url: string;
  method: 'POST' | 'GET';
  headers: Record<string, string>;
  /** Sent as `encoding` says. */
  body: Record<string, unknown>;
  encoding: 'json' | 'form';
  /** JSONPath of the token in the answer. */
  token: string;
  place: TokenPlace;
  /** JSONPath of the token's lifetime in the answer, in seconds or milliseconds as `expiresUnit` says; null: not told. */
  expiresIn: string | null;
  expiresUnit: 's' | 'ms';
  /** Lifetime where the answer does not tell it; null: until a 401. */
  lifetimeSeconds: number | null;
}

export interface ClientCredentialsAuth {
  type: 'oauth2_client_credentials';
  tokenUrl: string;
  clientId: string;
  clientSecret: string;
  scope: string | null;
  /** Further form fields, such as `audience`. */
  params: Record<string, string>;
  /** RFC 6749, 2.3.1: in the Authorization header or in the form. */
  clientAuth: 'basic' | 'body';
}

export interface RefreshTokenAuth {
  type: 'oauth2_refresh_token';
  tokenUrl: string;
  clientId: string;
  clientSecret: string | null;
  /** The first one; each that the server gives in its stead is kept. */
  refreshToken: string;
  scope: string | null;
  params: Record<string, string>;
  clientAuth: 'basic' | 'body';
}

/** A signed JWT (RFC 7519) made for each lifetime. */
export interface JwtAuth {
  type: 'jwt';
  algorithm: 'HS256' | 'RS256' | 'ES256';
  /** HS256: the secret; else a private key as PEM (PKCS #8, PKCS #1 or SEC1). */
  key: string;
  claims: Record<string, unknown>;
  /** Members of the JOSE header besides alg and typ, such as kid. */
  header: Record<string, unknown>;
  lifetimeSeconds: number;
  place: TokenPlace;
}

/** What ends the pages besides an empty one. Paths are JSONPaths in the answer's body. */
export interface PageStops {
  /** Number of all records. */
  total: string | null;
  /** Number of all pages. */
  totalPages: string | null;
  /** true while there is more. */
  hasMore: string | null;
}

export type ApiPagination =
  | { type: 'auto' }
  | { type: 'single' }
  | PageNumberPagination
  | OffsetPagination
  | CursorPagination
  | NextUrlPagination
  | LinkHeaderPagination
  | KeysetPagination
  | RangePagination
  | GraphqlPagination;

/** Where each answer leads to the next page itself. */
export interface EmptyPages {
  /** Whether a page without records is the last one even if it leads to another. */
  emptyPageEnds: boolean;
}

/** By default only an empty page, or what an answer says, ends pages whose size is asked for. */
export interface ShortPages {
  /** Whether a page with fewer records than asked for is the last one where the answer tells nothing. */
  shortPageEnds: boolean;
}

export interface PageNumberPagination extends PageStops, ShortPages {
  type: 'page';
  page: RequestPlace;
  /** Number of the first page. */
  start: number;
  size: { place: RequestPlace; value: number } | null;
}

export interface OffsetPagination extends PageStops, ShortPages {
  type: 'offset';
  offset: RequestPlace;
  start: number;
  limit: { place: RequestPlace; value: number };
}

/** A token in the answer that asks for the next page. */
export interface CursorPagination extends PageStops, EmptyPages {
  type: 'cursor';
  from: { body: string } | { header: string };
  place: RequestPlace;
  size: { place: RequestPlace; value: number } | null;
}

/** The address of the next page, at a JSONPath. */
export interface NextUrlPagination extends EmptyPages {
  type: 'next_url';
  path: string;
}

export interface LinkHeaderPagination extends EmptyPages {
  type: 'link_header';
  /** Relation of the link to the next page. */
  rel: string;
}

/** The last record of a page says where the next one begins. */
export interface KeysetPagination extends PageStops, ShortPages {
  type: 'keyset';
  /** JSONPath in a record. */
  field: string;
  place: RequestPlace;
  /** Put before the value, `gt.` for PostgREST. */
  prefix: string;
  /** Sent with the first page; null: nothing. */
  start: string | null;
  size: { place: RequestPlace; value: number } | null;
}

/** `Range` and `Content-Range` as PostgREST has them. */
export interface RangePagination extends ShortPages {
  type: 'range';
  size: number;
  /** Of `Range-Unit` and `Range`. */
  unit: string;
}

/** Relay's connections: `pageInfo { hasNextPage endCursor }`. */
export interface GraphqlPagination {
  type: 'graphql';
  /** JSONPath of the pageInfo object. */
  pageInfo: string;
  /** Name of the query's variable that takes endCursor. */
  variable: string;
}

/** Asks only for what is new since the last load. */
export interface ApiCursor {
  /** JSONPath in a record as the API gives it. */
  field: string;
  /** Where the value goes; null: only by `{cursor.start}`. */
  place: RequestPlace | null;
  /** Where the window's end goes, with `step`. */
  endPlace: RequestPlace | null;
  /** Value of the first run; null: it asks for everything. */
  start: string | null;
  /** Subtracted from the stored value: seconds for times, a number for numbers. */
  lookback: number;
  /** How values are written in the request and compared; `auto`: numbers as numbers, ISO 8601 as times, else as texts. */
  format: 'auto' | 'text' | 'number' | 'iso' | 'date' | 'unix' | 'unix_ms';
  /** Length of the time windows that are asked for one after the other, in seconds; null: no windows. */
  stepSeconds: number | null;
}

/** One series of requests for each row of another stream. */
export interface ApiForEach {
  /** Table of another stream of the pipeline; its rows of this run are the parents. */
  stream: string;
  /** Columns of the parent's rows that placeholders name. */
  columns: string[];
  /** Columns of the parent that are added to each record: parent's name -> record's name. */
  include: Record<string, string>;
}

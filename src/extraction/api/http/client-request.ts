import type { ApiTimeouts } from '../../../config-history/api-source-config.js';

/** One request as it goes out, and how far it may go. */
export interface ClientRequest {
  method: 'GET' | 'POST';
  /** Absolute, with its query. */
  url: string;
  /** By lower-case name. */
  headers: Record<string, string>;
  body?: string | Buffer;
  timeouts: ApiTimeouts;
  /** Of the body, packed and unpacked alike. */
  maxBytes: number;
  /** Where redirects may lead besides `home`, as `new URL(…).origin` spells them. */
  origins: readonly string[];
  /** Origin of the source. Its headers, credentials and body are sent nowhere else. */
  home: string;
  /** Lower-case names of the headers that prove who asks; like all of `headers` they stay at `home`. */
  credentialHeaders: readonly string[];
  /** Names of parameters of the query that prove who asks: taken out of the URL of a redirect to another origin. */
  credentialParams?: readonly string[];
  signal?: AbortSignal;
}

import { PagingFailed } from '../api-errors.js';
import type { SeenPage } from './paginator.js';
import type { PagingBase } from './paging-base.js';
import { withoutParameters } from '../place-value.js';

/** Longer ones are no addresses; servers take some 8,000 characters (RFC 9110, 4.1). */
const MAX_LENGTH = 16_384;

/**
 * The absolute address that an answer gives for the next page, relative ones being resolved at the page's own. Query
 * parameters that hold credentials are left out, for they are signed anew and must not be stored. Throws PagingFailed
 * `NEXT_URL_REFUSED` unless it leads to the origin of the source or to one that the source lists.
 */
export function checkNextUrl(reference: string, page: SeenPage, base: PagingBase): string {
  const home = new URL(base.url).origin;
  const url = reference.length > MAX_LENGTH ? null : URL.parse(reference, page.url);
  if (url === null) throw refused(home, 'something that is no URL');
  if (url.protocol !== 'http:' && url.protocol !== 'https:') throw refused(home, `a ${url.protocol} URL`);
  if (url.username !== '' || url.password !== '') throw refused(home, 'a URL with a user name in it');
  if (url.origin !== home && !base.origins.some((origin) => URL.parse(origin)?.origin === url.origin)) {
    throw refused(home, `one at ${url.origin}; list that under allow_origins if it is to be asked`);
  }
  url.hash = '';
  return withoutCredentials(url.href, base);
}

/** A URL without the query parameter that holds a credential of the source. */
export function withoutCredentials(url: string, { auth }: PagingBase): string {
  return withoutParameters(url, 'place' in auth && auth.place.in === 'query' ? [auth.place.name] : []);
}

function refused(home: string, got: string): PagingFailed {
  return new PagingFailed('NEXT_URL_REFUSED', `next page: expected a URL at ${home}, got ${got}`);
}

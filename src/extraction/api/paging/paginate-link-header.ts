import LinkHeader from 'http-link-header';
import type { LinkHeaderPagination } from '../../../config-history/api-source-config.js';
import { PagingFailed } from '../api-errors.js';
import { checkLastLink } from './check-last-link.js';
import { checkNextUrl, withoutCredentials } from './check-next-url.js';
import { compileCount } from './count-items.js';
import { createTokenPaginator } from './follow-tokens.js';
import type { Paginator, SeenPage } from './paginator.js';
import type { PagingBase } from './paging-base.js';

/**
 * `Link: <…>; rel="next"` as RFC 8288 has it, absolute or relative to the page's own URL. A position holds the latest
 * `rel="last"` too, so that a header that gets lost is no end.
 */
export function createLinkHeaderPaginator(
  { rel, emptyPageEnds }: LinkHeaderPagination,
  base: PagingBase,
): Paginator {
  const paginator = createTokenPaginator({
    label: `Link header, rel=${rel}`,
    countItems: compileCount(base.records),
    findToken(page) {
      const reference = findLink(page, rel);
      return reference === null ? null : checkNextUrl(reference, page, base);
    },
    emptyPageEnds,
    placeToken: (request, url) => ({ ...request, url }),
  });
  // Backwards or by a relation of the API's own, the last page is another.
  if (rel !== 'next') return paginator;
  return {
    ...paginator,
    next(page, position) {
      const next = paginator.next(page, position);
      const last = findLast(page, base) ?? (typeof position.last === 'string' ? position.last : null);
      if (next === null)
        checkLastLink(
          { url: withoutCredentials(page.url, base), hasLinks: page.headers.link !== undefined },
          last,
        );
      return next && { ...next, last };
    },
  };
}

/** The absolute URL of the last page as an answer tells it, without credentials; null: it does not. */
export function findLast(page: SeenPage, base: PagingBase): string | null {
  const reference = findLink(page, 'last');
  const url = reference === null ? null : URL.parse(reference, page.url);
  return url === null ? null : withoutCredentials(url.href, base);
}

/**
 * The target of a link as the answer's headers have it; null: there is none. Throws PagingFailed `PAGE_UNREADABLE` where
 * they are no links.
 */
export function findLink({ headers, url }: SeenPage, rel: string): string | null {
  const header = headers.link;
  if (header === undefined) return null;
  // A link with an anchor tells of another document (RFC 8288, 3.2).
  const links = parseLinks(header).rel(rel);
  const link = links.find(({ anchor }) => anchor === undefined || isSame(anchor, url));
  if (link === undefined || link.uri === '') return null;
  if (typeof link.uri !== 'string') throw unreadable();
  return link.uri;
}

function parseLinks(header: string): LinkHeader {
  try {
    return LinkHeader.parse(header);
  } catch {
    throw unreadable();
  }
}

function isSame(anchor: string, url: string): boolean {
  const target = URL.parse(anchor, url);
  return target !== null && target.href.split('#', 1)[0] === new URL(url).href.split('#', 1)[0];
}

function unreadable(): PagingFailed {
  return new PagingFailed(
    'PAGE_UNREADABLE',
    'Link header: expected <URL>; rel="…" as RFC 8288 has it, got something else',
  );
}

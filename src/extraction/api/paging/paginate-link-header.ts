import LinkHeader from 'http-link-header';
import { PagingFailed } from '../api-errors.js';
import { checkNextUrl } from './check-next-url.js';
import { compileCount } from './count-items.js';
import { createTokenPaginator } from './follow-tokens.js';
import type { Paginator, SeenPage } from './paginator.js';
import type { PagingBase } from './paging-base.js';

/** `Link: <…>; rel="next"` as RFC 8288 has it, absolute or relative to the page's own URL. */
export function createLinkHeaderPaginator({ rel }: { rel: string }, base: PagingBase): Paginator {
  return createTokenPaginator({
    label: `Link header, rel=${rel}`,
    countItems: compileCount(base.records),
    findToken(page) {
      const reference = findLink(page, rel);
      return reference === null ? null : checkNextUrl(reference, page, base);
    },
    placeToken: (request, url) => ({ ...request, url }),
  });
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

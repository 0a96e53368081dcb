import type { ApiPagination } from '../../../config-history/api-source-config.js';
import { PagingFailed } from '../api-errors.js';
import { findMoreSigns, saysNoMore, type MoreSign } from './find-more-signs.js';
import { findNextToken, findNextUrl } from './find-next-field.js';
import { listContainers } from './page-containers.js';
import { checkLastLink } from './check-last-link.js';
import { withoutCredentials } from './check-next-url.js';
import { compileCount } from './count-items.js';
import { findLast, findLink } from './paginate-link-header.js';
import type { SeenPage } from './paginator.js';
import type { PagingBase } from './paging-base.js';

const UNCOUNTED = /^(?:([A-Za-z][\w-]*)\s+)?0-(\d+)\/\*$/;

/**
 * How the pages of a source go on, as its first page shows: a Link header, then the usual fields of the body, then a range that
 * is not counted, else it is the only page. Throws PagingFailed `PAGINATION_UNKNOWN` where the page itself says that there is more and not how to get it.
 */
export function detectPagination(page: SeenPage, base: PagingBase): ApiPagination {
  if (findLink(page, 'next') !== null) return { type: 'link_header', rel: 'next', emptyPageEnds: false };
  const containers = listContainers(page.body, base.records);
  const url = findNextUrl(containers);
  if (url !== null) return { type: 'next_url', path: url.path, emptyPageEnds: false };
  const isRecord = base.records === '$';
  const token = isRecord || saysNoMore(containers) ? null : findNextToken(containers);
  if (token?.kind === 'token') return followToken(token.path, token.parameter, page, base);
  const signs = findMoreSigns(page, base.records);
  if (signs.length > 0) throw unknown(page, signs);
  checkLastLink(
    { url: withoutCredentials(page.url, base), hasLinks: page.headers.link !== undefined },
    findLast(page, base),
  );
  return findUncountedRange(page, base) ?? { type: 'single' };
}

/** `0-999/*` does not tell whether that is all, as PostgREST does not unless it is asked to count: only the next range does. */
function findUncountedRange(page: SeenPage, { records }: PagingBase): ApiPagination | null {
  const items = compileCount(records)(page);
  const [, unit = 'items', last] = UNCOUNTED.exec(page.headers['content-range']?.trim() ?? '') ?? [];
  if (last === undefined || items === 0 || Number(last) + 1 !== items) return null;
  return { type: 'range', size: items, unit, shortPageEnds: false };
}

function followToken(
  path: string,
  parameter: string | null,
  page: SeenPage,
  base: PagingBase,
): ApiPagination {
  if (parameter === null) {
    const text = `${path} leads to the next page, but not into which parameter it goes`;
    throw unknown(page, [{ text, kinds: 'cursor (or page, offset where it is a number)' }]);
  }
  return {
    type: 'cursor',
    from: { body: path },
    place: { in: base.method === 'POST' ? 'body' : 'query', name: parameter },
    size: null,
    total: null,
    totalPages: null,
    hasMore: null,
    emptyPageEnds: false,
  };
}

function unknown(page: SeenPage, signs: MoreSign[]): PagingFailed {
  const found = signs.slice(0, 3).map(({ text }) => text);
  const kinds = [...new Set(signs.flatMap((sign) => sign.kinds.split(', ')))].join(', ');
  return new PagingFailed(
    'PAGINATION_UNKNOWN',
    `pagination auto: expected a link to the next page, got none after ${page.records} records, and ${found.join(', ')}; ` +
      `choose a kind that fits (${kinds}), or single if the first page is all that is wanted`,
  );
}

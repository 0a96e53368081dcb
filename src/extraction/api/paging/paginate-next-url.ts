import type { NextUrlPagination } from '../../../config-history/api-source-config.js';
import { PagingFailed } from '../api-errors.js';
import { checkNextUrl } from './check-next-url.js';
import { compileCount } from './count-items.js';
import { createTokenPaginator } from './follow-tokens.js';
import { compilePath } from '../json-path.js';
import type { Paginator, SeenPage } from './paginator.js';
import type { PagingBase } from './paging-base.js';

/** Each body holds the URL of the next page, absolute or relative to its own. */
export function createNextUrlPaginator(
  { path, emptyPageEnds }: NextUrlPagination,
  base: PagingBase,
): Paginator {
  const find = compilePath(path);

  function findToken(page: SeenPage): string | null {
    if (page.body === undefined && page.records > 0) throw unreadable(path, 'no JSON');
    const [url] = find(page.body);
    if (url === undefined || url === null || url === '' || url === false) return null;
    if (typeof url !== 'string') throw unreadable(path, `a value of type ${typeof url}`);
    return checkNextUrl(url, page, base);
  }

  return createTokenPaginator({
    label: `next URL from ${path}`,
    countItems: compileCount(base.records),
    findToken,
    emptyPageEnds,
    placeToken: (request, url) => ({ ...request, url }),
  });
}

function unreadable(path: string, got: string): PagingFailed {
  return new PagingFailed('PAGE_UNREADABLE', `pagination next_url: expected a URL at ${path}, got ${got}`);
}

import type { ApiRequest } from './api-request.js';
import type { PagePosition, Paginator, SeenPage } from './paginator.js';
import type { CountItems } from './count-items.js';
import type { Stops } from './read-stops.js';

/**
 * Where items are picked after they were paged, pages in the middle may be empty and still lead on (Microsoft Graph, Google
 * APIs and Slack say so). Other APIs lead on for ever. So many empty pages in a row are taken for the first kind.
 */
const EMPTY_PAGES = 10;

/** How answers that lead to their next page themselves do so. */
export interface TokenKind {
  label: string;
  countItems: CountItems;
  /** What leads to the next page; null: nothing does. May throw PagingFailed. */
  findToken(page: SeenPage): string | null;
  placeToken(base: ApiRequest, token: string): ApiRequest;
  /** Put into every request. */
  prepare?(base: ApiRequest): ApiRequest;
  stops?: Stops;
}

/** A position holds the token that led to the page, and how many pages, items and latest empty pages come before it. */
export function createTokenPaginator(kind: TokenKind): Paginator {
  const { label, countItems, findToken, placeToken, prepare, stops } = kind;

  function next(page: SeenPage, position: PagePosition): PagePosition | null {
    const items = countItems(page);
    const seen = Number(position.seen) + items;
    const pages = Number(position.pages) + 1;
    const saysMore = stops?.sayMore(page, { items: seen, pages }) ?? null;
    if (saysMore === false) return null;
    const token = findToken(page);
    if (token === null) return null;
    const empty = items === 0 ? Number(position.empty) + 1 : 0;
    const leadsNowhere = token === position.token || (empty >= EMPTY_PAGES && saysMore === null);
    return empty > 0 && leadsNowhere ? null : { token, pages, seen, empty };
  }

  return {
    label,
    first: () => ({ token: null, pages: 0, seen: 0, empty: 0 }),
    request(base, { token }) {
      const request = prepare?.(base) ?? base;
      return token === null ? request : placeToken(request, String(token));
    },
    next,
    mark: ({ token }) => (token === null ? null : String(token)),
    ...(stops !== undefined && { totalOf: stops.totalOf }),
  };
}

import type { ApiRequest } from '../api-request.js';
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

  function follow(page: SeenPage, position: PagePosition): { next: PagePosition | null; isGivenUp: boolean } {
    const items = countItems(page);
    const seen = Number(position.seen) + items;
    const pages = Number(position.pages) + 1;
    const progress = { items: seen, pages };
    const saysMore = stops?.sayMore(page, progress) ?? null;
    const token = saysMore === false ? null : findToken(page);
    const isStill = items === 0 && saysMore === null && token === position.token;
    if (token === null || isStill) {
      stops?.checkEnd(page, progress);
      return { next: null, isGivenUp: false };
    }
    const empty = items === 0 ? Number(position.empty) + 1 : 0;
    const isGivenUp = empty >= EMPTY_PAGES && saysMore === null;
    return { next: isGivenUp ? null : { token, pages, seen, empty }, isGivenUp };
  }

  return {
    label,
    first: () => ({ token: null, pages: 0, seen: 0, empty: 0 }),
    request(base, { token }) {
      const request = prepare?.(base) ?? base;
      return token === null ? request : placeToken(request, String(token));
    },
    next: (page, position) => follow(page, position).next,
    mark: ({ token }) => (token === null ? null : String(token)),
    ...(stops !== undefined && { totalOf: stops.totalOf }),
    remarks(page, position) {
      const text = `${EMPTY_PAGES} pages in a row had no records, though each led to another: taken for the end`;
      return follow(page, position).isGivenUp ? [{ level: 'warn', text }] : [];
    },
  };
}

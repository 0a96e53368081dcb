import type { ApiRequest } from '../api-request.js';
import type { PagePosition, PageRemark, Paginator, SeenPage } from './paginator.js';
import type { CountItems } from './count-items.js';
import type { Stops } from './read-stops.js';

/** After so many empty pages in a row the run's log tells of them. */
const MANY_EMPTY = 10;

/** How answers that lead to their next page themselves do so. */
export interface TokenKind {
  label: string;
  countItems: CountItems;
  /** What leads to the next page; null: nothing does. May throw PagingFailed. */
  findToken(page: SeenPage): string | null;
  placeToken(base: ApiRequest, token: string): ApiRequest;
  /** Whether a page without records is the last one though it leads on. */
  emptyPageEnds: boolean;
  /** Put into every request. */
  prepare?(base: ApiRequest): ApiRequest;
  stops?: Stops;
}

/**
 * A position holds the token that led to the page, and how many pages, items and latest empty pages come before it. Pages that are
 * empty and still lead on are followed, for where items are picked after they were paged records come behind them (Microsoft Graph,
 * Google APIs, Slack and DynamoDB say so). An API that leads on for ever ends at `max_pages`.
 */
export function createTokenPaginator(kind: TokenKind): Paginator {
  const { label, countItems, findToken, placeToken, prepare, stops } = kind;

  function next(page: SeenPage, position: PagePosition): PagePosition | null {
    const items = countItems(page);
    const seen = Number(position.seen) + items;
    const pages = Number(position.pages) + 1;
    const progress = { items: seen, pages };
    const saysMore = stops?.sayMore(page, progress) ?? null;
    const token = saysMore === false ? null : findToken(page);
    const isEnd = items === 0 && saysMore === null && (kind.emptyPageEnds || token === position.token);
    if (token !== null && !isEnd)
      return { token, pages, seen, empty: items === 0 ? Number(position.empty) + 1 : 0 };
    stops?.checkEnd(page, progress);
    return null;
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
    remarks: (page, position) => (next(page, position)?.empty === MANY_EMPTY ? [STILL_EMPTY] : []),
  };
}

const STILL_EMPTY: PageRemark = {
  level: 'warn',
  text: `${MANY_EMPTY} pages in a row had no records, though each leads to another: they are followed until max_pages`,
};

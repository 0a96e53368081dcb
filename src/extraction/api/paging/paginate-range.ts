import type { RangePagination } from '../../../config-history/api-source-config.js';
import { PagingFailed } from '../api-errors.js';
import { compileCount } from './count-items.js';
import { saysEnd } from './find-end-signs.js';
import { fullSize, isLastPage } from './judge-length.js';
import type { PagePosition, Paginator, SeenPage } from './paginator.js';
import type { PagingBase } from './paging-base.js';
import { type ContentRange, readContentRange } from './read-content-range.js';
import { missingPages } from './read-stops.js';

const PAST_THE_END = 416;
const PARTIAL = 206;

/**
 * Pages by `Range` and `Content-Range` over records instead of bytes (RFC 9110, 14; PostgREST, "Pagination"). The next page
 * begins where this one really ended. A position holds that number and the size of a full page.
 */
export function createRangePaginator(pagination: RangePagination, base: PagingBase): Paginator {
  const { size, unit, shortPageEnds } = pagination;
  const countItems = compileCount(base.records);

  function next(page: SeenPage, position: PagePosition): PagePosition | null {
    const from = Number(position.from);
    const range = readContentRange(page, unit);
    const items = countRange(range, from) ?? countItems(page);
    const end = from + items;
    const length = {
      items,
      size: Number(position.size),
      isFirst: from === 0,
      saysMore: sayMore(page, range, end),
      saysEnd: () => saysEnd(page, base.records),
      shortPageEnds,
    };
    if (!isLastPage(length)) return { from: end, size: fullSize(length) };
    checkEnd(page, range, end);
    return null;
  }

  return {
    label: `${unit} by Range, ${size} at a time`,
    isPastEnd: (status) => status === PAST_THE_END,
    first: () => ({ from: 0, size }),
    request(request, { from }) {
      const range = `${Number(from)}-${Number(from) + size - 1}`;
      return { ...request, headers: { ...request.headers, 'range-unit': unit, range } };
    },
    next,
    ahead: (position) => ({
      from: Number(position.from) + Number(position.size),
      size: Number(position.size),
    }),
    mark: ({ from }) => String(from),
    totalOf: (page) => readContentRange(page, unit)?.total ?? null,
  };
}

/** PostgREST answers 206 only where it knows that there is more, or less, than it gave. */
function sayMore({ status }: SeenPage, range: ContentRange | null, end: number): boolean | null {
  if (range === null) return null;
  if (range.total !== null) return end < range.total;
  return status === PARTIAL ? true : null;
}

function checkEnd({ known = null }: SeenPage, range: ContentRange | null, end: number): void {
  const total = range?.total ?? known;
  if (total !== null && end < total)
    throw missingPages(`${total} records, as Content-Range says`, { items: end, pages: null });
}

function countRange(range: ContentRange | null, from: number): number | null {
  if (range === null) return null;
  if (range.span === null) return 0;
  const { first, last } = range.span;
  if (first === from && last >= first) return last - first + 1;
  throw new PagingFailed(
    'PAGE_UNREADABLE',
    `pagination range: expected records from ${from} on, got Content-Range ${first}-${last}; ` +
      'does the API know the header Range? Else choose single or another kind',
  );
}

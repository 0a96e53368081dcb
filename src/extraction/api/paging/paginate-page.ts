import type { PageNumberPagination } from '../../../config-history/api-source-config.js';
import { compileCount, findsItems } from './count-items.js';
import { saysEnd } from './find-end-signs.js';
import { fullSize, isLastPage } from './judge-length.js';
import type { PagePosition, Paginator, SeenPage } from './paginator.js';
import type { PagingBase } from './paging-base.js';
import { placeValue } from '../place-value.js';
import { compileStops } from './read-stops.js';

/** Pages by their numbers. A position holds the number and the size of a full page. */
export function createPageNumberPaginator(pagination: PageNumberPagination, base: PagingBase): Paginator {
  const { page: place, start, size, shortPageEnds } = pagination;
  const countItems = compileCount(base.records);
  const stops = compileStops(pagination);
  const areItems = findsItems(base.records);

  function next(page: SeenPage, position: PagePosition): PagePosition | null {
    const number = Number(position.page);
    const items = countItems(page);
    // A start above 1 skips pages, which totals count.
    const progress = {
      items: areItems && start <= 1 ? page.total : null,
      pages: number - Math.min(start, 1) + 1,
    };
    const size = position.size === null ? null : Number(position.size);
    const length = {
      items,
      size,
      isFirst: number === start,
      saysMore: stops.sayMore(page, progress),
      saysEnd: () => saysEnd(page, base.records),
      shortPageEnds,
    };
    if (!isLastPage(length)) return { page: number + 1, size: fullSize(length) };
    stops.checkEnd(page, progress);
    return null;
  }

  return {
    label: `page numbers from ${start}${size === null ? '' : `, ${size.value} at a time`}`,
    first: () => ({ page: start, size: size?.value ?? null }),
    request(request, position) {
      const sized = size === null ? request : placeValue(request, size.place, size.value);
      return placeValue(sized, place, position.page);
    },
    next,
    ...(size !== null && { ahead }),
    mark: (position) => String(position.page),
    totalOf: stops.totalOf,
  };
}

function ahead({ page, size }: PagePosition): PagePosition {
  return { page: Number(page) + 1, size: Number(size) };
}

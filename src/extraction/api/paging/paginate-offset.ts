import type { OffsetPagination } from '../../../config-history/api-source-config.js';
import { compileCount } from './count-items.js';
import { saysEnd } from './find-end-signs.js';
import { fullSize, isLastPage } from './judge-length.js';
import type { PagePosition, Paginator, SeenPage } from './paginator.js';
import type { PagingBase } from './paging-base.js';
import { placeValue } from '../place-value.js';
import { compileStops } from './read-stops.js';

/**
 * Pages by the number of items before them. The next one begins where this one really ended, whatever was asked for. A
 * position holds that number and the size of a full page.
 */
export function createOffsetPaginator(pagination: OffsetPagination, base: PagingBase): Paginator {
  const { offset: place, start, limit, shortPageEnds } = pagination;
  const countItems = compileCount(base.records);
  const stops = compileStops(pagination);

  function next(page: SeenPage, position: PagePosition): PagePosition | null {
    const offset = Number(position.offset);
    const size = Number(position.size);
    const items = countItems(page);
    // A start above 1 skips items, which totals count; 1 is the first one.
    const seen = offset - (start === 1 ? 1 : 0) + items;
    const progress = { items: seen, pages: Math.ceil(seen / size) };
    const length = {
      items,
      size,
      isFirst: offset === start,
      saysMore: stops.sayMore(page, progress),
      saysEnd: () => saysEnd(page, base.records),
      shortPageEnds,
    };
    if (!isLastPage(length)) return { offset: offset + items, size: fullSize(length) };
    stops.checkEnd(page, progress);
    return null;
  }

  return {
    label: `offset, ${limit.value} at a time`,
    first: () => ({ offset: start, size: limit.value }),
    request(request, position) {
      return placeValue(placeValue(request, limit.place, limit.value), place, position.offset);
    },
    next,
    ahead: ({ offset, size }) => ({ offset: Number(offset) + Number(size), size: Number(size) }),
    mark: (position) => String(position.offset),
    totalOf: stops.totalOf,
  };
}

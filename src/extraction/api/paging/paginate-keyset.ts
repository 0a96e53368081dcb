import type { KeysetPagination } from '../../../config-history/api-source-config.js';
import { PagingFailed } from '../api-errors.js';
import { checkKeyOrder } from './check-key-order.js';
import { compileCount, compileItems, compileLast } from './count-items.js';
import { compilePath, type FindValues } from '../json-path.js';
import { saysEnd } from './find-end-signs.js';
import { fullSize, isLastPage } from './judge-length.js';
import type { PagePosition, Paginator, SeenPage } from './paginator.js';
import type { PagingBase } from './paging-base.js';
import { parseJson, rawText } from '../parse-json.js';
import { placeValue } from '../place-value.js';
import { compileStops } from './read-stops.js';

/**
 * Each page begins after the last record of the one before, so values must be unique and in order; a page that shows otherwise fails. A position holds that record's value as JSON text, the pages
 * and items before it, and the size of a full page.
 */
export function createKeysetPaginator(pagination: KeysetPagination, base: PagingBase): Paginator {
  const { field, place, prefix, start, size, shortPageEnds } = pagination;
  const countItems = compileCount(base.records);
  const findLast = compileLast(base.records);
  const findItems = compileItems(base.records);
  const find = compilePath(field);
  const stops = compileStops(pagination);
  const findKey = compileKey(find, field);

  function next(page: SeenPage, position: PagePosition): PagePosition | null {
    const pages = Number(position.pages) + 1;
    const items = countItems(page);
    const seen = Number(position.seen) + items;
    // A start skips what totals may count.
    const progress = start === null ? { items: seen, pages } : { items: null, pages: null };
    const saysMore = stops.sayMore(page, progress);
    const size = position.size === null ? null : Number(position.size);
    const length = {
      items,
      size,
      isFirst: pages === 1,
      saysMore,
      saysEnd: () => saysEnd(page, base.records),
      shortPageEnds,
    };
    if (isLastPage(length)) {
      stops.checkEnd(page, progress);
      return null;
    }
    checkKeyOrder(findItems(page), find, field);
    return { after: findKey(findLast(page)), pages, seen, size: fullSize(length) };
  }

  return {
    label: `after the last ${field}${size === null ? '' : `, ${size.value} at a time`}`,
    first: () => ({
      after: start === null ? null : JSON.stringify(start),
      pages: 0,
      seen: 0,
      size: size?.value ?? null,
    }),
    request(request, { after }) {
      const sized = size === null ? request : placeValue(request, size.place, size.value);
      if (after === null) return sized;
      const key = parseJson(String(after));
      return placeValue(sized, place, prefix === '' ? key : `${prefix}${rawText(key)}`);
    },
    next,
    mark: ({ after }) => (after === null ? null : String(after)),
    totalOf: stops.totalOf,
  };
}

function compileKey(find: FindValues, field: string): (record: unknown) => string {
  return (record) => {
    const [key] = find(record);
    if (key !== undefined && key !== null && key !== '') return JSON.stringify(key);
    throw new PagingFailed(
      'PAGE_UNREADABLE',
      `pagination keyset: expected a value at ${field} in the last record of the page, got none`,
    );
  };
}

/** A page whose size was asked for, by its length. */
export interface PageLength {
  items: number;
  /** How many a full page has as far as is known; null: not known. */
  size: number | null;
  /** Of the series. */
  isFirst: boolean;
  /** What the answer itself tells; null: nothing. */
  saysMore: boolean | null;
  /** Whether it says by a usual field that it is the last one, see `saysEnd`. */
  saysEnd: () => boolean;
  /** Whether the config says that a short page is the last one. */
  shortPageEnds: boolean;
}

/**
 * Whether a page is the last one: an empty one is, and one that says so. A short one is not by itself, for APIs cap sizes, leave
 * out what the caller may not see, and cut pages by bytes. Where the config knows better, a short first page of a round length
 * is followed all the same: that may be the API's cap (asked 1000, gave 100), which every other page would have too.
 */
export function isLastPage(page: PageLength): boolean {
  const { items, size, isFirst, saysMore } = page;
  if (items === 0) return true;
  if (saysMore !== null) return !saysMore;
  if (size === null || items >= size) return false;
  return page.saysEnd() || (page.shortPageEnds && !(isFirst && isRound(items)));
}

/** How many a full page has, as this page shows. */
export function fullSize({
  items,
  size,
  isFirst,
}: Pick<PageLength, 'items' | 'size' | 'isFirst'>): number | null {
  if (size === null) return null;
  return isFirst ? items : Math.max(size, items);
}

function isRound(count: number): boolean {
  return count % 10 === 0 || count % 25 === 0;
}

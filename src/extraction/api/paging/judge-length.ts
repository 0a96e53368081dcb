/** A page whose size was asked for, by its length. */
export interface PageLength {
  items: number;
  /** How many a full page has as far as is known; null: not known. */
  size: number | null;
  /** Of the series. */
  isFirst: boolean;
  /** What the answer itself tells; null: nothing. */
  saysMore: boolean | null;
}

/**
 * Whether a page is the last one. A short first page of a round length may be short because the API caps the size (asked
 * 1000, gave 100), so it is not taken for the last: one request more settles it.
 */
export function isLastPage({ items, size, isFirst, saysMore }: PageLength): boolean {
  if (items === 0) return true;
  if (saysMore !== null) return !saysMore;
  if (size === null || items >= size) return false;
  return !(isFirst && isRound(items));
}

/** How many a full page has, as this page shows. */
export function fullSize({ items, size, isFirst }: PageLength): number | null {
  if (size === null) return null;
  return isFirst ? items : Math.max(size, items);
}

function isRound(count: number): boolean {
  return count % 10 === 0 || count % 25 === 0;
}

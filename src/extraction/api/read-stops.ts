import type { PageStops } from '../../config-history/api-source-config.js';
import { PagingFailed } from './api-errors.js';
import { compilePath, type FindValues } from './json-path.js';
import type { SeenPage } from './paginator.js';
import { rawText } from './parse-json.js';

/** How far a series has come, the page that was just read included. */
export interface Progress {
  /** null: not known. */
  items: number | null;
  pages: number;
}

/** What answers tell of the end of their series, by the paths that the config names. */
export interface Stops {
  /** The flag alone. */
  hasMore(page: SeenPage): boolean | null;
  /** Whether there is more; null: the answer does not tell. */
  sayMore(page: SeenPage, progress: Progress): boolean | null;
  totalOf(page: SeenPage): number | null;
}

/** Throws PagingFailed `PAGE_UNREADABLE` while reading where there is a value that means nothing. */
export function compileStops(stops: PageStops): Stops {
  const findMore = compileOne('has_more', stops.hasMore);
  const findPages = compileOne('total_pages', stops.totalPages);
  const findTotal = compileOne('total', stops.total);
  const hasMore = (page: SeenPage) => findMore(page, readFlag);
  const totalOf = (page: SeenPage) => findTotal(page, readCount);
  return {
    hasMore,
    totalOf,
    // A flag goes first: totals are estimates at some APIs, or end at 10,000.
    sayMore(page, { items, pages }) {
      const flag = hasMore(page);
      if (flag !== null) return flag;
      const allPages = findPages(page, readCount);
      if (allPages !== null && allPages > 0) return pages < allPages;
      const total = totalOf(page);
      // 0 beside items: it was not counted.
      if (total === null || items === null) return null;
      return total === 0 && items > 0 ? null : items < total;
    },
  };
}

type ReadText<T> = (text: string) => T | null | undefined;

function compileOne(name: string, path: string | null) {
  const find: FindValues = path === null ? () => [] : compilePath(path);
  return <T>(page: SeenPage, read: ReadText<T>): T | null => {
    const [value] = find(page.body);
    if (value === undefined || value === null || value === '') return null;
    const text = rawText(value);
    const result = read(text.trim());
    if (result !== undefined) return result;
    const what = name === 'has_more' ? 'true or false' : 'a number';
    throw new PagingFailed(
      'PAGE_UNREADABLE',
      `pagination ${name}: expected ${what} at ${path}, got ${text.slice(0, 60)}`,
    );
  };
}

/** A negative one stands for "unknown". */
function readCount(text: string): number | null | undefined {
  if (/^-\d+$/.test(text)) return null;
  return /^\d+(?:\.0*)?$/.test(text) ? Number(text) : undefined;
}

function readFlag(text: string): boolean | undefined {
  if (/^(?:true|1|yes)$/i.test(text)) return true;
  return /^(?:false|0|no)$/i.test(text) ? false : undefined;
}

import type { PageStops } from '../../../config-history/api-source-config.js';
import { PagingFailed } from '../api-errors.js';
import { compilePath, type FindValues } from '../json-path.js';
import type { SeenPage } from './paginator.js';
import { rawText } from '../parse-json.js';

/** How far a series has come, the page that was just read included. */
export interface Progress {
  /** null: not known. */
  items: number | null;
  /** null: not known. */
  pages: number | null;
}

/** What answers tell of the end of their series, by the paths that the config names. */
export interface Stops {
  /** The flag alone. */
  hasMore(page: SeenPage): boolean | null;
  /** Whether there is more; null: the answer does not tell. */
  sayMore(page: SeenPage, progress: Progress): boolean | null;
  totalOf(page: SeenPage): number | null;
  /** To be called where a series ends. Throws PagingFailed `PAGES_MISSING` where that is too early. */
  checkEnd(page: SeenPage, progress: Progress): void;
}

/** Throws PagingFailed `PAGE_UNREADABLE` while reading where there is a value that means nothing. */
export function compileStops(stops: PageStops): Stops {
  const findMore = compileOne('has_more', stops.hasMore);
  const findPages = compileOne('total_pages', stops.totalPages);
  const findTotal = compileOne('total', stops.total);
  const hasMore = (page: SeenPage) => findMore(page, readFlag);
  const totalOf = (page: SeenPage) => findTotal(page, readCount);
  const pagesOf = (page: SeenPage) => findPages(page, readCount) || null;

  // A flag goes first: totals are estimates at some APIs, or end at 10,000.
  function sayMore(page: SeenPage, { items, pages }: Progress): boolean | null {
    const flag = hasMore(page);
    if (flag !== null) return flag;
    const allPages = pagesOf(page);
    if (allPages !== null && pages !== null) return pages < allPages;
    const total = totalOf(page);
    // 0 beside items: it was not counted.
    if (total === null || items === null || (total === 0 && items > 0)) return null;
    // One that shrinks may count what is left from this page on.
    return items >= total && total < (page.known ?? 0) ? null : items < total;
  }

  function checkEnd(page: SeenPage, progress: Progress): void {
    const says = sayMore(page, progress);
    if (says === false) return;
    if (hasMore(page) === true) throw missingPages(`more records, for ${stops.hasMore} says so`, progress);
    const allPages = pagesOf(page);
    if (says && allPages !== null && progress.pages !== null)
      throw missingPages(`${allPages} pages, as ${stops.totalPages} says`, progress);
    // What the last answer tells counts, for records may have been deleted meanwhile.
    const total = totalOf(page) || (page.known ?? null);
    if (total !== null && progress.items !== null && progress.items < total)
      throw missingPages(`${total} records, as ${stops.total} says`, progress);
  }

  return { hasMore, totalOf, sayMore, checkEnd };
}

/** A series that ended early. */
export function missingPages(expected: string, { items, pages }: Progress): PagingFailed {
  const got = items === null ? `${pages} pages` : `${items} records`;
  return new PagingFailed(
    'PAGES_MISSING',
    `pagination: expected ${expected}, got an end after ${got}; run it again, and where it ends there each time, ` +
      'look for a limit of the API, or take out of the pagination what counts something else',
  );
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

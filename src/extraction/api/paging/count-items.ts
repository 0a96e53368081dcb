import { compilePath } from '../json-path.js';
import { splitPath } from '../leading-path.js';
import type { SeenPage } from './paginator.js';

/** How many items a page has by the API's own count: that which `limit`, offsets and totals mean. */
export type CountItems = (page: SeenPage) => number;

/**
 * A path such as `$.data[?@.open]` or `$.orders[*].lines[*]` gives fewer or more records than the API gave items; there
 * the list is counted that the path begins with.
 */
export function compileCount(records: string): CountItems {
  const list = compileList(records);
  return (page) => list(page)?.length ?? page.records;
}

/** The last item of a page, also where a path that picks found no record in it. */
export function compileLast(records: string): (page: SeenPage) => unknown {
  const list = compileList(records);
  return (page) => page.given.at(-1) ?? list(page)?.at(-1) ?? null;
}

/** The items of a page as far as they can be read. */
export function compileItems(records: string): (page: SeenPage) => readonly unknown[] {
  const list = compileList(records);
  return (page) => list(page) ?? page.given;
}

/** Whether records are the API's items. */
export function findsItems(records: string): boolean {
  return ['', '[*]', '.*'].includes(splitPath(records).rest);
}

/** The list that a path begins with; null: its items are the records. */
function compileList(records: string): (page: SeenPage) => unknown[] | null {
  if (findsItems(records)) return () => null;
  const find = compilePath(splitPath(records).text);
  return (page) => {
    const [items] = find(page.body);
    return Array.isArray(items) ? items : null;
  };
}

import { compilePath } from './json-path.js';
import { splitPath } from './leading-path.js';
import type { SeenPage } from './paginator.js';

/** How many items a page has by the API's own count: that which `limit`, offsets and totals mean. */
export type CountItems = (page: SeenPage) => number;

/**
 * A path such as `$.data[?@.open]` or `$.orders[*].lines[*]` gives fewer or more records than the API gave items; there
 * the list is counted that the path begins with.
 */
export function compileCount(records: string): CountItems {
  const { text } = splitPath(records);
  if (findsItems(records)) return (page) => page.records;
  const find = compilePath(text);
  return (page) => {
    const [items] = find(page.body);
    return Array.isArray(items) ? items.length : page.records;
  };
}

/** Whether records are the API's items. */
export function findsItems(records: string): boolean {
  return ['', '[*]', '.*'].includes(splitPath(records).rest);
}

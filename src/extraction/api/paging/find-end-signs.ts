import { readCount, findMoreSigns } from './find-more-signs.js';
import { listContainers, type Container } from './page-containers.js';
import { END_FLAGS, FLAGS, TOTAL_HEADERS, URL_NAMES } from './page-field-names.js';
import type { SeenPage } from './paginator.js';

/**
 * Whether an answer says by one of the usual fields that it is the last one, and nothing in it says otherwise: `has_more: false`,
 * `next: null`, a total in a header that was reached. Good for a short page only: on a full one such a field may mean another
 * way of paging. Totals in bodies are not asked, for they may count the page alone.
 */
export function saysEnd(page: SeenPage, records: string): boolean {
  // A body that is itself the record has flags of its own.
  const containers = records === '$' ? [] : listContainers(page.body, records);
  const isTold = isTotalReached(page) || containers.some(isLast);
  return isTold && findMoreSigns(page, records).length === 0;
}

function isTotalReached({ headers, total }: SeenPage): boolean {
  return TOTAL_HEADERS.some((name) => readCount(headers[name]) === total);
}

function isLast({ members }: Container): boolean {
  const is = (value: unknown) => (name: string) => Object.hasOwn(members, name) && members[name] === value;
  return FLAGS.some(is(false)) || END_FLAGS.some(is(true)) || URL_NAMES.some(is(null));
}

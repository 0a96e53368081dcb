import type { CursorPagination } from '../../../config-history/api-source-config.js';
import { PagingFailed } from '../api-errors.js';
import { compileCount } from './count-items.js';
import { createTokenPaginator } from './follow-tokens.js';
import { compilePath } from '../json-path.js';
import type { Paginator, SeenPage } from './paginator.js';
import type { PagingBase } from './paging-base.js';
import { parseJson } from '../parse-json.js';
import { placeValue } from '../place-value.js';
import { compileStops } from './read-stops.js';

/** Each answer holds what asks for the next page: a text, a number, or any JSON value where it goes into a body. */
export function createCursorPaginator(pagination: CursorPagination, base: PagingBase): Paginator {
  const { from, place, size } = pagination;
  const where = 'body' in from ? from.body : `header ${from.header}`;
  const find = 'body' in from ? findInBody(from.body) : findInHeader(from.header);
  const stops = compileStops(pagination);

  function findToken(page: SeenPage): string | null {
    const token = find(page);
    if (token !== null || stops.hasMore(page) !== true) return token;
    const expected = `expected a cursor at ${where}, for ${pagination.hasMore} says that there is more`;
    throw new PagingFailed('PAGE_UNREADABLE', `pagination cursor: ${expected}, got none`);
  }

  return createTokenPaginator({
    label: `cursor from ${where}${size === null ? '' : `, ${size.value} at a time`}`,
    countItems: compileCount(base.records),
    findToken,
    emptyPageEnds: pagination.emptyPageEnds,
    placeToken: (request, token) => placeValue(request, place, parseJson(token)),
    prepare: (request) => (size === null ? request : placeValue(request, size.place, size.value)),
    stops,
  });
}

function findInBody(path: string): (page: SeenPage) => string | null {
  const find = compilePath(path);
  return (page) => {
    if (page.body === undefined && page.records > 0) {
      throw new PagingFailed('PAGE_UNREADABLE', `pagination cursor: expected JSON with ${path}, got none`);
    }
    const [cursor] = find(page.body);
    return isCursor(cursor) ? JSON.stringify(cursor) : null;
  };
}

function findInHeader(name: string): (page: SeenPage) => string | null {
  return ({ headers }) => {
    const cursor = headers[name.toLowerCase()];
    return isCursor(cursor) ? JSON.stringify(cursor) : null;
  };
}

/** 0 ends the pages at some APIs (SCAN of Redis, cursors of Twitter), and would begin anew at all others. */
function isCursor(value: unknown): boolean {
  return ![undefined, null, '', false, 0, '0'].includes(value as string);
}

import type { GraphqlPagination } from '../../../config-history/api-source-config.js';
import { ApiRefused, PagingFailed } from '../api-errors.js';
import { compileCount } from './count-items.js';
import { createTokenPaginator } from './follow-tokens.js';
import { compilePath } from '../json-path.js';
import type { Paginator, SeenPage } from './paginator.js';
import type { PagingBase } from './paging-base.js';
import { parseJson } from '../parse-json.js';
import { hideEmails } from '../session/hide-emails.js';
import { placeValue } from '../place-value.js';

/** Relay's connections (GraphQL Cursor Connections Specification, 5). */
export function createGraphqlPaginator(pagination: GraphqlPagination, base: PagingBase): Paginator {
  const { pageInfo: path, variable } = pagination;
  const find = compilePath(path);

  function findToken(page: SeenPage): string | null {
    refuseErrors(page);
    const [pageInfo] = find(page.body);
    if (typeof pageInfo !== 'object' || pageInfo === null) throw unreadable(`${path}`, 'an object');
    const { hasNextPage, endCursor } = pageInfo as Record<string, unknown>;
    if (typeof hasNextPage !== 'boolean') throw unreadable(`${path}.hasNextPage`, 'true or false');
    if (!hasNextPage) return null;
    if (endCursor !== undefined && endCursor !== null && endCursor !== '') return JSON.stringify(endCursor);
    throw unreadable(`${path}.endCursor`, 'a cursor, for hasNextPage is true');
  }

  return createTokenPaginator({
    label: `pageInfo from ${path}`,
    countItems: compileCount(base.records),
    findToken,
    emptyPageEnds: false,
    placeToken: (request, cursor) =>
      placeValue(request, { in: 'body', name: `variables.${variable}` }, parseJson(cursor)),
  });
}

/** GraphQL says 200 to what it could not do, and leaves out of the data what it could not find. */
function refuseErrors({ body, status }: SeenPage): void {
  const errors = typeof body === 'object' && body !== null && 'errors' in body ? body.errors : null;
  if (!Array.isArray(errors) || errors.length === 0) return;
  const [first] = errors as ({ message?: unknown } | null)[];
  const message =
    typeof first?.message === 'string'
      ? hideEmails(first.message).slice(0, 200)
      : 'an error without a message';
  throw new ApiRefused(
    'GRAPHQL_ERRORS',
    `GraphQL: expected data, got ${errors.length} errors: ${message}`,
    status,
  );
}

function unreadable(where: string, expected: string): PagingFailed {
  const asked = 'does the query ask for pageInfo { hasNextPage endCursor }?';
  return new PagingFailed(
    'PAGE_UNREADABLE',
    `pagination graphql: expected ${expected} at ${where}, got none; ${asked}`,
  );
}

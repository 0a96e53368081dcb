import type { ApiPagination } from '../../../config-history/api-source-config.js';
import { findMoreSigns } from './find-more-signs.js';
import { createAutoPaginator } from './paginate-auto.js';
import { createCursorPaginator } from './paginate-cursor.js';
import { createGraphqlPaginator } from './paginate-graphql.js';
import { createKeysetPaginator } from './paginate-keyset.js';
import { createLinkHeaderPaginator } from './paginate-link-header.js';
import { createNextUrlPaginator } from './paginate-next-url.js';
import { createOffsetPaginator } from './paginate-offset.js';
import { createPageNumberPaginator } from './paginate-page.js';
import { createRangePaginator } from './paginate-range.js';
import { createSinglePaginator } from './paginate-single.js';
import type { PageRemark, Paginator, SeenPage } from './paginator.js';
import type { PagingBase } from './paging-base.js';

type Kinds = {
  [Type in ApiPagination['type']]: (
    pagination: Extract<ApiPagination, { type: Type }>,
    base: PagingBase,
  ) => Paginator;
};

const kinds: Kinds = {
  auto: (_pagination, base) => createAutoPaginator(base, createKind),
  single: createSinglePaginator,
  page: createPageNumberPaginator,
  offset: createOffsetPaginator,
  cursor: createCursorPaginator,
  next_url: createNextUrlPaginator,
  link_header: createLinkHeaderPaginator,
  keyset: createKeysetPaginator,
  range: createRangePaginator,
  graphql: createGraphqlPaginator,
};

/** The paginator of a source, which also remarks where the last page says that there is more. */
export function createPaginator(pagination: ApiPagination, base: PagingBase): Paginator {
  const paginator = createKind(pagination, base);
  return {
    ...paginator,
    remarks(page, position) {
      const isLast = paginator.next(page, position) === null;
      return [...(paginator.remarks?.(page, position) ?? []), ...(isLast ? doubt(page, base) : [])];
    },
  };
}

function createKind(pagination: ApiPagination, base: PagingBase): Paginator {
  const create = kinds[pagination.type] as (pagination: ApiPagination, base: PagingBase) => Paginator;
  return create(pagination, base);
}

function doubt(page: SeenPage, base: PagingBase): PageRemark[] {
  const signs = findMoreSigns(page, base.records).slice(0, 3);
  if (signs.length === 0) return [];
  const found = signs.map(({ text }) => text).join(', ');
  return [{ level: 'warn', text: `the pages ended after ${page.total} records, though ${found}` }];
}

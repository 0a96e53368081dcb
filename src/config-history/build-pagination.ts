import type { ApiPagination, EmptyPages, PageStops, RequestPlace } from './api-source-config.js';
import type {
  CursorPaginationShape,
  KeysetPaginationShape,
  OffsetPaginationShape,
  PagePaginationShape,
  PaginationShape,
  RangePaginationShape,
} from './shape/pagination-shape.js';
import { USUAL_PARAMS } from './usual-names.js';

/** Fills in every default of a pagination. */
export function buildPagination(pagination: PaginationShape = { type: 'auto' }): ApiPagination {
  switch (pagination.type) {
    case 'auto':
    case 'single':
      return { type: pagination.type };
    case 'page':
      return buildPage(pagination);
    case 'offset':
      return buildOffset(pagination);
    case 'cursor':
      return buildCursor(pagination);
    case 'next_url':
      return { type: 'next_url', path: pagination.path, ...emptyOf(pagination) };
    case 'link_header':
      return { type: 'link_header', rel: pagination.rel ?? 'next', ...emptyOf(pagination) };
    case 'keyset':
      return buildKeyset(pagination);
    case 'range':
      return buildRange(pagination);
    case 'graphql':
      return { type: 'graphql', pageInfo: pagination.page_info, variable: pagination.variable ?? 'after' };
  }
}

/** Where a parameter of this name goes; a header's name in lower case. */
export function placeOf(shape: { in?: RequestPlace['in'] }, name: string): RequestPlace {
  const place = shape.in ?? 'query';
  return { in: place, name: place === 'header' ? name.toLowerCase() : name };
}

function buildPage(page: PagePaginationShape): ApiPagination {
  return {
    type: 'page',
    page: placeOf(page, page.param ?? USUAL_PARAMS.page.param),
    start: page.start ?? 1,
    size: sizeOf(page),
    shortPageEnds: page.short_page_ends ?? false,
    ...stopsOf(page),
  };
}

function buildOffset(offset: OffsetPaginationShape): ApiPagination {
  return {
    type: 'offset',
    offset: placeOf(offset, offset.param ?? USUAL_PARAMS.offset.param),
    start: offset.start ?? 0,
    limit: {
      place: placeOf(offset, offset.limit_param ?? USUAL_PARAMS.offset.limit_param),
      value: offset.limit ?? 100,
    },
    shortPageEnds: offset.short_page_ends ?? false,
    ...stopsOf(offset),
  };
}

function buildCursor(cursor: CursorPaginationShape): ApiPagination {
  return {
    type: 'cursor',
    from: cursor.header === undefined ? { body: cursor.cursor! } : { header: cursor.header.toLowerCase() },
    place: placeOf(cursor, cursor.param ?? USUAL_PARAMS.cursor.param),
    size: sizeOf(cursor),
    ...emptyOf(cursor),
    ...stopsOf(cursor),
  };
}

function buildKeyset(keyset: KeysetPaginationShape): ApiPagination {
  return {
    type: 'keyset',
    field: keyset.field,
    place: placeOf(keyset, keyset.param),
    prefix: keyset.prefix ?? '',
    start: keyset.start === undefined ? null : String(keyset.start),
    size: sizeOf(keyset),
    shortPageEnds: keyset.short_page_ends ?? false,
    ...stopsOf(keyset),
  };
}

function buildRange(range: RangePaginationShape): ApiPagination {
  return {
    type: 'range',
    size: range.size ?? 1000,
    unit: range.unit ?? 'items',
    shortPageEnds: range.short_page_ends ?? false,
  };
}

type SizedShape = PagePaginationShape | CursorPaginationShape | KeysetPaginationShape;

function sizeOf(shape: SizedShape): { place: RequestPlace; value: number } | null {
  if (shape.size === undefined) return null;
  return {
    place: placeOf(shape, shape.size_param ?? USUAL_PARAMS[shape.type].size_param),
    value: shape.size,
  };
}

function emptyOf({ empty_page_ends }: { empty_page_ends?: boolean }): EmptyPages {
  return { emptyPageEnds: empty_page_ends ?? false };
}

function stopsOf(shape: SizedShape | OffsetPaginationShape): PageStops {
  return {
    total: shape.total ?? null,
    totalPages: shape.total_pages ?? null,
    hasMore: shape.has_more ?? null,
  };
}

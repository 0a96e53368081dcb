import { Key } from './key.js';
import { Kinds } from './kinds.js';
import { EMPTY_PAGE_ENDS, MOST, SHORT_PAGE_ENDS, SizedShape, StopsShape } from './paging-parts-shape.js';
import { HEADER_NAME, JSON_PATH, PLACE_NAME, PREFIX, START } from './request-rules.js';
import { flag, oneOf, text, wholeNumber } from './rules.js';

const PAGES = 'How the pages are told apart.';

/** Link header, else a usual next field, else one page. */
export class AutoPaginationShape {
  @Key(oneOf(['auto']), { description: PAGES, isRequired: true })
  type: 'auto';
}

/** One page. */
export class SinglePaginationShape {
  @Key(oneOf(['single']), { description: PAGES, isRequired: true })
  type: 'single';
}

/** Pages by number. */
export class PagePaginationShape extends SizedShape {
  @Key(oneOf(['page']), { description: PAGES, isRequired: true })
  type: 'page';

  @Key(PLACE_NAME, { description: "Parameter for the page's number.", default: 'page' })
  param?: string;

  @Key(wholeNumber(0, MOST), { description: 'Number of the first page.', default: 1 })
  start?: number;

  @Key(flag, SHORT_PAGE_ENDS)
  short_page_ends?: boolean;
}

/** Pages by the number of records before them. */
export class OffsetPaginationShape extends StopsShape {
  @Key(oneOf(['offset']), { description: PAGES, isRequired: true })
  type: 'offset';

  @Key(PLACE_NAME, { description: 'Parameter for the number of records before.', default: 'offset' })
  param?: string;

  @Key(PLACE_NAME, { description: 'Parameter that asks for a number of records.', default: 'limit' })
  limit_param?: string;

  @Key(wholeNumber(1, MOST), { description: 'Records to ask for in a page.', default: 100 })
  limit?: number;

  @Key(wholeNumber(0, Number.MAX_SAFE_INTEGER), { description: 'Offset of the first page.', default: 0 })
  start?: number;

  @Key(flag, SHORT_PAGE_ENDS)
  short_page_ends?: boolean;
}

/** Each answer holds a token for the next page. */
export class CursorPaginationShape extends SizedShape {
  @Key(oneOf(['cursor']), { description: PAGES, isRequired: true })
  type: 'cursor';

  @Key(JSON_PATH, { description: 'Where the token is in the body.', examples: ['$.next_cursor'] })
  cursor?: string;

  @Key(HEADER_NAME, { description: 'The header that has the token, instead.', examples: ['X-Next-Cursor'] })
  header?: string;

  @Key(PLACE_NAME, { description: 'Parameter that takes the token.', default: 'cursor' })
  param?: string;

  @Key(flag, EMPTY_PAGE_ENDS)
  empty_page_ends?: boolean;
}

/** Each answer holds the address of the next page. */
export class NextUrlPaginationShape {
  @Key(oneOf(['next_url']), { description: PAGES, isRequired: true })
  type: 'next_url';

  @Key(JSON_PATH, {
    description: 'Where the address is in the body.',
    examples: ['$.next'],
    isRequired: true,
  })
  path: string;

  @Key(flag, EMPTY_PAGE_ENDS)
  empty_page_ends?: boolean;
}

/** The Link header (RFC 8288) has the address of the next page. */
export class LinkHeaderPaginationShape {
  @Key(oneOf(['link_header']), { description: PAGES, isRequired: true })
  type: 'link_header';

  @Key(text('a relation such as next', /^[!-~]{1,100}$/), {
    description: 'Relation of the link.',
    default: 'next',
  })
  rel?: string;

  @Key(flag, EMPTY_PAGE_ENDS)
  empty_page_ends?: boolean;
}

/** The last record of a page says where the next one begins. */
export class KeysetPaginationShape extends SizedShape {
  @Key(oneOf(['keyset']), { description: PAGES, isRequired: true })
  type: 'keyset';

  @Key(JSON_PATH, { description: 'Where the value is in a record.', examples: ['$.id'], isRequired: true })
  field: string;

  @Key(PLACE_NAME, {
    description: 'Parameter that takes the value.',
    examples: ['after_id'],
    isRequired: true,
  })
  param: string;

  @Key(PREFIX, { description: 'Put before the value.', default: '', examples: ['gt.'] })
  prefix?: string;

  @Key(START, {
    description: 'Value for the first page; without one it is asked for without.',
    examples: [0],
  })
  start?: string | number;

  @Key(flag, SHORT_PAGE_ENDS)
  short_page_ends?: boolean;
}

/** `Range` and `Content-Range`, as PostgREST has them. */
export class RangePaginationShape {
  @Key(oneOf(['range']), { description: PAGES, isRequired: true })
  type: 'range';

  @Key(wholeNumber(1, MOST), { description: 'Records to ask for in a page.', default: 1000 })
  size?: number;

  @Key(text('a unit such as items', /^[A-Za-z][\w-]{0,30}$/), {
    description: 'Unit of the range.',
    default: 'items',
  })
  unit?: string;

  @Key(flag, SHORT_PAGE_ENDS)
  short_page_ends?: boolean;
}

/** A GraphQL connection's pageInfo. */
export class GraphqlPaginationShape {
  @Key(oneOf(['graphql']), { description: PAGES, isRequired: true })
  type: 'graphql';

  @Key(JSON_PATH, {
    description: 'Where pageInfo is in the body; the query must ask for hasNextPage and endCursor.',
    examples: ['$.data.orders.pageInfo'],
    isRequired: true,
  })
  page_info: string;

  @Key(text('a name of letters, digits and _', /^[A-Za-z_]\w{0,99}$/), {
    description: "The query's variable that takes endCursor.",
    default: 'after',
  })
  variable?: string;
}

/** Every kind of pagination. */
export const PAGINATIONS = new Kinds(
  {
    auto: AutoPaginationShape,
    single: SinglePaginationShape,
    page: PagePaginationShape,
    offset: OffsetPaginationShape,
    cursor: CursorPaginationShape,
    next_url: NextUrlPaginationShape,
    link_header: LinkHeaderPaginationShape,
    keyset: KeysetPaginationShape,
    range: RangePaginationShape,
    graphql: GraphqlPaginationShape,
  },
  ['auto', 'single', 'page', 'offset', 'link_header', 'range'],
);

export type PaginationShape =
  | AutoPaginationShape
  | SinglePaginationShape
  | PagePaginationShape
  | OffsetPaginationShape
  | CursorPaginationShape
  | NextUrlPaginationShape
  | LinkHeaderPaginationShape
  | KeysetPaginationShape
  | RangePaginationShape
  | GraphqlPaginationShape;

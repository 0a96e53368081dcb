import type { ApiPagination } from '../src/config-history/api-source-config.js';
import type { ApiRequest } from '../src/extraction/api/api-request.js';
import { HOME, type Answer } from './walk-pages.js';

/** How the API tells of the end, and what it tells wrong. */
export type Tells =
  'nothing' | 'total' | 'total as text' | 'pages' | 'has_more' | 'has_more until the last page';

/** An API of numbered records. */
export interface Api {
  count: number;
  /** Asked for. */
  size: number;
  /** Most that the API gives. */
  cap: number;
  tells: Tells;
}

const SIZED = { shortPageEnds: false };
const STOPS = { total: '$.total', totalPages: '$.pages', hasMore: '$.has_more' };
const query = (name: string) => ({ in: 'query' as const, name });
function slice(api: Api, from: number, size: number) {
  const width = Math.min(size, api.cap);
  const to = Math.min(from + width, api.count);
  const items = Array.from({ length: Math.max(0, to - from) }, (_, index) => ({ id: from + index + 1 }));
  const isLast = to >= api.count;
  const told: Record<Tells, object> = {
    nothing: {},
    total: { total: api.count },
    'total as text': { total: String(api.count) },
    pages: { pages: Math.ceil(api.count / width) },
    has_more: { has_more: !isLast },
    'has_more until the last page': isLast ? {} : { has_more: true },
  };
  return { items, isLast, to, width, told: told[api.tells] };
}

const parameter = ({ url }: ApiRequest, name: string): number | null => {
  const value = new URL(url).searchParams.get(name);
  return value === null ? null : Number(value);
};
const answer = (body: object, headers: Record<string, string> = {}, status = 200): Answer => ({
  status,
  headers,
  body: JSON.stringify(body),
});

/** How it gives them in pages. */
export interface PagedApi {
  pagination(api: Api): ApiPagination;
  answer(request: ApiRequest, api: Api): Answer;
  base?: ApiRequest;
}

const byCursor = (
  place: 'query' | 'header' | 'body',
  from: { body: string } | { header: string },
): PagedApi => ({
  pagination: ({ size }) => ({
    ...STOPS,
    type: 'cursor',
    emptyPageEnds: false,
    from,
    place: { in: place, name: place === 'body' ? 'page.after' : 'after' },
    size: { place: query('limit'), value: size },
  }),
  answer(request, api) {
    const body = request.body as { page?: { after?: string } } | undefined;
    const cursor = {
      query: parameter(request, 'after'),
      header: request.headers.after,
      body: body?.page?.after,
    }[place];
    const { items, isLast, to, told } = slice(api, Number(cursor ?? 0), parameter(request, 'limit') ?? 0);
    if ('header' in from) return answer({ items, ...told }, isLast ? {} : { 'x-next': `${to}` });
    return answer({ items, ...told, next: isLast ? [null, ''][to % 2] : to });
  },
});

const byUrl = (url: (next: string) => string): PagedApi => ({
  pagination: () => ({ type: 'next_url', path: '$.links.next', emptyPageEnds: false }),
  answer(request, api) {
    const { items, isLast, to } = slice(api, parameter(request, 'from') ?? 0, api.size);
    return answer({ items, links: isLast ? {} : { next: url(`?from=${to}`) } });
  },
});

export const PAGED_APIS: Record<string, PagedApi> = {
  'page numbers': {
    pagination: ({ size }) => ({
      ...STOPS,
      type: 'page',
      ...SIZED,
      page: query('page'),
      start: 1,
      size: { place: query('limit'), value: size },
    }),
    answer(request, api) {
      const size = parameter(request, 'limit') ?? 0;
      const { items, told } = slice(
        api,
        ((parameter(request, 'page') ?? 1) - 1) * Math.min(size, api.cap),
        size,
      );
      return answer({ items, ...told });
    },
  },
  'page numbers from 0 without a size': {
    pagination: () => ({ ...STOPS, ...SIZED, type: 'page', page: query('p'), start: 0, size: null }),
    answer(request, api) {
      const { items, told } = slice(
        api,
        (parameter(request, 'p') ?? 0) * Math.min(api.size, api.cap),
        api.size,
      );
      return answer({ items, ...told });
    },
  },
  offset: {
    pagination: ({ size }) => ({
      ...STOPS,
      ...SIZED,
      type: 'offset',
      offset: query('skip'),
      start: 0,
      limit: { place: query('take'), value: size },
    }),
    answer(request, api) {
      const { items, told } = slice(api, parameter(request, 'skip') ?? 0, parameter(request, 'take') ?? 0);
      return answer({ items, ...told });
    },
  },
  keyset: {
    pagination: ({ size }) => ({
      ...STOPS,
      ...SIZED,
      type: 'keyset',
      field: '$.id',
      place: query('after'),
      prefix: '',
      start: null,
      size: { place: query('limit'), value: size },
    }),
    answer(request, api) {
      const { items, told } = slice(api, parameter(request, 'after') ?? 0, parameter(request, 'limit') ?? 0);
      return answer({ items, ...told });
    },
  },
  'cursor, body to query': byCursor('query', { body: '$.next' }),
  'cursor, body to body': {
    ...byCursor('body', { body: '$.next' }),
    base: { method: 'POST', url: `${HOME}/items`, headers: {}, body: { q: 'x', page: { order: 'id' } } },
  },
  'cursor, header to header': byCursor('header', { header: 'X-Next' }),
  'cursor, header to query': byCursor('query', { header: 'x-next' }),
  'next URL, absolute': byUrl((next) => `${HOME}/items${next}`),
  'next URL, from the root': byUrl((next) => `/items${next}`),
  'next URL, query alone': byUrl((next) => next),
  'Link header': {
    pagination: () => ({ type: 'link_header', rel: 'next', emptyPageEnds: false }),
    answer(request, api) {
      const { items, isLast, to } = slice(api, parameter(request, 'from') ?? 0, api.size);
      const next = isLast ? '' : `, <items?from=${to}>; rel="next"; title="a, b"`;
      return answer({ items }, { link: `<${HOME}/items>; rel="first"${next}` });
    },
  },
  'range with a total': {
    pagination: ({ size }) => ({ ...SIZED, type: 'range', size, unit: 'items' }),
    answer: (request, api) => answerRange(request, api, true),
  },
  'range without a total': {
    pagination: ({ size }) => ({ ...SIZED, type: 'range', size, unit: 'items' }),
    answer: (request, api) => answerRange(request, api, false),
  },
  GraphQL: {
    pagination: () => ({ type: 'graphql', pageInfo: '$.info', variable: 'after' }),
    answer(request, api) {
      const { variables } = request.body as { variables: { after?: string } };
      const { items, isLast, to } = slice(api, Number(variables.after ?? 0), api.size);
      return answer({ items, info: { hasNextPage: !isLast, endCursor: items.length > 0 ? `${to}` : null } });
    },
    base: {
      method: 'POST',
      url: `${HOME}/items`,
      headers: {},
      body: { query: 'q', variables: { first: 20 } },
    },
  },
};

/** As PostgREST has it: 206 and 416 where the total is known, else 200. */
function answerRange({ headers }: ApiRequest, api: Api, isCounted: boolean): Answer {
  const [from = 0, last = 0] = headers.range?.split('-').map(Number) ?? [];
  if (headers['range-unit'] !== 'items') throw new Error('no range');
  const { items, to } = slice(api, from, last - from + 1);
  const total = isCounted ? api.count : '*';
  const range = items.length === 0 ? '*' : `${from}-${to - 1}`;
  if (isCounted && from > api.count)
    return answer({ message: 'gone' }, { 'content-range': `*/${total}` }, 416);
  const status = isCounted && items.length < api.count ? 206 : 200;
  return answer({ items }, { 'content-range': `${range}/${total}` }, status);
}

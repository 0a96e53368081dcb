import { describe, expect, it } from '@jest/globals';
import { followPage, type Step } from '../../../../test/follow-page.js';
import { HOME, seePage, walkPages } from '../../../../test/walk-pages.js';
import type {
  ApiPagination,
  CursorPagination,
  RequestPlace,
} from '../../../config-history/api-source-config.js';
import { createPaginator } from './paginators.js';
import type { PagingBase } from './paging-base.js';

const query = (name: string): RequestPlace => ({ in: 'query', name });
const body = (name: string): RequestPlace => ({ in: 'body', name });
const cursor = (path: string, place: RequestPlace, hasMore: string | null = null): CursorPagination => ({
  type: 'cursor',
  from: { body: path },
  place,
  size: null,
  total: null,
  totalPages: null,
  hasMore,
  emptyPageEnds: false,
});
const post = (sent: unknown) => ({ method: 'POST' as const, body: sent });
const SOURCE: PagingBase = {
  url: `${HOME}/items`,
  method: 'GET',
  origins: [],
  records: '$.items',
  auth: { type: 'none' },
};
const two = [{ id: 1 }, { id: 2 }];
const nextUrl = (path: string): ApiPagination => ({ type: 'next_url', path, emptyPageEnds: false });
const link: ApiPagination = { type: 'link_header', rel: 'next', emptyPageEnds: false };
const graphql: ApiPagination = { type: 'graphql', pageInfo: '$.data.issues.pageInfo', variable: 'after' };
const relay = (pageInfo: unknown) => ({ data: { issues: { nodes: two, pageInfo } } });
const issues = '$.data.issues.nodes';

/** What the next request has that the first had not; null: there is none. */
const cases: [name: string, step: Step, next: { url?: string; body?: unknown; headers?: object } | null][] = [
  [
    'Notion',
    {
      pagination: cursor('$.next_cursor', body('start_cursor'), '$.has_more'),
      body: { object: 'list', results: two, next_cursor: 'fe2cc560', has_more: true },
      records: '$.results',
      request: post({ page_size: 100 }),
    },
    { body: { page_size: 100, start_cursor: 'fe2cc560' } },
  ],
  [
    'Notion at its end',
    {
      pagination: cursor('$.next_cursor', body('start_cursor'), '$.has_more'),
      body: { results: two, next_cursor: 'fe2cc560', has_more: false },
      records: '$.results',
    },
    null,
  ],
  [
    'HubSpot search',
    {
      pagination: cursor('$.paging.next.after', body('after')),
      body: { total: 20, results: two, paging: { next: { after: '10' } } },
      records: '$.results',
      request: post({ limit: 10 }),
    },
    { body: { limit: 10, after: '10' } },
  ],
  [
    'Elasticsearch, by the sort of the last hit',
    {
      pagination: cursor('$.hits.hits[-1:].sort', body('search_after')),
      body: '{"hits":{"total":{"value":3},"hits":[{"_id":"1","sort":[1]},{"_id":"2","sort":[12345678901234567890,"b"]}]}}',
      records: '$.hits.hits',
      request: post({ size: 2 }),
    },
    { body: '{"size":2,"search_after":[12345678901234567890,"b"]}' },
  ],
  [
    'DynamoDB-like keys',
    {
      pagination: cursor('$.LastEvaluatedKey', body('ExclusiveStartKey')),
      body: { items: two, LastEvaluatedKey: { id: { N: '5' } } },
      request: post({}),
    },
    { body: { ExclusiveStartKey: { id: { N: '5' } } } },
  ],
  [
    'a cursor in a header',
    {
      pagination: { ...cursor('', query('cursor')), from: { header: 'X-Next-Cursor' } },
      body: { items: two },
      headers: { 'x-next-cursor': 'a=b&c' },
    },
    { url: `${HOME}/items?cursor=a%3Db%26c` },
  ],
  ['an absent cursor', { pagination: cursor('$.next', query('c')), body: { items: two } }, null],
  ...[null, '', false, 0, '0'].map((next): [string, Step, null] => [
    `a cursor that is ${JSON.stringify(next)}`,
    { pagination: cursor('$.next', query('c')), body: { items: two, next } },
    null,
  ]),
  [
    'a cursor of 20 digits',
    { pagination: cursor('$.next', query('c')), body: '{"items":[{"id":1}],"next":12345678901234567890}' },
    { url: `${HOME}/items?c=12345678901234567890` },
  ],
  [
    'Salesforce',
    {
      pagination: nextUrl('$.nextRecordsUrl'),
      body: {
        totalSize: 3214,
        done: false,
        nextRecordsUrl: '/services/data/v60.0/query/01g-2000',
        records: two,
      },
      records: '$.records',
      url: `${HOME}/services/data/v60.0/query?q=SELECT+Id+FROM+Account`,
    },
    { url: `${HOME}/services/data/v60.0/query/01g-2000` },
  ],
  [
    'OData',
    {
      pagination: nextUrl("$['@odata.nextLink']"),
      body: { value: two, '@odata.nextLink': `${HOME}/items?$skiptoken=X%2fY` },
      records: '$.value',
    },
    { url: `${HOME}/items?$skiptoken=X%2fY` },
  ],
  [
    'Django REST at its end',
    { pagination: nextUrl('$.next'), body: { count: 2, next: null, results: two }, records: '$.results' },
    null,
  ],
  [
    'Shopify',
    {
      pagination: link,
      body: { products: two },
      records: '$.products',
      headers: {
        link: `<${HOME}/admin/products.json?page_info=a1&limit=2>; rel="previous", <${HOME}/admin/products.json?page_info=eyJ&limit=2>; rel="next"`,
      },
    },
    { url: `${HOME}/admin/products.json?page_info=eyJ&limit=2` },
  ],
  [
    'GitLab',
    {
      pagination: link,
      body: two,
      records: '$',
      headers: {
        link: `<${HOME}/p/8/notes?page=1>; rel="prev", <${HOME}/p/8/notes?page=3>; rel="next", <${HOME}/p/8/notes?page=1>; rel="first"`,
      },
    },
    { url: `${HOME}/p/8/notes?page=3` },
  ],
  ...(
    [
      ['several Link headers', '</a>; rel=self, </b>; rel=next', '/b'],
      ['several relations of one link', '</b>; rel="last next"', '/b'],
      ['capitals, spaces and no quotes', '</b> ;  REL=Next', '/b'],
      ['commas and semicolons in a URL', '</b?x=1,2;3>; rel="next"; title="a; b, <c>"', '/b?x=1,2;3'],
      ['an anchor elsewhere', '</x>; rel="next"; anchor="/other", </b>; rel="next"', '/b'],
      ['an anchor here', '</b>; rel="next"; anchor="#part"', '/b'],
    ] as const
  ).map(([name, header, path]): [string, Step, { url: string }] => [
    name,
    { pagination: link, body: { items: two }, headers: { link: header } },
    { url: `${HOME}${path}` },
  ]),
  ['no Link header', { pagination: link, body: { items: two } }, null],
  [
    'a Link header at its end',
    { pagination: link, body: { items: two }, headers: { link: '</a>; rel=prev' } },
    null,
  ],
  [
    'another relation',
    {
      pagination: { type: 'link_header', rel: 'https://api.example.com/rels/older', emptyPageEnds: false },
      body: { items: two },
      headers: { link: '</a>; rel="next", </b>; rel="https://api.example.com/rels/older"' },
    },
    { url: `${HOME}/b` },
  ],
  [
    'Relay',
    {
      pagination: graphql,
      body: relay({ hasNextPage: true, endCursor: 'Y3Vyc29yOnYyOpHOA' }),
      records: issues,
      request: post({ query: 'query($after: String) { … }', variables: { first: 2 } }),
    },
    { body: { query: 'query($after: String) { … }', variables: { first: 2, after: 'Y3Vyc29yOnYyOpHOA' } } },
  ],
  [
    'Relay at its end',
    {
      pagination: graphql,
      body: relay({ hasNextPage: false, endCursor: 'Y3Vy' }),
      records: issues,
      request: post({}),
    },
    null,
  ],
];

describe('pages that lead on themselves', () => {
  it.each(cases)('%s', (_name, step, expected) => {
    const { request } = followPage(step);
    if (expected === null) {
      expect(request).toBeNull();
      return;
    }
    const first = { url: `${HOME}/items`, headers: {}, ...step.request };
    const wanted = typeof expected.body === 'string' ? JSON.parse(expected.body) : expected.body;
    if (typeof expected.body === 'string') expect(JSON.stringify(request?.body)).toBe(expected.body);
    else expect(request?.body).toEqual(wanted ?? step.request?.body);
    expect(request).toMatchObject({ url: expected.url ?? first.url, headers: expected.headers ?? {} });
  });

  it.each<[string, Step, string]>([
    [
      'a number for a URL',
      { pagination: nextUrl('$.next'), body: { items: two, next: 2 } },
      'next_url: expected a URL at $.next, got a value of type number',
    ],
    [
      'an object for a URL',
      { pagination: nextUrl('$.next'), body: { items: two, next: {} } },
      'got a value of type object',
    ],
    [
      'has_more without a cursor',
      { pagination: cursor('$.next', query('c'), '$.more'), body: { items: two, more: true } },
      'cursor: expected a cursor at $.next, for $.more says that there is more, got none',
    ],
    [
      'a total without a cursor',
      { pagination: { ...cursor('$.next', query('c')), total: 'total' }, body: { items: two, total: 3 } },
      'pagination: expected 3 records, as total says, got an end after 2 records',
    ],
    [
      'an end before a total that only a page before told',
      { pagination: { ...cursor('$.next', query('c')), total: 'total' }, body: { items: two }, known: 3 },
      'expected 3 records, as total says, got an end after 2 records',
    ],
    [
      'has_more of another kind',
      { pagination: cursor('$.next', query('c'), '$.more'), body: { items: two, more: 'soon' } },
      'has_more: expected true or false at $.more, got soon',
    ],
    [
      'a broken Link header',
      { pagination: link, body: { items: two }, headers: { link: '</a; rel=next' } },
      'Link header: expected <URL>',
    ],
    [
      'a Link header with a target of its own',
      { pagination: link, body: { items: two }, headers: { link: '</a>; rel=next; uri="//x"' } },
      'Link header: expected <URL>',
    ],
    [
      'a link to elsewhere',
      { pagination: link, body: { items: two }, headers: { link: '<http://169.254.169.254/>; rel=next' } },
      'got one at http://169.254.169.254',
    ],
    [
      'no pageInfo',
      { pagination: graphql, body: relay(null), records: issues },
      'expected an object at $.data.issues.pageInfo, got none; does the query ask',
    ],
    [
      'no hasNextPage',
      { pagination: graphql, body: relay({ endCursor: 'x' }), records: issues },
      'expected true or false at $.data.issues.pageInfo.hasNextPage',
    ],
    [
      'no endCursor',
      { pagination: graphql, body: relay({ hasNextPage: true, endCursor: null }), records: issues },
      'expected a cursor, for hasNextPage is true',
    ],
    [
      'errors beside data',
      {
        pagination: graphql,
        body: {
          errors: [{ message: 'Something timed out for ann@example.com' }],
          ...relay({ hasNextPage: false }),
        },
        records: issues,
      },
      'GraphQL: expected data, got 1 errors: Something timed out for ***',
    ],
  ])('refuses %s', (_name, step, message) => {
    expect(() => followPage(step)).toThrow(message);
  });

  it.each([nextUrl('$.next'), cursor('$.next', query('c'))])(
    'refuses CSV where %j looks for JSON',
    (pagination) => {
      const { records, ...page } = seePage({ body: '{"items":[1]}' });
      const paginator = createPaginator(pagination, SOURCE);
      const next = (count: number) => () =>
        paginator.next({ ...page, body: undefined, records: count }, paginator.first());
      expect(next(records)).toThrow(/expected (?:JSON|a URL) .*\$\.next, got n/);
      expect(next(0)()).toBeNull();
    },
  );

  it('remarks that a path leads nowhere while the page says that there is more', () => {
    const { remarks } = followPage({
      pagination: nextUrl('$.nxt'),
      body: { items: two, next: '/b', total: 2500 },
    });
    expect(remarks).toEqual([
      { level: 'warn', text: 'the pages ended after 2 records, though $.total is 2500' },
    ]);
  });
});

describe('a Link header that gets lost', () => {
  const at = (page: string, header?: string): Step => ({
    pagination: link,
    body: { items: two },
    url: `${HOME}/items?per_page=2${page}`,
    ...(header !== undefined && { headers: { link: header } }),
    position: { token: 'x', pages: 3, seen: 6, empty: 0, last: `${HOME}/repos/1/items?page=14&per_page=2` },
  });

  it.each<[string, Step, string]>([
    ['without a trace', at('&page=4'), 'expected links to lead on to page=14, got none at page=4'],
    ['but for its other links', at('&page=4', '</items?page=3>; rel=prev'), 'got none at page=4'],
    [
      'on the first page',
      at('', '</items?per_page=2&page=9>; rel=last'),
      'page=9, got none at the first page',
    ],
    ['where pages have tokens', at('&after=xyz'), 'expected links to lead on to the last page, got none'],
  ])('%s is an error', (_name, step, message) => {
    expect(() => followPage(step)).toThrow(message);
  });

  it.each<[string, Step]>([
    ['it is the last page', at('&page=14')],
    ['more pages came meanwhile', at('&page=15')],
    ['the last one came nearer', at('&page=4', '</items?per_page=2&page=4>; rel=last')],
    ['pages have tokens, and it has other links', at('&after=xyz', '</items?before=a>; rel=prev')],
    [
      'no page told of a last one',
      { ...at('&page=4'), position: { token: 'x', pages: 3, seen: 6, empty: 0 } },
    ],
  ])('is the end where %s', (_name, step) => {
    expect(followPage(step).next).toBeNull();
  });

  it('is remembered from page to page, without credentials', () => {
    const auth = { type: 'api_key', key: 'k', place: { in: 'query', name: 'key', prefix: '' } } as const;
    const header = '</items?page=2>; rel=next, </items?page=9&key=k>; rel=last';
    const { next } = followPage({ ...at('', header), source: { auth } });
    expect(next).toMatchObject({ last: `${HOME}/items?page=9` });
  });
});

describe('empty pages that lead on', () => {
  const paginator = (hasMore: string | null, emptyPageEnds = false) =>
    createPaginator({ ...cursor('$.next', query('c'), hasMore), emptyPageEnds }, SOURCE);
  /** Gives the items of `pages` one after the other, then empty pages for ever. */
  const api = (pages: number[][], next: (page: number) => object) => {
    let page = 0;
    return () => {
      const items = (pages[page] ?? []).map((id) => ({ id }));
      page += 1;
      return { body: JSON.stringify({ items, ...next(page) }) };
    };
  };
  const ids = (records: unknown[]) => records.map((record) => (record as { id: number }).id);

  it.each<[string, number[][], (page: number) => object, string | null, number[], number]>([
    ['in the middle', [[1], [], [], [2], []], (page) => (page < 4 ? { next: page } : {}), null, [1, 2], 4],
    [
      'many of them in the middle',
      [[1], ...Array.from({ length: 150 }, () => []), [2], []],
      (page) => (page < 152 ? { next: page } : {}),
      null,
      [1, 2],
      152,
    ],
    ['in the same place', [[1]], () => ({ next: 'end' }), null, [1], 2],
    [
      'for as long as has_more says so',
      [[1], ...Array.from({ length: 20 }, () => []), [2]],
      (page) => ({ next: page, more: page < 22 }),
      '$.more',
      [1, 2],
      22,
    ],
    ['though has_more says no', [[1], []], (page) => ({ next: page, more: false }), '$.more', [1], 1],
  ])('%s', (_name, pages, next, hasMore, expected, requests) => {
    const walk = walkPages(paginator(hasMore), api(pages, next));
    expect([ids(walk.records), walk.requests.length]).toEqual([expected, requests]);
    const remarks = walk.remarks.filter(({ text }) => text.startsWith('10 pages in a row had no records'));
    expect(remarks).toHaveLength(requests > 20 ? 1 : 0);
  });

  it('for ever are an error, not the end', () => {
    const walk = () =>
      walkPages(
        paginator(null),
        api([[1], [], [2]], (page) => ({ next: page })),
      );
    expect(walk).toThrow(
      'max_pages: expected the pages to end after 500, got more to come; the last 497 had no records: where that is the end',
    );
  });

  it.each<[string, (page: number) => object, number]>([
    ['are the end where the config says so', (page) => ({ next: page }), 2],
    [
      'lead on all the same where has_more says so',
      (page) => ({ next: page, more: page === 2 ? true : null }),
      4,
    ],
  ])('%s', (_name, next, requests) => {
    const walk = walkPages(paginator('$.more', true), api([[1], [], [2]], next));
    expect(walk.requests).toHaveLength(requests);
  });

  it('are no end before a total, whatever the config says', () => {
    const pagination = { ...cursor('$.next', query('c')), emptyPageEnds: true, total: 'total' };
    expect(() => followPage({ pagination, body: { items: [], next: 'x' }, known: 5 })).toThrow(
      'expected 5 records, as total says, got an end after 0 records',
    );
  });

  it('refuse to end where has_more says that there is more and the cursor stands still', () => {
    const walk = () =>
      walkPages(
        paginator('$.more'),
        api([[1]], () => ({ next: 'end', more: true })),
      );
    expect(walk).toThrow('page 3: expected page 2 to lead on');
  });
});

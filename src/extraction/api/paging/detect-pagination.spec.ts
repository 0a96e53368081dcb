import { describe, expect, it } from '@jest/globals';
import { followPage, type Step } from '../../../../test/follow-page.js';
import { HOME } from '../../../../test/walk-pages.js';

const auto = (body: unknown, records = '$.items', part: Partial<Step> = {}) =>
  followPage({ pagination: { type: 'auto' }, body, records, ...part });
const two = [{ id: 1 }, { id: 2 }];
const url = (query: string) => `${HOME}/items?${query}`;

/** As the documentation of these APIs shows them, cut. */
const leading: [
  api: string,
  body: unknown,
  records: string,
  part: Partial<Step>,
  label: string,
  next: string,
][] = [
  [
    'GitHub',
    two,
    '$',
    { headers: { link: `<${url('page=2')}>; rel="next", <${url('page=14')}>; rel="last"` } },
    'Link header, rel=next',
    url('page=2'),
  ],
  [
    'Django REST',
    { count: 1023, next: url('page=5'), previous: null, results: two },
    '$.results',
    {},
    '$.next',
    url('page=5'),
  ],
  [
    'Laravel',
    { data: two, links: { first: url('page=1'), next: url('page=2') }, meta: { last_page: 9, total: 90 } },
    '$.data',
    {},
    '$.links.next',
    url('page=2'),
  ],
  [
    'JSON:API, link object',
    { data: two, links: { next: { href: '/items?page=2' } } },
    '$.data',
    {},
    '$.links.next.href',
    url('page=2'),
  ],
  [
    'HAL',
    { _links: { self: { href: '/items' }, next: { href: '/items?page=2' } }, _embedded: { items: two } },
    '$._embedded.items',
    {},
    '$._links.next.href',
    url('page=2'),
  ],
  [
    'Facebook Graph',
    { data: two, paging: { cursors: { after: 'MTAx' }, next: url('after=MTAx') } },
    '$.data',
    {},
    '$.paging.next',
    url('after=MTAx'),
  ],
  [
    'HubSpot',
    { results: two, paging: { next: { after: 'NTI1', link: '?after=NTI1' } } },
    '$.results',
    {},
    '$.paging.next.link',
    url('after=NTI1'),
  ],
  [
    'OData 4',
    { '@odata.count': 91, value: two, '@odata.nextLink': url('$skiptoken=X') },
    '$.value',
    {},
    '$["@odata.nextLink"]',
    url('$skiptoken=X'),
  ],
  [
    'OData 2',
    { d: { results: two, __next: url('$skiptoken=2') } },
    '$.d.results',
    {},
    '$.d.__next',
    url('$skiptoken=2'),
  ],
  [
    'Salesforce',
    { totalSize: 3214, done: false, nextRecordsUrl: '/services/query/01g-2000', records: two },
    '$.records',
    {},
    '$.nextRecordsUrl',
    `${HOME}/services/query/01g-2000`,
  ],
  [
    'FHIR',
    {
      link: [
        { relation: 'self', url: '/a' },
        { relation: 'next', url: '/b' },
      ],
      entry: two,
    },
    '$.entry',
    {},
    "$.link[?@.relation=='next'].url",
    `${HOME}/b`,
  ],
  [
    'PayPal',
    { items: two, links: [{ href: '/b', rel: 'next' }] },
    '$.items',
    {},
    "$.links[?@.rel=='next'].href",
    `${HOME}/b`,
  ],
  [
    'Rick and Morty',
    { info: { count: 826, pages: 42, next: url('page=2') }, results: two },
    '$.results',
    {},
    '$.info.next',
    url('page=2'),
  ],
  [
    'nested pagination',
    { meta: { pagination: { links: { next: '?page=2' } } }, items: two },
    '$.items',
    {},
    '$.meta.pagination.links.next',
    url('page=2'),
  ],
  [
    'Google',
    { nextPageToken: 'CAUQAA', items: two },
    '$.items',
    {},
    '$.nextPageToken',
    url('pageToken=CAUQAA'),
  ],
  [
    'Google, AIP-158',
    { next_page_token: 'a/b', items: two },
    '$.items',
    {},
    '$.next_page_token',
    url('page_token=a/b'),
  ],
  [
    'Slack',
    { ok: true, members: two, response_metadata: { next_cursor: 'dXNlcjpVMEc5V0ZYTlo=' } },
    '$.members',
    {},
    '$.response_metadata.next_cursor',
    url('cursor=dXNlcjpVMEc5V0ZYTlo%3D'),
  ],
  ['Airtable', { records: two, offset: 'itrX/recY' }, '$.records', {}, '$.offset', url('offset=itrX/recY')],
  [
    'a Link header before a field',
    { items: two, next: '/b' },
    '$.items',
    { headers: { link: '<?p=2>; rel=next' } },
    'Link header',
    url('p=2'),
  ],
  [
    'a Link header without next',
    { items: two, next: '/b' },
    '$.items',
    { headers: { link: '</>; rel=describedby' } },
    '$.next',
    `${HOME}/b`,
  ],
];

describe('pagination auto', () => {
  it.each(leading)('%s', (_api, body, records, part, label, next) => {
    const { request, remarks } = auto(body, records, part);
    expect(request?.url).toBe(next);
    expect(remarks).toEqual([{ level: 'info', text: expect.stringContaining(label) }]);
  });

  it('puts a known token into the body of a POST', () => {
    const body = { total: 99, results: two, paging: { next: { after: '10' } } };
    const request = { method: 'POST' as const, body: { limit: 10 } };
    expect(auto(body, '$.results', { request }).request?.body).toEqual({ limit: 10, after: '10' });
  });

  it.each<[string, unknown, string, Partial<Step>]>([
    ['a list', two, '$', {}],
    ['an object', { id: 1, total: 99.5, has_more: true, next: 'x', count: 40 }, '$', {}],
    ['one record in a body', { user: { id: 1, done: false, total: 12, next: '/x' } }, '$.user', {}],
    ['GitHub, the only page', two, '$', { headers: { link: '<https://x.example>; rel="help"' } }],
    ['Django REST, the only page', { count: 2, next: null, previous: null, results: two }, '$.results', {}],
    [
      'Notion, the only page',
      { object: 'list', results: two, next_cursor: null, has_more: false },
      '$.results',
      {},
    ],
    [
      'Stripe, the only page',
      { object: 'list', data: two, has_more: false, url: '/v1/customers' },
      '$.data',
      {},
    ],
    ['Slack, the only page', { members: two, response_metadata: { next_cursor: '' } }, '$.members', {}],
    ['Facebook Graph, the only page', { data: two, paging: { cursors: { after: 'MTAx' } } }, '$.data', {}],
    ['Salesforce, the only page', { totalSize: 2, done: true, records: two }, '$.records', {}],
    ['a cursor beside has_more false', { items: two, next_cursor: 'x', has_more: false }, '$.items', {}],
    [
      'an echo of what was asked for',
      { items: two, offset: 0, limit: 100, total: 2, page: 1, pages: 1 },
      '$.items',
      {},
    ],
    ['a total as text', { items: two, total: '2' }, '$.items', {}],
    ['nothing', { items: [], total: 0 }, '$.items', {}],
    ['a filter', { items: [...two, { id: 3 }], total: 3 }, '$.items[?@.id>2]', {}],
    ['a whole range', two, '$', { headers: { 'content-range': '0-1/2', 'x-total-count': '2' } }],
    ['an empty range', [], '$', { headers: { 'content-range': '*/*' } }],
    ['a range of something else', two, '$', { headers: { 'content-range': '0-1023/*' } }],
    ['a last link to itself', two, '$', { headers: { link: '</items>; rel=last' } }],
  ])('takes %s for the only page', (_name, body, records, part) => {
    const { next, remarks } = auto(body, records, part);
    expect(next).toBeNull();
    expect(remarks).toEqual([{ level: 'info', text: 'pagination auto: chose single page' }]);
  });

  it.each<[string, unknown, string, Partial<Step>, string[]]>([
    [
      'Stripe',
      { object: 'list', data: two, has_more: true, url: '/v1/customers' },
      '$.data',
      {},
      ['$.has_more is true', 'keyset'],
    ],
    [
      'Notion',
      { results: two, next_cursor: 'fe2c', has_more: true },
      '$.results',
      {},
      ['$.next_cursor leads', 'cursor'],
    ],
    [
      'Supabase',
      two,
      '$',
      { status: 206, headers: { 'content-range': '0-1/3573' } },
      ['Content-Range is 0-1/3573', '(range)'],
    ],
    [
      'json-server',
      two,
      '$',
      { headers: { 'x-total-count': '100' } },
      ['x-total-count is 100', 'page, offset'],
    ],
    ['WordPress', two, '$', { headers: { 'x-wp-totalpages': '7' } }, ['x-wp-totalpages is 7', 'page']],
    [
      'Spring',
      { content: two, last: false, totalPages: 7, totalElements: 14 },
      '$.content',
      {},
      ['$.last is false', '$.totalElements is 14', '$.totalPages is 7'],
    ],
    [
      'Jira',
      { startAt: 0, maxResults: 2, total: 71, issues: two },
      '$.issues',
      {},
      ['$.total is 71', 'after 2 records', 'offset'],
    ],
    [
      'Directus with meta',
      { data: two, meta: { filter_count: 2, total_count: 2500 } },
      '$.data',
      {},
      ['$.meta.total_count is 2500'],
    ],
    ['a total as text', { items: two, meta: { total: '2500' } }, '$.items', {}, ['$.meta.total is 2500']],
    ['a total beside nothing', { items: [], total: 5 }, '$.items', {}, ['after 0 records', '$.total is 5']],
    [
      'Elasticsearch',
      { hits: { total: { value: 10000, relation: 'gte' }, hits: two } },
      '$.hits.hits',
      {},
      ['$.hits.total is'],
    ],
    [
      'GraphQL',
      { data: { issues: { nodes: two, pageInfo: { hasNextPage: true, endCursor: 'Y3' } } } },
      '$.data.issues.nodes',
      {},
      ['$.data.issues.pageInfo.hasNextPage is true', 'graphql'],
    ],
    [
      'Kaminari',
      { items: two, meta: { current_page: 1, next_page: 2, total_pages: 9 } },
      '$.items',
      {},
      ['$.meta.next_page leads', 'page'],
    ],
    [
      'Pipedrive',
      { data: two, additional_data: { pagination: { next_start: 100 } } },
      '$.data',
      {},
      ['$.additional_data.pagination.next_start leads'],
    ],
    ['a filter', { items: [...two, { id: 3 }], total: 4 }, '$.items[?@.id>2]', {}, ['$.total is 4']],
    [
      'a number of 20 digits',
      '{"items":[{"id":1}],"next":12345678901234567890}',
      '$.items',
      {},
      ['$.next leads'],
    ],
  ])('refuses to take page 1 of %s for all', (_name, body, records, part, words) => {
    const detect = () => auto(body, records, part);
    for (const word of ['pagination auto: expected', 'or single if', ...words]) expect(detect).toThrow(word);
  });

  it('keeps to its choice at later pages, whatever these look like', () => {
    const first = auto({ items: two, next: '?page=2' });
    const later = { items: two, links: { next: '/other' }, next: '?page=3' };
    const position = JSON.parse(JSON.stringify(first.next)) as Step['position'];
    const headers = { link: '</another>; rel=next' };
    const second = auto(later, '$.items', { ...(position && { position }), headers, before: 2 });
    expect(second.request?.url).toBe(url('page=3'));
    expect(second.remarks).toEqual([]);
    expect(first.next).toMatchObject({ auto: '{"type":"next_url","path":"$.next","emptyPageEnds":false}' });
  });

  it.each([200, 206])(
    'goes on after a range that is not counted, as PostgREST gives it with %d',
    (status) => {
      const headers = { 'content-range': '0-1/*' };
      const { next, request, remarks } = auto(two, '$', { status, headers });
      expect(request?.headers).toEqual({ 'range-unit': 'items', range: '2-3' });
      expect(remarks).toEqual([
        { level: 'info', text: 'pagination auto: chose items by Range, 2 at a time' },
      ]);
      const end = auto([], '$', { position: next!, headers: { 'content-range': '*/*' }, before: 2 });
      expect(end.next).toBeNull();
    },
  );

  it('refuses a first page that tells of a last one and not of the next', () => {
    const headers = { link: '</items?page=1>; rel=first, </items?page=14>; rel=last' };
    expect(() => auto(two, '$', { headers })).toThrow(
      'expected links to lead on to page=14, got none at the first page',
    );
  });

  it('C11 refuses a next link that it has found', () => {
    expect(() => auto({ items: two, next: '//evil.example.net/' })).toThrow(
      'got one at https://evil.example.net',
    );
  });
});

import { describe, expect, it } from '@jest/globals';
import type { ApiAuth, ApiPagination, ApiSourceConfig } from './api-source-config.js';
import { parseConfig } from './parse-config.js';

const options = { isVariableAllowed: (name: string) => name.startsWith('API_') };

/** The only source of a config whose other lines are given, in the indentation of a source's keys. */
function parse(lines: string): ApiSourceConfig {
  const text = `streams:\n  - table: orders\n    sources:\n${sourceOf(lines)}  - { table: users, sources: [{ type: local, path: users }] }\n`;
  return parseConfig(text, options).streams[0]!.sources[0] as ApiSourceConfig;
}

function sourceOf(lines: string): string {
  const keys = [
    '- type: api',
    ...lines
      .trim()
      .split('\n')
      .map((line) => `  ${line}`),
  ];
  return keys.map((line) => `      ${line}\n`).join('');
}

const URL = 'url: https://api.example.com/orders';

describe('an API source that is accepted', () => {
  it('gets every default', () => {
    expect(parse(URL)).toEqual({
      type: 'api',
      url: 'https://api.example.com/orders',
      method: 'GET',
      headers: {},
      query: {},
      body: null,
      auth: { type: 'none' },
      pagination: { type: 'auto' },
      rate: null,
      onStatus: {},
      timeouts: { connectSeconds: 10, headersSeconds: 30, idleSeconds: 30, totalSeconds: 600 },
      cursor: null,
      forEach: null,
      format: 'auto',
      csv: { delimiter: 'auto', quote: '"', header: true, columns: null, nulls: [''] },
      records: '$',
      fields: null,
      parallel: 1,
      maxPages: 10_000,
      maxPageBytes: 64_000_000,
      maxBytes: 10_000_000_000,
      origins: [],
    });
  });

  it('takes everything that can be said', () => {
    const source = parse(`
url: \${API_URL}/v1/users/{parent.id}/orders
method: POST
headers: { Accept: application/json, X-Version: 3 }
query: { status: paid, tag: [a, 7], all: true }
body: { filter: { min: 1.5, toString: [null, x] } }
auth: { type: bearer, token: '\${API_TOKEN}' }
pagination: { type: offset, limit: 1000, in: body, param: page.offset, total: $.meta.total }
rate: 600/m
on_status: { 404: ignore, 409: retry, 5xx: fail }
timeouts: { connect: 500ms, headers: 1s, idle: 2m, total: 1h }
cursor: { field: updated_at, param: since, start: '2024-01-01', lookback: 1h, format: iso, step: 30d, end_param: until }
for_each: { stream: users, field: id, include: { id: user_id } }
format: csv
csv: { delimiter: ';', header: false, columns: [a, b], nulls: ['', NA] }
records: $.data
fields: { id: id, owner: $.owner.login }
parallel: 8
max_pages: 5
max_page_bytes: 1KB
max_bytes: 2GB
allow_origins: ['https://Files.example.com:443', '\${API_FILES}']`);
    expect(source).toEqual({
      type: 'api',
      url: '${API_URL}/v1/users/{parent.id}/orders',
      method: 'POST',
      headers: { accept: 'application/json', 'x-version': '3' },
      query: { status: 'paid', tag: ['a', '7'], all: 'true' },
      body: { filter: { min: 1.5, toString: [null, 'x'] } },
      auth: { type: 'bearer', token: '${API_TOKEN}' },
      pagination: {
        type: 'offset',
        offset: { in: 'body', name: 'page.offset' },
        start: 0,
        limit: { place: { in: 'body', name: 'limit' }, value: 1000 },
        shortPageEnds: false,
        total: '$.meta.total',
        totalPages: null,
        hasMore: null,
      },
      rate: 10,
      onStatus: { 404: 'ignore', 409: 'retry', '5xx': 'fail' },
      timeouts: { connectSeconds: 0.5, headersSeconds: 1, idleSeconds: 120, totalSeconds: 3600 },
      cursor: {
        field: 'updated_at',
        place: { in: 'query', name: 'since' },
        endPlace: { in: 'query', name: 'until' },
        start: '2024-01-01',
        lookback: 3600,
        format: 'iso',
        stepSeconds: 30 * 86_400,
      },
      forEach: { stream: 'users', columns: ['id'], include: { id: 'user_id' } },
      format: 'csv',
      csv: { delimiter: ';', quote: '"', header: false, columns: ['a', 'b'], nulls: ['', 'NA'] },
      records: '$.data',
      fields: [
        { name: 'id', path: 'id' },
        { name: 'owner', path: '$.owner.login' },
      ],
      parallel: 8,
      maxPages: 5,
      maxPageBytes: 1000,
      maxBytes: 2_000_000_000,
      origins: ['https://files.example.com', '${API_FILES}'],
    });
  });

  it('finds elements of XML by names that no JSONPath has', () => {
    expect(parse(`${URL}\nformat: xml\nrecords: $.feed.atom:entry`).records).toBe('$.feed.atom:entry');
  });

  it('asks for four parents at a time', () => {
    const source = parse(
      'url: https://x/{parent.id}/{parent.b}\nfor_each: { stream: users, field: [id, b], include: [b] }',
    );
    expect(source).toMatchObject({
      parallel: 4,
      forEach: { stream: 'users', columns: ['id', 'b'], include: { b: 'b' } },
    });
  });
});

const bearer = { in: 'header', name: 'authorization', prefix: 'Bearer ' } as const;
const auths: [string, ApiAuth][] = [
  ['none', { type: 'none' }],
  ['{ type: none }', { type: 'none' }],
  ["{ type: bearer, token: '${API_TOKEN}' }", { type: 'bearer', token: '${API_TOKEN}' }],
  [
    "{ type: basic, user: u, password: '${API_PASSWORD}' }",
    { type: 'basic', user: 'u', password: '${API_PASSWORD}' },
  ],
  [
    "{ type: api_key, key: '${API_KEY_A}' }",
    { type: 'api_key', key: '${API_KEY_A}', place: { in: 'header', name: 'x-api-key', prefix: '' } },
  ],
  [
    "{ type: api_key, key: '${API_KEY_A}', name: Authorization, prefix: 'Token ' }",
    {
      type: 'api_key',
      key: '${API_KEY_A}',
      place: { in: 'header', name: 'authorization', prefix: 'Token ' },
    },
  ],
  [
    "{ type: api_key, key: '${API_KEY_A}', in: query }",
    { type: 'api_key', key: '${API_KEY_A}', place: { in: 'query', name: 'api_key', prefix: '' } },
  ],
  [
    "{ type: api_key, key: '${API_KEY_A}', in: cookie, name: Session }",
    { type: 'api_key', key: '${API_KEY_A}', place: { in: 'cookie', name: 'Session', prefix: '' } },
  ],
  [
    '{ type: login, url: https://x/login }',
    {
      type: 'login',
      url: 'https://x/login',
      method: 'POST',
      headers: {},
      body: {},
      encoding: 'json',
      token: '$.access_token',
      place: bearer,
      expiresIn: null,
      expiresUnit: 's',
      lifetimeSeconds: null,
    },
  ],
  [
    "{ type: login, url: https://x/login, method: GET, headers: { apikey: '${API_A}' }, token: data.token, in: query, expires_in: $.expires, expires_unit: ms, lifetime: 50m }",
    {
      type: 'login',
      url: 'https://x/login',
      method: 'GET',
      headers: { apikey: '${API_A}' },
      body: {},
      encoding: 'json',
      token: 'data.token',
      place: { in: 'query', name: 'access_token', prefix: '' },
      expiresIn: '$.expires',
      expiresUnit: 'ms',
      lifetimeSeconds: 3000,
    },
  ],
  [
    "{ type: oauth2_client_credentials, token_url: https://x/token, client_id: c, client_secret: '${API_S}', scope: a b, params: { audience: x } }",
    {
      type: 'oauth2_client_credentials',
      tokenUrl: 'https://x/token',
      clientId: 'c',
      clientSecret: '${API_S}',
      scope: 'a b',
      params: { audience: 'x' },
      clientAuth: 'basic',
    },
  ],
  [
    "{ type: oauth2_refresh_token, token_url: https://x/token, client_id: c, refresh_token: '${API_R}' }",
    {
      type: 'oauth2_refresh_token',
      tokenUrl: 'https://x/token',
      clientId: 'c',
      clientSecret: null,
      refreshToken: '${API_R}',
      scope: null,
      params: {},
      clientAuth: 'body',
    },
  ],
  [
    "{ type: jwt, algorithm: ES256, key: '${API_PEM}', claims: { iss: me, n: [1] }, header: { kid: a }, lifetime: 1h, name: X-Jwt }",
    {
      type: 'jwt',
      algorithm: 'ES256',
      key: '${API_PEM}',
      claims: { iss: 'me', n: [1] },
      header: { kid: 'a' },
      lifetimeSeconds: 3600,
      place: { in: 'header', name: 'x-jwt', prefix: '' },
    },
  ],
];

const query = (name: string) => ({ in: 'query' as const, name });
const noStops = { total: null, totalPages: null, hasMore: null };
const paginations: [string, ApiPagination][] = [
  ['auto', { type: 'auto' }],
  ['single', { type: 'single' }],
  ['link_header', { type: 'link_header', rel: 'next', emptyPageEnds: false }],
  ['range', { type: 'range', size: 1000, unit: 'items', shortPageEnds: false }],
  ['page', { type: 'page', page: query('page'), start: 1, size: null, shortPageEnds: false, ...noStops }],
  [
    '{ type: page, param: p, start: 0, size: 50, in: header, total_pages: $.pages, has_more: more, short_page_ends: true }',
    {
      type: 'page',
      page: { in: 'header', name: 'p' },
      start: 0,
      size: { place: { in: 'header', name: 'per_page' }, value: 50 },
      shortPageEnds: true,
      total: null,
      totalPages: '$.pages',
      hasMore: 'more',
    },
  ],
  [
    'offset',
    {
      type: 'offset',
      offset: query('offset'),
      start: 0,
      limit: { place: query('limit'), value: 100 },
      shortPageEnds: false,
      ...noStops,
    },
  ],
  [
    '{ type: cursor, cursor: $.next, param: after, size: 10, size_param: first }',
    {
      type: 'cursor',
      from: { body: '$.next' },
      place: query('after'),
      size: { place: query('first'), value: 10 },
      emptyPageEnds: false,
      ...noStops,
    },
  ],
  [
    '{ type: cursor, header: X-Next, empty_page_ends: true }',
    {
      type: 'cursor',
      from: { header: 'x-next' },
      place: query('cursor'),
      size: null,
      emptyPageEnds: true,
      ...noStops,
    },
  ],
  ['{ type: next_url, path: $.next }', { type: 'next_url', path: '$.next', emptyPageEnds: false }],
  ['{ type: link_header, rel: older }', { type: 'link_header', rel: 'older', emptyPageEnds: false }],
  [
    '{ type: keyset, field: id, param: after_id, prefix: gt., start: 0 }',
    {
      type: 'keyset',
      field: 'id',
      place: query('after_id'),
      prefix: 'gt.',
      start: '0',
      size: null,
      shortPageEnds: false,
      ...noStops,
    },
  ],
  ['{ type: range, size: 10, unit: rows }', { type: 'range', size: 10, unit: 'rows', shortPageEnds: false }],
];

describe('authentication', () => {
  it.each(auths)('%s', (text, expected) => {
    expect(parse(`${URL}\nauth: ${text}`).auth).toEqual(expected);
  });
});

describe('pagination', () => {
  it.each(paginations)('%s', (text, expected) => {
    expect(parse(`${URL}\npagination: ${text}`).pagination).toEqual(expected);
  });

  it('of GraphQL', () => {
    const text = `${URL}\nmethod: POST\nbody: { query: 'query($after: String) { a(after: $after) { pageInfo { hasNextPage endCursor } } }' }\npagination: { type: graphql, page_info: $.data.a.pageInfo }`;
    expect(parse(text).pagination).toEqual({
      type: 'graphql',
      pageInfo: '$.data.a.pageInfo',
      variable: 'after',
    });
  });
});

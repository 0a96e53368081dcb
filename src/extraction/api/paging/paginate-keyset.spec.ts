import { describe, expect, it } from '@jest/globals';
import { followPage, type Step } from '../../../../test/follow-page.js';
import { HOME } from '../../../../test/walk-pages.js';
import type { ApiRequest } from '../api-request.js';
import type { KeysetPagination } from '../../../config-history/api-source-config.js';
import { createPaginator } from './paginators.js';

const keyset = (part: Partial<KeysetPagination> = {}): KeysetPagination => ({
  type: 'keyset',
  field: '$.id',
  place: { in: 'query', name: 'starting_after' },
  prefix: '',
  start: null,
  size: { place: { in: 'query', name: 'limit' }, value: 2 },
  total: null,
  totalPages: null,
  hasMore: null,
  shortPageEnds: false,
  ...part,
});
const later = { position: { after: '"a"', pages: 3, seen: 6, size: 2 }, before: 6 };
const two = [{ id: 'cus_1' }, { id: 'cus_2' }];

describe('keyset', () => {
  it.each<[string, Step, Partial<ApiRequest> | null]>([
    [
      'Stripe',
      {
        pagination: keyset({ hasMore: '$.has_more' }),
        body: { object: 'list', data: two, has_more: true, url: '/v1/customers' },
        records: '$.data',
      },
      { url: `${HOME}/items?limit=2&starting_after=cus_2` },
    ],
    [
      'Stripe at its end',
      {
        pagination: keyset({ hasMore: '$.has_more' }),
        body: { data: two, has_more: false },
        records: '$.data',
      },
      null,
    ],
    [
      'PostgREST, with numbers of 20 digits',
      {
        pagination: keyset({ place: { in: 'query', name: 'id' }, prefix: 'gt.', size: null }),
        body: '[{"id":1},{"id":12345678901234567890}]',
        records: '$',
      },
      { url: `${HOME}/items?id=gt.12345678901234567890` },
    ],
    [
      'Elasticsearch, two values at once',
      {
        pagination: keyset({ field: '$.sort', place: { in: 'body', name: 'search_after' }, size: null }),
        body: { hits: { hits: [{ _id: '1', sort: [1463538857, '654323'] }] } },
        records: '$.hits.hits',
        request: { method: 'POST', body: { size: 1, sort: [{ date: 'asc' }, { id: 'asc' }] } },
      },
      { body: { size: 1, sort: [{ date: 'asc' }, { id: 'asc' }], search_after: [1463538857, '654323'] } },
    ],
    [
      'a filter that finds nothing',
      { pagination: keyset({ field: '$.id' }), body: { items: two }, records: '$.items[?@.open]' },
      { url: `${HOME}/items?limit=2&starting_after=cus_2` },
    ],
    [
      'a short page',
      { pagination: keyset(), body: { items: [{ id: 'b' }] }, ...later },
      { url: `${HOME}/items?limit=2&starting_after=b` },
    ],
    [
      'a short page, which the config takes for the end',
      { pagination: keyset({ shortPageEnds: true }), body: { items: [{ id: 'b' }] }, ...later },
      null,
    ],
    [
      'a short page that says so',
      { pagination: keyset(), body: { items: [{ id: 'b' }], has_more: false }, ...later },
      null,
    ],
    ['an empty page', { pagination: keyset({ size: null }), body: { items: [] }, ...later }, null],
    [
      'a short page, total says more',
      { pagination: keyset({ total: 'total' }), body: { items: [{ id: 'b' }], total: 8 }, ...later },
      { url: `${HOME}/items?limit=2&starting_after=b` },
    ],
    [
      'a full page, total reached',
      { pagination: keyset({ total: 'total' }), body: { items: two, total: 8 }, ...later },
      null,
    ],
    [
      'a full page, the last of all',
      { pagination: keyset({ totalPages: 'pages' }), body: { items: two, pages: 4 }, ...later },
      null,
    ],
  ])('%s', (_name, step, expected) => {
    const { request } = followPage(step);
    if (expected === null) expect(request).toBeNull();
    else expect(request).toMatchObject(expected);
  });

  it.each<[string, Partial<KeysetPagination>, object, string]>([
    ['total', { total: 'total' }, { total: 8 }, '8 records, as total says, got an end after 6 records'],
    ['has_more', { hasMore: 'more' }, { more: true }, 'more records, for more says so'],
  ])('refuses to end before %s', (_name, stops, told, message) => {
    const follow = () => followPage({ pagination: keyset(stops), body: { items: [], ...told }, ...later });
    expect(follow).toThrow(message);
  });

  it('goes on where each total counts what is left', () => {
    const step = {
      pagination: keyset({ total: 'total' }),
      body: { items: two, total: 5 },
      ...later,
      known: 7,
    };
    expect(followPage(step).next).toMatchObject({ seen: 8 });
  });

  it.each<[string, unknown[], string]>([
    [
      'the same value at the border',
      [1, 2, 2],
      'got the same in two of them, so that others would be left out (record 3 of',
    ],
    ['the same value elsewhere', ['a', 'a', 'b'], 'each with another value, got the same in two of them'],
    [
      'the same time',
      ['2024-01-01T00:00:00Z', '2024-01-01T00:00:00Z'],
      'choose a field whose values are unique',
    ],
    ['numbers in no order', [1, 5, 3], 'got values that go up and down (record 3 of the page)'],
  ])('refuses to go on after %s', (_name, keys, message) => {
    const items = keys.map((id) => ({ id }));
    expect(() => followPage({ pagination: keyset(), body: { items } })).toThrow(message);
    expect(
      followPage({ pagination: keyset({ hasMore: 'more' }), body: { items, more: false } }).next,
    ).toBeNull();
  });

  it.each([[[3, 2, 1]], [[9, '10', 11]], [['b', 'a', 'c']], [[null, 1, 2]]])('goes on after %j', (keys) => {
    const items = keys.map((id) => ({ id }));
    expect(followPage({ pagination: keyset(), body: { items } }).next).not.toBeNull();
  });

  it('loses digits of no number', () => {
    const body = '{"items":[{"id":12345678901234567890},{"id":12345678901234567891}]}';
    expect(followPage({ pagination: keyset(), body }).next).toMatchObject({ after: '12345678901234567891' });
  });

  it('begins where it is told', () => {
    const base = {
      url: `${HOME}/items`,
      method: 'GET' as const,
      origins: [],
      records: '$',
      auth: { type: 'none' as const },
    };
    const paginator = createPaginator(keyset({ start: '2026-01-01', prefix: 'gt.', size: null }), base);
    const { url } = paginator.request({ ...base, headers: {} }, paginator.first());
    expect(url).toBe(`${HOME}/items?starting_after=gt.2026-01-01`);
  });

  it.each([[{ name: 'x' }], [{ id: null }], [{ id: '' }]])(
    'refuses a last record without a key: %j',
    (last) => {
      const follow = () => followPage({ pagination: keyset(), body: { items: [{ id: 1 }, last] } });
      expect(follow).toThrow(
        'pagination keyset: expected a value at $.id in the last record of the page, got none',
      );
    },
  );
});

import { describe, expect, it } from '@jest/globals';
import { followPage, type Step } from '../../../../test/follow-page.js';
import { HOME } from '../../../../test/walk-pages.js';
import type {
  OffsetPagination,
  PageNumberPagination,
  PageStops,
  RequestPlace,
  ShortPages,
} from '../../../config-history/api-source-config.js';

const query = (name: string): RequestPlace => ({ in: 'query', name });
type Ending = Partial<PageStops & ShortPages>;
const NO_STOPS = { total: null, totalPages: null, hasMore: null, shortPageEnds: false };
const SHORT = { shortPageEnds: true };
const offset = (stops: Ending = {}): OffsetPagination => ({
  type: 'offset',
  offset: query('offset'),
  start: 0,
  limit: { place: query('limit'), value: 100 },
  ...NO_STOPS,
  ...stops,
});
const page = (stops: Ending = {}, size: number | null = 100): PageNumberPagination => ({
  type: 'page',
  page: query('page'),
  start: 1,
  size: size === null ? null : { place: query('size'), value: size },
  ...NO_STOPS,
  ...stops,
});
const items = (count: number) => Array.from({ length: count }, (_, id) => ({ id }));
const later = { position: { offset: 200, size: 100 }, before: 200 };
const third = { position: { page: 3, size: 100 }, before: 200 };

const BOTH = { hasMore: 'more', total: 'total' };
type Ends = [name: string, body: object, stops: Ending, leadsOn: boolean, known?: number];

/** The same answers end offsets and page numbers, 200 records having come before. */
const ends: Ends[] = [
  ['a full page', { items: items(100) }, {}, true],
  ['a short page', { items: items(99) }, {}, true],
  ['a page with one record', { items: items(1) }, {}, true],
  ['a short page, the end by the config', { items: items(99) }, SHORT, false],
  ['a short page of a round length, the end by the config', { items: items(50) }, SHORT, false],
  ['a full page, the end by the config', { items: items(100) }, SHORT, true],
  [
    'a short page, the end by the config, total says more',
    { items: items(7), total: 308 },
    { ...SHORT, total: 'total' },
    true,
  ],
  ['a short page that says it is the last', { items: items(7), has_more: false }, {}, false],
  ['a short page without a next one', { items: items(7), next: null }, {}, false],
  ['a short page without a next one, total says more', { items: items(7), next: null, total: 900 }, {}, true],
  ['a short page, total of unknown meaning reached', { items: items(7), total: 207 }, {}, true],
  ['a full page that says it is the last', { items: items(100), has_more: false }, {}, true],
  ['an empty page', { items: [] }, {}, false],
  ['an empty page, total shrunk to what came', { items: [], total: 200 }, { total: 'total' }, false],
  ['an empty page, has_more false', { items: [], more: false, total: 900 }, BOTH, false],
  [
    'a full page, total shrunk to what came',
    { items: items(100), total: 300 },
    { total: 'total' },
    true,
    310,
  ],
  ['a short page, total says more', { items: items(7), total: 308 }, { total: 'total' }, true],
  ['a full page, total reached', { items: items(100), total: 300 }, { total: 'total' }, false],
  ['a full page, total as text', { items: items(100), total: '300' }, { total: 'total' }, false],
  ['a full page, total as decimal', { items: items(100), total: '300.0' }, { total: 'total' }, false],
  ['a full page, total below what came', { items: items(100), total: 250 }, { total: 'total' }, false],
  ['a full page, total not counted', { items: items(100), total: 0 }, { total: 'total' }, true],
  ['a full page, total unknown', { items: items(100), total: -1 }, { total: 'total' }, true],
  ['a full page, total missing', { items: items(100), total: null }, { total: 'total' }, true],
  ['a short page, total missing', { items: items(7) }, { total: 'total' }, true],
  ['a full page, the last of all', { items: items(100), pages: 3 }, { totalPages: 'pages' }, false],
  ['a short page, not the last of all', { items: items(7), pages: '4' }, { totalPages: 'pages' }, true],
  ['a full page, pages not counted', { items: items(100), pages: 0 }, { totalPages: 'pages' }, true],
  ['a full page, has_more false', { items: items(100), more: false }, { hasMore: 'more' }, false],
  ['a full page, has_more as text', { items: items(100), more: 'False' }, { hasMore: 'more' }, false],
  ['a short page, has_more true', { items: items(7), more: true }, { hasMore: 'more' }, true],
  ['a short page, has_more as number', { items: items(7), more: 1 }, { hasMore: 'more' }, true],
  ['a short page, has_more missing', { items: items(7) }, { hasMore: 'more' }, true],
  ['a full page, has_more missing', { items: items(100) }, { hasMore: 'more' }, true],
  [
    'has_more before a total that is an estimate',
    { items: items(100), more: true, total: 300 },
    { hasMore: 'more', total: 'total' },
    true,
  ],
];

/** 200 records having come before, of which two pages told. */
const missing: [name: string, body: object, stops: Ending, known: number, expected: string][] = [
  ['its total says more', { items: [], total: 900 }, { total: 'total' }, 500, '900 records, as total says'],
  [
    'it has no total as pages before had',
    { items: [] },
    { total: 'total' },
    500,
    '500 records, as total says',
  ],
  ['its total is 0', { items: [], total: 0 }, { total: 'total' }, 500, '500 records, as total says'],
  ['has_more says so', { items: [], more: true }, { hasMore: 'more' }, 0, 'more records, for more says so'],
  ['it has more pages', { items: [], pages: 5 }, { totalPages: 'pages' }, 0, '5 pages, as pages says'],
];

describe.each([
  ['offset', offset, later],
  ['page numbers', page, third],
] as const)('an empty page by %s fails where', (_kind, paginate, place) => {
  it.each(missing)('%s', (_name, body, stops, known, expected) => {
    const step: Step = { pagination: paginate(stops), body, ...place, ...(known > 0 && { known }) };
    expect(() => followPage(step)).toThrow(`expected ${expected}, got an end after`);
  });
});

it('counts what a start skips', () => {
  const body = { items: [], total: 300 };
  const pagination = { ...offset({ total: 'total' }), start: 250 };
  expect(followPage({ pagination, body, position: { offset: 300, size: 100 }, before: 50 }).next).toBeNull();
});

describe('offset', () => {
  it.each(ends)('%s', (_name, body, stops, leadsOn, known = 0) => {
    const came = (body as { items: unknown[] }).items.length;
    const { request } = followPage({
      pagination: offset(stops),
      body,
      ...later,
      ...(known > 0 && { known }),
    });
    expect(request?.url ?? null).toBe(leadsOn ? `${HOME}/items?limit=100&offset=${200 + came}` : null);
  });

  it.each<[string, number, object, number | null]>([
    ['goes on from what came where the API caps the size', 20, {}, 20],
    ['asks once more after a short first page', 51, {}, 51],
    ['goes on from what came where the total says so', 37, { total: 2500 }, 37],
    ['goes on from what came where the API gives more than was asked for', 250, {}, 250],
  ])('%s: %d of 100', (_name, count, told, expected) => {
    const body = { items: items(count), ...told };
    const { next } = followPage({ pagination: offset({ total: 'total' }), body });
    expect(next).toEqual(expected === null ? null : { offset: expected, size: expected });
  });

  it('knows the cap from the first page', () => {
    const position = { offset: 20, size: 20 };
    const follow = (count: number) =>
      followPage({ pagination: offset(SHORT), body: { items: items(count) }, position });
    expect([follow(20).next, follow(10).next]).toEqual([{ offset: 40, size: 20 }, null]);
  });

  it.each([
    [50, { offset: 50, size: 50 }],
    [75, { offset: 75, size: 75 }],
    [51, null],
  ])(
    'takes %d of 100 on the first page for a cap where it may be one, whatever the config says',
    (count, expected) => {
      expect(followPage({ pagination: offset(SHORT), body: { items: items(count) } }).next).toEqual(expected);
    },
  );

  it('believes a total in a header, which counts all records', () => {
    const follow = (total: string) =>
      followPage({
        pagination: offset(),
        body: { items: items(7) },
        headers: { 'x-total-count': total },
        ...later,
      });
    expect([follow('207').next, follow('208').next]).toEqual([null, { offset: 207, size: 100 }]);
  });

  it.each<[string, string, number]>([
    ['a filter', '$.items[?@.id>=98]', 300],
    ['a filter that finds nothing', '$.items[?@.id>=1000]', 300],
    ['records in items', '$.items[*].lines[*]', 300],
  ])('counts the items of the API, not the records: %s', (_name, records, expected) => {
    const body = { items: items(100).map((item) => ({ ...item, lines: [1, 2, 3] })) };
    const { next } = followPage({ pagination: offset(), body, records, ...later });
    expect(next?.offset).toBe(expected);
  });

  it('writes into a body and begins where it is told', () => {
    const pagination: OffsetPagination = {
      ...offset(),
      offset: { in: 'body', name: 'page.offset' },
      start: 1,
      limit: { place: { in: 'body', name: 'page.limit' }, value: 2 },
    };
    const step: Step = {
      pagination,
      body: { items: items(2) },
      request: { method: 'POST', body: { q: 'x' } },
    };
    expect(followPage(step).request?.body).toEqual({ q: 'x', page: { limit: 2, offset: 3 } });
  });

  it.each<[Ending, object, string]>([
    [
      { total: '$.meta.total' },
      { meta: { total: '2,500' } },
      'pagination total: expected a number at $.meta.total, got 2,500',
    ],
    [
      { totalPages: 'pages' },
      { pages: [1, 2] },
      'pagination total_pages: expected a number at pages, got [1,2]',
    ],
    [
      { hasMore: 'next' },
      { next: 'https://x' },
      'pagination has_more: expected true or false at next, got https://x',
    ],
  ])('refuses what says nothing: %j of %j', (stops, told, message) => {
    const follow = () => followPage({ pagination: offset(stops), body: { items: items(100), ...told } });
    expect(follow).toThrow(message);
  });

  it('remarks that the pages end before the total', () => {
    const { remarks } = followPage({ pagination: offset(), body: { items: [], total: 900 }, ...later });
    expect(remarks).toEqual([
      { level: 'warn', text: 'the pages ended after 200 records, though $.total is 900' },
    ]);
  });
});

describe('page numbers', () => {
  it.each(ends)('%s', (_name, body, stops, leadsOn, known = 0) => {
    const { request } = followPage({ pagination: page(stops), body, ...third, ...(known > 0 && { known }) });
    expect(request?.url ?? null).toBe(leadsOn ? `${HOME}/items?size=100&page=4` : null);
  });

  it.each<[string, object, Ending, boolean]>([
    ['any page leads on', { items: items(7) }, {}, true],
    ['an empty one ends', { items: [] }, {}, false],
    ['the total ends', { items: items(7), total: 207 }, { total: 'total' }, false],
  ])('without a size %s', (_name, body, stops, leadsOn) => {
    const position = { page: 3, size: null };
    const { next } = followPage({ pagination: page(stops, null), body, position, before: 200 });
    expect(next).toEqual(leadsOn ? { page: 4, size: null } : null);
  });

  it('does not take records for items where a total counts items', () => {
    const body = { items: [{ lines: [1, 2, 3] }, { lines: [4, 5, 6] }], total: 5 };
    const { next } = followPage({
      pagination: page({ total: 'total' }, 2),
      body,
      records: '$.items[*].lines[*]',
    });
    expect(next).toEqual({ page: 2, size: 2 });
  });
});

import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { PAGED_APIS, type Api, type PagedApi, type Tells } from '../../../../test/simulate-paging.js';
import { HOME, walkPages } from '../../../../test/walk-pages.js';
import { createPaginator } from './paginators.js';

const TELLS: Tells[] = [
  'nothing',
  'total',
  'total as text',
  'pages',
  'has_more',
  'has_more until the last page',
];

const tens = fc.integer({ min: 0, max: 13 }).map((count) => count * 10);
const apis: fc.Arbitrary<Api> = fc.record({
  count: fc.oneof(fc.nat(130), tens),
  size: fc.integer({ min: 1, max: 60 }),
  cap: fc.oneof(fc.constantFrom(10, 20, 25, 30, 50, 75), fc.integer({ min: 1, max: 60 })),
  tells: fc.constantFrom(...TELLS),
});

function paginatorOf(paged: PagedApi, api: Api) {
  const method = paged.base?.method ?? 'GET';
  const pagination = paged.pagination(api);
  return createPaginator(pagination, {
    url: `${HOME}/items`,
    method,
    origins: [],
    records: '$.items',
    auth: { type: 'none' },
  });
}

describe.each(Object.entries(PAGED_APIS))('createPaginator: %s', (_name, paged) => {
  it('gives every record once, with at most one request too many and nothing to remark', () => {
    fc.assert(
      fc.property(apis, (api) => {
        const answer = (request: Parameters<PagedApi['answer']>[0]) => paged.answer(request, api);
        const walk = walkPages(paginatorOf(paged, api), answer, paged.base && { base: paged.base });
        const ids = walk.records.map((record) => (record as { id: number }).id);
        expect(ids).toEqual(Array.from({ length: api.count }, (_, index) => index + 1));
        const full = Math.ceil(api.count / Math.min(api.size, api.cap));
        expect(walk.requests.length).toBeLessThanOrEqual(full + 1);
        expect(walk.remarks).toEqual([]);
      }),
      { numRuns: 100 },
    );
  });

  it('knows the next position ahead where pages are full', () => {
    fc.assert(
      fc.property(apis, (api) => {
        const paginator = paginatorOf(paged, { ...api, cap: 1000 });
        const answer = (request: Parameters<PagedApi['answer']>[0]) =>
          paged.answer(request, { ...api, cap: 1000 });
        const { positions } = walkPages(paginator, answer, paged.base && { base: paged.base });
        const { ahead } = paginator;
        const guessed = positions.slice(0, -2).map((position) => ahead?.(position) ?? null);
        expect(guessed).toEqual(ahead === undefined ? guessed.map(() => null) : positions.slice(1, -1));
      }),
      { numRuns: 30 },
    );
  });
});

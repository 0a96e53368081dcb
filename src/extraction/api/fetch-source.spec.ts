import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { makeFetchPlace, recordsOf, type FetchPlace } from '../../../test/api-fetch.js';
import { startApiServer, type ApiServer } from '../../../test/api-server.js';

describe('fetchSource', () => {
  let place: FetchPlace;
  let server: ApiServer;

  beforeEach(async () => {
    place = await makeFetchPlace();
    server = await startApiServer((request, response) => {
      const { searchParams } = new URL(request.url ?? '', 'http://h');
      const offset = Number(searchParams.get('offset'));
      const limit = Number(searchParams.get('limit'));
      const all = Array.from({ length: 23 }, (_, id) => ({ id }));
      response
        .setHeader('content-type', 'application/json')
        .end(JSON.stringify(all.slice(offset, offset + limit)));
    });
  });

  afterEach(async () => {
    await server.close();
    await place.remove();
  });

  it.each([1, 4])('pages in order with %s at a time', async (parallel) => {
    const fetched = await place.fetch({
      url: `${server.origin}/records`,
      parallel,
      pagination: {
        type: 'offset',
        offset: { in: 'query', name: 'offset' },
        start: 0,
        limit: { place: { in: 'query', name: 'limit' }, value: 5 },
        total: null,
        totalPages: null,
        hasMore: null,
      },
    });
    expect(Object.keys(await recordsOf(fetched))).toEqual([1, 2, 3, 4, 5].map((n) => `page-00000${n}`));
  });
});

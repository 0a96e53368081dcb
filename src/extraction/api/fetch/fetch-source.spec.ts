import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { until } from '../../../../test/jobs-support.js';
import {
  byOffset,
  makeFetchPlace,
  recordsOf,
  slice,
  startPageServer,
  type FetchPlace,
  type PageAnswer,
} from '../../../../test/api-fetch.js';
import type { ApiCursor } from '../../../config-history/api-source-config.js';
import type { FetchProgress } from '../fetch-request.js';

let place: FetchPlace;
let server: Awaited<ReturnType<typeof startPageServer>>;

beforeEach(async () => {
  place = await makeFetchPlace();
});

afterEach(async () => {
  await server.close();
  await place.remove();
});

async function serve(answer: (url: URL) => PageAnswer | Promise<PageAnswer>): Promise<string> {
  server = await startPageServer(answer);
  return server.origin;
}

const CURSOR: ApiCursor = {
  field: 'at',
  place: { in: 'query', name: 'since' },
  endPlace: null,
  start: null,
  lookback: 0,
  format: 'auto',
  stepSeconds: null,
};

describe('one series of pages', () => {
  it.each([1, 4])('lands them in order, with %s requests at a time', async (parallel) => {
    const origin = await serve(async (url) => {
      const offset = Number(url.searchParams.get('offset'));
      // Later pages answer sooner, and none but the first before as many were asked for as may be.
      if (offset > 0) await until(() => server.load.most === parallel);
      await setTimeout(Math.max(0, 40 - offset));
      return { json: slice(23, url) };
    });
    const progress: FetchProgress[] = [];
    const onPage = (_page: unknown, now: FetchProgress) => progress.push(now);
    const fetched = await place.fetch({ url: `${origin}/r`, parallel, pagination: byOffset(5) }, { onPage });
    const records = await recordsOf(fetched);
    expect(Object.keys(records)).toEqual([1, 2, 3, 4, 5].map((page) => `page-00000${page}`));
    expect(Object.values(records).flat()).toEqual(
      Array.from({ length: 23 }, (_, id) => ({ id: String(id) })),
    );
    expect(progress.at(-1)).toMatchObject({ pages: 5, records: 23, totalRecords: null });
    expect(server.load.most).toBe(parallel);
    expect(fetched.files[1]?.url).toBe(`${origin}/r?limit=5&offset=5`);
    expect(place.told.map(({ message }) => message)).toEqual(['begins to fetch pages', 'fetched pages']);
    expect(place.told[1]?.fields).toMatchObject({ pages: 6, records: 23, retries: 0 });
    // What was asked for ahead may be stopped before it has left.
    const { requests } = place.told[1]?.fields ?? {};
    expect(requests).toBeGreaterThanOrEqual(server.seen.length);
    expect(requests).toBeLessThan(server.seen.length + parallel);
  });

  it('asks for one page only where the first one says that it is all', async () => {
    const origin = await serve((url) => ({ json: { data: slice(3, url), has_more: false } }));
    await place.fetch({ url: `${origin}/r`, records: '$.data', parallel: 8, pagination: byOffset(5) });
    expect(server.seen).toHaveLength(1);
  });

  it('throws away what was asked for ahead when a page is shorter than asked for', async () => {
    // The server caps every page at 3, and one at 2.
    const origin = await serve((url) => {
      url.searchParams.set('limit', url.searchParams.get('offset') === '6' ? '2' : '3');
      return { json: { data: slice(13, url), total: 13 } };
    });
    const pagination = { ...byOffset(5), total: '$.total' } as ReturnType<typeof byOffset>;
    const fetched = await place.fetch({ url: `${origin}/r`, records: '$.data', parallel: 3, pagination });
    const ids = Object.values(await recordsOf(fetched)).flat();
    expect(ids).toEqual(Array.from({ length: 13 }, (_, id) => ({ id: String(id) })));
  });

  it('fails where 416 comes before the total', async () => {
    let asked = 0;
    const origin = await serve(() => {
      const from = asked++ * 2;
      if (from === 4) return { status: 416, headers: { 'content-range': '*/9' }, json: { message: 'no' } };
      const headers = { 'content-range': `${from}-${from + 1}/9` };
      return { status: 206, headers, json: [{ id: from }, { id: from + 1 }] };
    });
    const source = {
      url: `${origin}/r`,
      pagination: { type: 'range', size: 2, unit: 'items', shortPageEnds: false } as const,
    };
    await expect(place.fetch(source)).rejects.toMatchObject({ code: 'PAGES_MISSING' });
    expect(server.seen).toHaveLength(3);
  });

  it('fails at an empty page where only the first page told the total', async () => {
    const origin = await serve((url) => {
      const data = Number(url.searchParams.get('offset')) < 10 ? slice(100, url) : [];
      return { json: { data, ...(url.searchParams.get('offset') === '0' && { total: 100 }) } };
    });
    const pagination = { ...byOffset(5), total: '$.total' } as ReturnType<typeof byOffset>;
    const source = { url: `${origin}/r`, records: '$.data', pagination };
    await expect(place.fetch(source)).rejects.toMatchObject({
      code: 'PAGES_MISSING',
      message: expect.stringContaining('expected 100 records, as $.total says, got an end after 10 records'),
    });
  });

  it.each([
    [10, 'PAGES_MISSING'],
    [4, null],
  ])(
    'where a status is ignored, ends at a total of %d after 4 records only if that is all',
    async (total, code) => {
      const origin = await serve((url) =>
        Number(url.searchParams.get('offset')) < 4
          ? { json: { data: slice(4, url), total, more: true } }
          : { status: 404 },
      );
      const pagination = { ...byOffset(2), total: 'total', hasMore: 'more' } as ReturnType<typeof byOffset>;
      const source = {
        url: `${origin}/r`,
        records: '$.data',
        pagination,
        onStatus: { '404': 'ignore' as const },
      };
      if (code === null) expect((await place.fetch(source)).skipped).toHaveLength(1);
      else await expect(place.fetch(source)).rejects.toMatchObject({ code });
    },
  );

  it('C10: ends where a next link leads back', async () => {
    let asked = 0;
    const origin = await serve((url) => {
      const page = Number(url.searchParams.get('page'));
      return { json: { data: [{ page, asked: ++asked }], next: `/r?page=${(page + 1) % 4}` } };
    });
    const source = {
      url: `${origin}/r?page=0`,
      records: '$.data',
      pagination: { type: 'next_url', path: '$.next', emptyPageEnds: false } as const,
    };
    await expect(place.fetch(source)).rejects.toMatchObject({ code: 'CURSOR_STUCK' });
    expect(server.seen).toHaveLength(5);
  });

  it('C10: ends where the same page comes again and again', async () => {
    const origin = await serve(() => ({ json: [{ id: 1 }, { id: 2 }] }));
    const source = { url: `${origin}/r`, pagination: byOffset(2) };
    await expect(place.fetch(source)).rejects.toMatchObject({ code: 'PAGE_REPEATED' });
    expect(server.seen).toHaveLength(2);
  });

  it.each<[string, (asked: number) => PageAnswer]>([
    ['a time', (asked) => ({ json: { data: [{ id: 1 }, { id: 2 }], time: asked } })],
    ['a place', (asked) => ({ json: { offset: asked, data: [{ id: 1 }, { id: 2 }], more: true } })],
    ['a new next link', (asked) => ({ json: { data: [{ id: 1 }], next: `/r?after=${asked}` } })],
  ])('C10: ends where the same records come again beside %s that changes', async (_name, answer) => {
    let asked = 0;
    const origin = await serve(() => answer(++asked));
    const pagination =
      'next' in (answer(0).json as object)
        ? ({ type: 'next_url', path: 'next', emptyPageEnds: false } as const)
        : byOffset(2);
    const source = { url: `${origin}/r`, records: '$.data', pagination };
    await expect(place.fetch(source)).rejects.toMatchObject({
      code: 'PAGE_REPEATED',
      message: expect.stringContaining(
        'page 2: expected other records than before, got the same as page 1',
      ) as unknown,
    });
    await expect(place.fetch(source)).rejects.toMatchObject({ code: 'PAGE_REPEATED' });
    expect(server.seen).toHaveLength(3);
  });

  it('lets parts of records be equal that a path has picked', async () => {
    const origin = await serve((url) => {
      const data = slice(6, url).map(({ id }) => ({ id, lines: [{ sku: 'a', count: 1 }] }));
      return { json: { data } };
    });
    const source = { url: `${origin}/r`, records: '$.data[*].lines[*]', pagination: byOffset(2) };
    expect(Object.values(await recordsOf(await place.fetch(source))).flat()).toHaveLength(6);
  });

  it('C10: ends at the cap of pages where a million go on', async () => {
    const origin = await serve((url) => ({ json: slice(5_000_000, url) }));
    const source = { url: `${origin}/r`, pagination: byOffset(5), maxPages: 7 };
    await expect(place.fetch(source)).rejects.toMatchObject({ code: 'TOO_MANY_PAGES' });
    expect(server.seen).toHaveLength(7);
  });

  it('ends at the cap of bytes', async () => {
    const origin = await serve((url) => ({ json: slice(1000, url) }));
    const source = { url: `${origin}/r`, pagination: byOffset(5), maxBytes: 150 };
    await expect(place.fetch(source)).rejects.toMatchObject({ code: 'TOO_MANY_BYTES' });
  });

  it('C13: a record inserted between two pages makes another one come twice', async () => {
    let records = Array.from({ length: 6 }, (_, id) => ({ id }));
    const origin = await serve((url) => {
      const offset = Number(url.searchParams.get('offset'));
      const json = records.slice(offset, offset + 3);
      if (offset === 0) records = [{ id: -1 }, ...records];
      return { json };
    });
    const fetched = await place.fetch({ url: `${origin}/r`, pagination: byOffset(3) });
    const ids = Object.values(await recordsOf(fetched)).flat() as { id: string }[];
    expect(ids.map(({ id }) => id)).toEqual(['0', '1', '2', '2', '3', '4', '5']);
  });

  it.each([
    ['deleted between two pages is told of', 1, (left: number) => left],
    [
      'that nobody deleted is not, where totals count what is left',
      0,
      (left: number, offset: number) => left - offset,
    ],
  ])('C13: a record %s', async (_name, deleted, totalOf) => {
    let records = Array.from({ length: 9 }, (_, id) => ({ id }));
    const origin = await serve((url) => {
      const offset = Number(url.searchParams.get('offset'));
      if (offset === 3) records = records.slice(deleted);
      return { json: { data: records.slice(offset, offset + 3), total: totalOf(records.length, offset) } };
    });
    const pagination = { ...byOffset(3), total: '$.total' };
    await place.fetch({ url: `${origin}/r`, records: '$.data', pagination });
    const warned = place.told.filter(({ message }) => message.includes('records in all, then of'));
    expect(warned).toHaveLength(deleted);
  });

  it('stops at once when the run is stopped', async () => {
    const stop = new AbortController();
    const origin = await serve(async (url) => {
      if (url.searchParams.get('offset') === '10') stop.abort(new Error('cancelled'));
      return { json: slice(1000, url) };
    });
    const source = { url: `${origin}/r`, pagination: byOffset(5) };
    await expect(place.fetch(source, { signal: stop.signal })).rejects.toThrow('cancelled');
    const asked = server.seen.length;
    expect(asked).toBeLessThanOrEqual(4);
  });

  it('gives the error of the disk when a page cannot be written', async () => {
    const origin = await serve(async (url) => {
      if (url.searchParams.get('offset') === '0') await mkdir(join(place.folder, 'pages.ndjson'));
      if (url.searchParams.get('offset') === '15') await setTimeout(60_000, undefined, { ref: false });
      return { json: slice(1000, url) };
    });
    const source = { url: `${origin}/r`, pagination: byOffset(5) };
    await expect(place.fetch(source)).rejects.toMatchObject({ code: 'EISDIR' });
  });

  it('gives the error of the disk when refused records cannot be written', async () => {
    const origin = await serve(async (url) => {
      if (url.searchParams.get('offset') === '10')
        await mkdir(join(place.folder, 'page-000003.rejects.ndjson'));
      if (url.searchParams.get('offset') === '15') await setTimeout(60_000, undefined, { ref: false });
      return { json: [...slice(1000, url).slice(1), 'no record'] };
    });
    const source = { url: `${origin}/r`, pagination: byOffset(5) };
    await expect(place.fetch(source)).rejects.toMatchObject({ code: 'EISDIR' });
  });

  it('lands no empty page', async () => {
    const origin = await serve(() => ({ json: [] }));
    expect(await place.fetch({ url: `${origin}/r` })).toEqual({ files: [], cursors: [], skipped: [] });
  });
});

describe('a cursor', () => {
  it.each<[Partial<ApiCursor>, string | undefined, string | null]>([
    [{}, undefined, null],
    [{ start: '2026-01-01' }, undefined, '2026-01-01'],
    [{ start: '2026-01-01' }, '2026-02-02T10:00:00Z', '2026-02-02T10:00:00Z'],
    [{ lookback: 60 }, '2026-02-02T10:00:00Z', '2026-02-02T09:59:00Z'],
  ])('%j with %s stored asks from %s on', async (changes, stored, since) => {
    const origin = await serve(() => ({
      json: [{ at: '2026-03-01T00:00:00Z' }, { at: '2026-01-05T00:00:00Z' }],
    }));
    const cursors = new Map(stored === undefined ? [] : [['', stored]]);
    const { cursors: found } = await place.fetch(
      { url: `${origin}/r`, cursor: { ...CURSOR, ...changes } },
      { cursors },
    );
    expect(new URL(server.paths()[0] ?? '', origin).searchParams.get('since')).toBe(since);
    expect(found).toEqual([{ partition: '', value: '2026-03-01T00:00:00Z' }]);
  });

  it('never goes back, and stays where nothing came', async () => {
    const answers = [[{ at: 5 }], []];
    const origin = await serve(() => ({ json: answers.shift() }));
    const cursors = new Map([['', '9']]);
    const source = { url: `${origin}/r`, cursor: CURSOR };
    expect((await place.fetch(source, { cursors })).cursors).toEqual([{ partition: '', value: '9' }]);
    expect((await place.fetch({ ...source, url: `${origin}/x` }, { cursors })).cursors).toEqual([]);
  });

  it('lands records whose value cannot be read, and tells how many', async () => {
    const json = [{ at: 1 }, { at: null }, { id: 3 }, { at: 'x' }, { at: 4 }];
    const origin = await serve(() => ({ json }));
    const fetched = await place.fetch({ url: `${origin}/r`, cursor: CURSOR });
    expect(Object.values(await recordsOf(fetched)).flat()).toHaveLength(5);
    expect(fetched.cursors).toEqual([{ partition: '', value: '4' }]);
    expect(place.told.find(({ level }) => level === 'warn')).toMatchObject({ fields: { count: 3 } });
  });

  it('asks for one window of time after the other', async () => {
    const origin = await serve((url) => ({
      json: [{ at: `${url.searchParams.get('since')?.slice(0, 10)}T12:00:00Z` }],
    }));
    const day = 86_400;
    const start = new Date(Date.now() - 2.5 * day * 1000).toISOString();
    const cursor = { ...CURSOR, start, stepSeconds: day, endPlace: { in: 'query', name: 'until' } as const };
    const { files, cursors } = await place.fetch({ url: `${origin}/r`, cursor });
    expect(files.map(({ name }) => name)).toEqual([1, 2, 3].map((window) => `00000${window}/page-000001`));
    const asked = server.paths().map((path) => new URL(path, origin).searchParams);
    for (const [index, window] of asked.slice(1).entries()) {
      expect(window.get('since')).toBe(asked[index]?.get('until'));
    }
    expect(cursors).toEqual([{ partition: '', value: `${asked[2]?.get('since')?.slice(0, 10)}T12:00:00Z` }]);
  });
});

describe('a series for each parent', () => {
  const forEach = { stream: 'users', columns: ['id'], include: {} };

  it('has them side by side, and lands them in the order of the parents', async () => {
    const origin = await serve(async (url) => {
      const id = Number(url.pathname.split('/')[2]);
      await until(() => server.load.most === 3);
      await setTimeout(id === 12 ? 60 : 20);
      return { json: slice(id, url) };
    });
    const parents = await place.writeParents([12, 3, 0, 7, 11, 2].map((id) => ({ id: String(id) })));
    const source = {
      url: `${origin}/users/{parent.id}/notes`,
      forEach,
      parallel: 3,
      pagination: byOffset(5),
    };
    const fetched = await place.fetch(source, { parents });
    expect(fetched.files.map(({ name }) => name)).toEqual([
      '000001/page-000001',
      '000001/page-000002',
      '000001/page-000003',
      '000002/page-000001',
      '000004/page-000001',
      '000004/page-000002',
      '000005/page-000001',
      '000005/page-000002',
      '000005/page-000003',
      '000006/page-000001',
    ]);
    expect(Object.values(await recordsOf(fetched)).flat()).toHaveLength(12 + 3 + 7 + 11 + 2);
    expect(server.load.most).toBe(3);
  });

  it('keeps a cursor for each of them', async () => {
    const origin = await serve((url) => ({ json: [{ at: Number(url.pathname.slice(1)) * 10 }] }));
    const parents = await place.writeParents([
      { id: '1', name: 'x' },
      { id: '2', name: 'y' },
    ]);
    const cursors = new Map([['["2"]', '7']]);
    const source = { url: `${origin}/{parent.id}`, forEach, cursor: CURSOR };
    const fetched = await place.fetch(source, { parents, cursors });
    expect(server.paths()).toEqual(['/1', '/2?since=7']);
    expect(fetched.cursors).toEqual([
      { partition: '["1"]', value: '10' },
      { partition: '["2"]', value: '20' },
    ]);
  });

  it('adds columns of the parent', async () => {
    const origin = await serve(() => ({ json: [{ id: 1 }, { id: 2 }] }));
    const parents = await place.writeParents([{ id: '7', name: null }]);
    const source = {
      url: `${origin}/{parent.id}`,
      forEach: { ...forEach, include: { id: 'user_id', name: 'user' } },
    };
    expect(await recordsOf(await place.fetch(source, { parents }))).toEqual({
      '000001/page-000001': [
        { id: '1', user_id: '7', user: null },
        { id: '2', user_id: '7', user: null },
      ],
    });
  });

  it.each([
    [
      { id: 'id' },
      null,
      'for_each.include: expected a new name for id of the parent, got id, which the record has too',
    ],
    [{ id: 'key' }, [{ name: 'key', path: 'id' }], 'got key, which the record has too'],
  ])('refuses to add %j over a column of the record', async (include, fields, message) => {
    const origin = await serve(() => ({ json: [{ id: 1 }] }));
    const parents = await place.writeParents([{ id: '7' }]);
    const source = { url: `${origin}/{parent.id}`, fields, forEach: { ...forEach, include } };
    await expect(place.fetch(source, { parents })).rejects.toThrow(message);
  });

  it('skips parents without a value, and those that cannot stand in a URL', async () => {
    const origin = await serve(() => ({ json: [{ x: 1 }] }));
    const parents = await place.writeParents([{ id: null }, { id: '..' }, { id: 'a/b' }, { id: '' }]);
    const { files, skipped } = await place.fetch({ url: `${origin}/u/{parent.id}/n`, forEach }, { parents });
    expect(server.paths()).toEqual(['/u/a%2Fb/n']);
    expect(files).toHaveLength(1);
    expect(skipped).toEqual([
      { name: 'parent 1', reason: 'expected a value in id of the parent, got null' },
      { name: 'parent 2', reason: expect.stringContaining('".."') },
      { name: 'parent 4', reason: expect.stringContaining('empty') },
    ]);
    expect(place.told.filter(({ level }) => level === 'warn').map(({ fields }) => fields)).toEqual([
      { parent: 1, column: 'id' },
      { count: 1 },
    ]);
  });

  it('goes on where one of them is not there and the config ignores that', async () => {
    const origin = await serve((url) =>
      url.pathname === '/2' ? { status: 404 } : { json: [{ x: url.pathname }] },
    );
    const parents = await place.writeParents([{ id: '1' }, { id: '2' }, { id: '3' }]);
    const source = {
      url: `${origin}/{parent.id}?api_key=s3cretvalue`,
      forEach,
      onStatus: { '404': 'ignore' as const },
    };
    const { files, skipped } = await place.fetch(source, { parents });
    expect(files.map(({ name }) => name)).toEqual(['000001/page-000001', '000003/page-000001']);
    expect(skipped).toEqual([
      { name: '000002/page-000001', reason: expect.stringContaining('got status 404') },
    ]);
    expect(skipped[0]?.reason).toContain(`${origin}/2`);
    expect(JSON.stringify([skipped, files, place.told])).not.toContain('s3cretvalue');
  });

  it('lists at most 1,000 of those that were skipped', async () => {
    const origin = await serve(() => ({ status: 404 }));
    const parents = await place.writeParents(Array.from({ length: 1005 }, (_, id) => ({ id: String(id) })));
    const source = {
      url: `${origin}/{parent.id}`,
      forEach,
      parallel: 8,
      onStatus: { '404': 'ignore' as const },
    };
    const { skipped } = await place.fetch(source, { parents });
    expect(skipped).toHaveLength(1001);
    expect(skipped.at(-1)).toEqual({ name: 'others', reason: '5 more were skipped, of 1005' });
  });

  it('stops the others when one fails', async () => {
    const origin = await serve(async (url) => {
      if (url.pathname === '/1') return { status: 403 };
      await setTimeout(60_000, undefined, { ref: false });
      return {};
    });
    const parents = await place.writeParents(Array.from({ length: 50 }, (_, id) => ({ id: String(id) })));
    const source = { url: `${origin}/{parent.id}`, forEach, parallel: 4 };
    await expect(place.fetch(source, { parents })).rejects.toMatchObject({
      code: 'API_REFUSED',
      status: 403,
    });
    expect(server.seen.length).toBeLessThanOrEqual(4);
  });
});

describe('one answer by way of the disk', () => {
  const rows = Array.from({ length: 2_000 }, (_, id) => ({ id: String(id), name: `Zoë ${id}` }));

  it('lands one that is larger than a page may be, and asks for it once', async () => {
    const origin = await serve(() => ({ json: { at: 1, data: rows } }));
    const source = { url: `${origin}/r?key=x`, records: '$.data', maxPageBytes: 10_000 };
    const progress: FetchProgress[] = [];
    const onPage = (_page: unknown, now: FetchProgress) => progress.push(now);
    const fetched = await place.fetch(source, { onPage });
    expect(await recordsOf(fetched)).toEqual({ 'page-000001': rows });
    expect(fetched.files[0]).toMatchObject({ url: `${origin}/r?key=***`, source: 0 });
    expect(progress).toMatchObject([{ pages: 1, records: 2_000, bytes: fetched.files[0]?.bytes }]);
    expect(await place.fetch(source, { onPage })).toEqual(fetched);
    expect(server.seen).toHaveLength(1);
  });

  it('refuses one that is larger than all pages may be', async () => {
    const origin = await serve(() => ({ json: rows }));
    const source = { url: `${origin}/r`, maxBytes: 10_000 };
    await expect(place.fetch(source)).rejects.toMatchObject({ code: 'API_BODY_TOO_LONG' });
  });

  it('says what was ignored', async () => {
    const origin = await serve(() => ({ status: 404 }));
    const fetched = await place.fetch({ url: `${origin}/r`, onStatus: { 404: 'ignore' } });
    expect(fetched).toMatchObject({ files: [], skipped: [{ name: 'page-000001' }] });
  });
});

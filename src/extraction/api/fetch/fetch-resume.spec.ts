import { appendFile, mkdir, readdir, readFile, rename, rm, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import {
  byOffset,
  makeFetchPlace,
  recordsOf,
  slice,
  startPageServer,
  type FetchPlace,
  type PageAnswer,
} from '../../../../test/api-fetch.js';
import type { ApiSourceConfig } from '../../../config-history/api-source-config.js';
import type { Fetched, FetchRequest } from '../fetch-request.js';

let place: FetchPlace;
let server: Awaited<ReturnType<typeof startPageServer>>;
/** Statuses of the next answers at an offset; an empty list answers well. */
let faults: Map<string, number[]>;
let checkpoints: string;

async function serve(answer: (url: URL) => PageAnswer = (url) => ({ json: slice(23, url) })): Promise<void> {
  server = await startPageServer((url) => {
    const status = faults.get(url.searchParams.get('offset') ?? '')?.shift();
    return status === undefined ? answer(url) : { status };
  });
}

beforeEach(async () => {
  place = await makeFetchPlace();
  checkpoints = join(place.folder, 'checkpoints.ndjson');
  faults = new Map();
});

afterEach(async () => {
  await server.close();
  await place.remove();
});

async function fetch(
  source: Partial<ApiSourceConfig> = {},
  request: Partial<FetchRequest> = {},
): Promise<Fetched> {
  return place.fetch({ url: `${server.origin}/r`, pagination: byOffset(5), ...source }, request);
}

/** Offsets that the server was asked for since the last call. */
function asked(): string[] {
  return server.seen.splice(0).map(({ url }) => new URL(url, server.origin).searchParams.get('offset') ?? '');
}

async function idsOf(fetched: Fetched): Promise<number[]> {
  const records = Object.values(await recordsOf(fetched)).flat() as { id: string }[];
  return records.map(({ id }) => Number(id));
}

const ALL = Array.from({ length: 23 }, (_, id) => id);

describe('an attempt after another', () => {
  it.each([500, 403])('C14: goes on at page 3, where %s ended the one before', async (status) => {
    await serve();
    faults.set('10', status === 500 ? [500, 500, 500] : [status]);
    await expect(fetch()).rejects.toMatchObject({ status });
    expect(asked().slice(0, 3)).toEqual(['0', '5', '10']);
    expect((await readdir(place.folder)).sort()).toEqual([
      'checkpoints.ndjson',
      'pages.ndjson',
      'pages.raw.ndjson',
    ]);
    const pages: string[] = [];
    const fetched = await fetch({}, { onPage: ({ name }) => pages.push(name) });
    expect(asked()).toEqual(['10', '15', '20', '23']);
    expect(await idsOf(fetched)).toEqual(ALL);
    expect(pages).toEqual([1, 2, 3, 4, 5].map((page) => `page-00000${page}`));
    expect(place.told.at(-1)?.fields).toMatchObject({ pages: 6, records: 23, requests: 4 });
  });

  it('gives the same as one attempt would', async () => {
    await serve();
    faults.set('15', [403]);
    await expect(fetch({ parallel: 3 })).rejects.toMatchObject({ status: 403 });
    const second = await fetch({ parallel: 3 });
    await rm(place.folder, { recursive: true });
    await mkdir(place.folder);
    expect(second).toEqual(await fetch({ parallel: 1 }));
  });

  it('asks for nothing where all was fetched', async () => {
    await serve();
    const first = await fetch();
    asked();
    expect(await fetch()).toEqual(first);
    expect(asked()).toEqual([]);
  });

  it.each<[string, Partial<ApiSourceConfig>, Partial<FetchRequest>]>([
    ['another config', { query: { x: '1' } }, {}],
    ['another size of pages', { pagination: byOffset(4) }, {}],
    ['other cursors', {}, { cursors: new Map([['', '5']]) }],
  ])('begins anew with %s', async (_what, source, request) => {
    await serve();
    faults.set('10', [403]);
    await expect(fetch()).rejects.toMatchObject({ status: 403 });
    asked();
    expect(await idsOf(await fetch(source, request))).toEqual(ALL);
    expect(asked()[0]).toBe('0');
  });

  it('goes on with other credentials, rates and caps', async () => {
    await serve();
    faults.set('10', [401]);
    const auth = (token: string): ApiSourceConfig['auth'] => ({ type: 'bearer', token });
    await expect(fetch({ auth: auth('old-token') })).rejects.toMatchObject({ status: 401 });
    asked();
    await fetch({ auth: auth('new-token'), maxBytes: 1_000_000, parallel: 2 });
    expect(asked()[0]).toBe('10');
  });

  it.each([400, 404, 410, 416])(
    'begins anew once where the API answers %s to the position',
    async (status) => {
      await serve();
      faults.set('10', [403, status]);
      await expect(fetch()).rejects.toMatchObject({ status: 403 });
      asked();
      expect(await idsOf(await fetch())).toEqual(ALL);
      expect(asked()).toEqual(['10', '0', '5', '10', '15', '20', '23']);
    },
  );

  it('begins anew where the status is one that the config ignores', async () => {
    await serve();
    faults.set('10', [403, 404]);
    const source = { onStatus: { '404': 'ignore' as const } };
    await expect(fetch(source)).rejects.toMatchObject({ status: 403 });
    const fetched = await fetch(source);
    expect(await idsOf(fetched)).toEqual(ALL);
    expect(fetched.skipped).toEqual([]);
  });

  it('fails where the API answers so after it has begun anew, and to a position that came after another page', async () => {
    await serve();
    faults.set('10', [403, 404, 404]);
    await expect(fetch()).rejects.toMatchObject({ status: 403 });
    await expect(fetch()).rejects.toMatchObject({ status: 404 });
    expect(asked()).toEqual(['0', '5', '10', '10', '0', '5', '10']);
  });

  it('keeps the pages of parents that are done, and the reasons of those that were skipped', async () => {
    let isDown = true;
    await serve((url) => {
      if (url.pathname === '/3' && isDown) return { status: 403 };
      return url.pathname === '/2' ? { status: 404 } : { json: slice(3, url) };
    });
    const parents = await place.writeParents(['1', '2', '3', '4'].map((id) => ({ id })));
    const source = {
      url: `${server.origin}/{parent.id}`,
      query: { tag: '{parent.id}' },
      forEach: { stream: 'users', columns: ['id'], include: { id: 'user_id' } },
      onStatus: { '404': 'ignore' as const },
    };
    await expect(fetch(source, { parents })).rejects.toMatchObject({ status: 403 });
    isDown = false;
    server.seen.splice(0);
    const fetched = await fetch(source, { parents });
    expect(server.paths().map((path) => path.slice(0, 2))).toEqual(['/3', '/3', '/4', '/4']);
    expect(Object.keys(await recordsOf(fetched))).toEqual(
      ['1', '3', '4'].map((n) => `00000${n}/page-000001`),
    );
    expect(fetched.skipped.map(({ name }) => name)).toEqual(['000002/page-000001']);
  });

  it('begins anew with other parents', async () => {
    await serve();
    const forEach = { stream: 'users', columns: ['id'], include: {} };
    const rows = [{ id: '1' }, { id: '2' }];
    await fetch({ forEach }, { parents: await place.writeParents(rows) });
    asked();
    await fetch({ forEach }, { parents: await place.writeParents(rows.toReversed()) });
    expect(asked()).toHaveLength(12);
  });

  it('remembers the highest value of the cursor', async () => {
    await serve((url) => ({ json: slice(23, url).map(({ id }) => ({ id: 22 - id })) }));
    faults.set('10', [403]);
    const since = { in: 'query', name: 'since' } as const;
    const cursor = {
      field: 'id',
      place: since,
      endPlace: null,
      start: null,
      lookback: 0,
      stepSeconds: null,
      format: 'auto',
    } as const;
    await expect(fetch({ cursor })).rejects.toMatchObject({ status: 403 });
    expect((await fetch({ cursor })).cursors).toEqual([{ partition: '', value: '22' }]);
  });

  it('C10: knows the pages of the attempts before it', async () => {
    let count = 0;
    await serve((url) => {
      const page = url.searchParams.get('page') ?? '0';
      if (page === '2' && count++ === 0) return { status: 403 };
      return { json: { data: [{ page }], next: `/r?page=${{ 0: 1, 1: 2, 2: 1 }[page]}` } };
    });
    const source: Partial<ApiSourceConfig> = {
      records: '$.data',
      pagination: { type: 'next_url', path: '$.next', emptyPageEnds: false },
    };
    await expect(fetch(source)).rejects.toMatchObject({ status: 403 });
    await expect(fetch(source)).rejects.toMatchObject({ code: 'CURSOR_STUCK' });
    expect(server.paths()).toEqual(['/r', '/r?page=1', '/r?page=2', '/r?page=2']);
  });
});

describe('checkpoints', () => {
  it.each([1, 20, 200])('ignore a last line that lost %s bytes', async (bytes) => {
    await serve();
    faults.set('10', [403]);
    await expect(fetch()).rejects.toMatchObject({ status: 403 });
    asked();
    const { length } = await readFile(checkpoints);
    await truncate(checkpoints, length - bytes);
    faults.set('15', [403]);
    await expect(fetch()).rejects.toMatchObject({ status: 403 });
    expect(await idsOf(await fetch())).toEqual(ALL);
    expect(asked()).toEqual(['5', '10', '15', '15', '20', '23']);
  });

  it.each([
    ['no checkpoints', ''],
    ['half a first line', '{"version":1,"dig'],
    ['those of another version', '{"version":0,"digest":"x"}\n'],
    ['something else', 'null\n'],
  ])('empty a folder with %s', async (_what, text) => {
    await serve();
    await writeFile(checkpoints, text);
    await writeFile(join(place.folder, 'page-000009.ndjson'), 'old');
    expect(await idsOf(await fetch())).toEqual(ALL);
    expect(await readdir(place.folder)).not.toContain('page-000009.ndjson');
  });

  it('do not count a page that is gone or cut, nor those after it', async () => {
    await serve();
    const { files } = await fetch();
    asked();
    const starts = files.map(({ rawStart }) => rawStart ?? Number.NaN);
    await truncate(join(place.folder, 'pages.raw.ndjson'), (starts[3] as number) + 3);
    expect(await idsOf(await fetch())).toEqual(ALL);
    expect(asked()).toEqual(['15', '20', '23']);
    await rm(join(place.folder, 'pages.ndjson'));
    expect(await idsOf(await fetch())).toEqual(ALL);
    expect(asked()).toEqual(['0', '5', '10', '15', '20', '23']);
  });

  it('do not count a page whose rejects are gone', async () => {
    await serve((url) => ({ json: [...slice(23, url), 'no record'] }));
    faults.set('14', [403, 403]);
    await expect(fetch({ pagination: byOffset(6) })).rejects.toMatchObject({ status: 403 });
    await rm(join(place.folder, 'page-000002.rejects.ndjson'));
    asked();
    await expect(fetch({ pagination: byOffset(6) })).rejects.toMatchObject({ status: 403 });
    expect(asked()).toEqual(['7', '14']);
  });

  it('cut off what was not written down', async () => {
    await serve();
    faults.set('10', [403]);
    await expect(fetch()).rejects.toMatchObject({ status: 403 });
    for (const name of ['pages.ndjson', 'pages.raw.ndjson'])
      await appendFile(join(place.folder, name), '{"#page":3,"#line":1,"id":"half');
    const { files } = await fetch();
    expect(await idsOf({ files, cursors: [], skipped: [] })).toEqual(ALL);
    for (const { rawPath, rawStart } of files) {
      const text = (await readFile(rawPath, 'utf8')).slice(rawStart);
      expect(text).toMatch(/^\{"id":\d+\}\n/);
    }
  });

  it('go on after garbage that a power cut has left', async () => {
    await serve();
    faults.set('10', [403]);
    await expect(fetch()).rejects.toMatchObject({ status: 403 });
    await appendFile(checkpoints, Buffer.alloc(512));
    await appendFile(checkpoints, '\n');
    asked();
    expect(await idsOf(await fetch())).toEqual(ALL);
    expect(asked()).toEqual(['10', '15', '20', '23']);
  });

  it('may be moved with their folder', async () => {
    await serve();
    const first = await fetch();
    await rename(place.folder, `${place.folder}-moved`);
    const moved = await fetch({}, { folder: `${place.folder}-moved` });
    expect(moved.files.map(({ path }) => path)).toEqual(
      first.files.map(({ path }) => path.replace('/pages/', '/pages-moved/')),
    );
  });

  it('hold no secret', async () => {
    await serve((url) => {
      const offset = Number(url.searchParams.get('start') ?? 0);
      // The API gives its callers' keys back in a next link.
      const next = `${server.origin}/r?start=${offset + 1}&api_key=s3cret-value-1&sign=s3cret-value-2`;
      if (offset === 3 && isDown) return { status: 403 };
      return { json: { data: [{ offset }], next: offset < 4 ? next : null } };
    });
    let isDown = true;
    const source: Partial<ApiSourceConfig> = {
      records: '$.data',
      pagination: { type: 'next_url', path: '$.next', emptyPageEnds: false },
      auth: { type: 'api_key', key: 's3cret-value-1', place: { in: 'query', name: 'api_key', prefix: '' } },
      headers: { 'x-sign': 's3cret-value-2' },
    };
    await expect(fetch(source)).rejects.toMatchObject({ status: 403 });
    isDown = false;
    expect(Object.values(await recordsOf(await fetch(source))).flat()).toHaveLength(5);
    for (const name of await readdir(place.folder)) {
      expect(await readFile(join(place.folder, name), 'utf8')).not.toMatch(/s3cret-value/);
    }
    expect(JSON.stringify(place.told)).not.toMatch(/s3cret-value/);
  });
});

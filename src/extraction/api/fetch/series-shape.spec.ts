import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import {
  byOffset,
  makeFetchPlace,
  recordsOf,
  startPageServer,
  type FetchPlace,
  type PageAnswer,
} from '../../../../test/api-fetch.js';
import type { ApiSourceConfig } from '../../../config-history/api-source-config.js';

let place: FetchPlace;
let server: Awaited<ReturnType<typeof startPageServer>>;

beforeEach(async () => {
  place = await makeFetchPlace();
});

afterEach(async () => {
  await server.close();
  await place.remove();
});

/** Two records a page; what is told for a page comes in its stead. */
async function serve(
  pages: PageAnswer[],
  source: Partial<ApiSourceConfig> = {},
): Promise<Partial<ApiSourceConfig>> {
  server = await startPageServer((url) => pages[Number(url.searchParams.get('offset')) / 2] ?? { json: [] });
  return { url: `${server.origin}/r`, pagination: byOffset(2), ...source };
}

const LIST = [{ json: [{ id: 1 }, { id: 2 }] }, { json: [{ id: 3 }, { id: 4 }] }];
const DATA = LIST.map(({ json }) => ({ json: { data: json } }));
const AT_DATA = { records: '$.data' };

describe('an answer that is none of the pages', () => {
  it.each<[string, PageAnswer[], Partial<ApiSourceConfig>, string, string]>([
    [
      'a message in a list',
      [...LIST, { json: { message: 'API rate limit exceeded' } }],
      {},
      'API_PAGE_DIFFERS',
      'expected a list of records, as on the pages before, got one record',
    ],
    ['{} for a list', [...LIST, { json: {} }], {}, 'API_PAGE_DIFFERS', 'got null or an empty object'],
    [
      'null for the body',
      [...DATA, { text: 'null' }],
      AT_DATA,
      'API_PAGE_DIFFERS',
      'got null or an empty object',
    ],
    ['{} for the body', [...DATA, { json: {} }], AT_DATA, 'API_PAGE_DIFFERS', 'got null or an empty object'],
    [
      'null after one record',
      [{ json: { data: { id: 1 }, next: '/r?offset=2' } }, { json: { data: null } }],
      { ...AT_DATA, pagination: { type: 'next_url', path: 'next', emptyPageEnds: false } },
      'API_PAGE_DIFFERS',
      'expected one record, as on the pages before, got null',
    ],
    [
      'one at the path',
      [...DATA, { json: { data: { id: 5 } } }],
      AT_DATA,
      'API_PAGE_DIFFERS',
      'got one record',
    ],
    [
      'an error',
      [...DATA, { json: { code: 429, message: 'slow down', data: null } }],
      AT_DATA,
      'API_ERROR_ANSWER',
      '{"code":429,"message":"slow down"}',
    ],
    [
      'an error at once',
      [{ json: { success: false, data: null } }],
      AT_DATA,
      'API_ERROR_ANSWER',
      '{"success":false}',
    ],
  ])('%s', async (_name, pages, changes, code, message) => {
    const source = await serve(pages, changes);
    const refused = { code, status: 200, message: expect.stringContaining(message) as unknown };
    await expect(place.fetch(source)).rejects.toMatchObject(refused);
    // What the pages before were like is known to the next attempt as well.
    await expect(place.fetch(source)).rejects.toMatchObject(refused);
    expect(server.paths().filter((path) => path.endsWith('offset=0') || path === '/r')).toHaveLength(
      pages.length === 1 ? 2 : 1,
    );
  });

  const csv = (text: string): PageAnswer => ({ text, headers: { 'content-type': 'text/csv' } });
  const FULL = csv('id,name\n1,a\n2,b\n');

  it.each([
    ['an error', 'error,message\n429,slow down\n', '"error", "message"'],
    ['no header', '3,c\n4,d\n', '"3", "c"'],
    ['one column less', 'id\n3\n', '"id"'],
  ])('CSV: %s on a later page', async (_name, text, got) => {
    const source = await serve([FULL, csv(text)]);
    const refused = {
      code: 'API_PAGE_DIFFERS',
      message: expect.stringContaining(
        `expected a header with "id", "name", in any order, as on the pages before, got ${got}`,
      ) as unknown,
    };
    await expect(place.fetch(source)).rejects.toMatchObject(refused);
    await expect(place.fetch(source)).rejects.toMatchObject(refused);
  });

  it('CSV: takes the columns of a later page in another order', async () => {
    const source = await serve([FULL, csv('name,id\nc,3\n')]);
    const records = Object.values(await recordsOf(await place.fetch(source))).flat();
    expect(records).toHaveLength(3);
    expect(records[2]).toMatchObject({ id: '3', name: 'c' });
  });

  it('takes null on the first page for no records, and tells of it', async () => {
    const source = await serve([{ json: { data: null } }], AT_DATA);
    expect(await recordsOf(await place.fetch(source))).toEqual({});
    expect(place.told).toContainEqual(
      expect.objectContaining({
        level: 'warn',
        message: expect.stringContaining('taken for no records') as unknown,
      }),
    );
  });

  it.each<[string, PageAnswer[], Partial<ApiSourceConfig>]>([
    ['at the path', [...DATA, { json: { data: null } }], AT_DATA],
    ['for the body', [...LIST, { text: 'null' }], {}],
    ['for a list that is spread', [...DATA, { json: { data: null } }], { records: '$.data[*]' }],
  ])(
    'takes null %s for an empty last page, as Go writes one, and tells of it',
    async (_name, pages, changes) => {
      const source = await serve(pages, changes);
      expect(Object.values(await recordsOf(await place.fetch(source))).flat()).toHaveLength(4);
      expect(place.told.filter(({ level }) => level === 'warn')).toHaveLength(1);
    },
  );

  it('does not take null for the end where the pages before told of more', async () => {
    const pages = [...DATA.map(({ json }) => ({ json: { ...json, total: 9 } })), { json: { data: null } }];
    const source = await serve(pages, {
      ...AT_DATA,
      pagination: { ...byOffset(2), total: 'total' } as ReturnType<typeof byOffset>,
    });
    await expect(place.fetch(source)).rejects.toMatchObject({ code: 'PAGES_MISSING' });
  });

  it.each([
    ['an empty list', { json: { data: [] } }],
    ['204', { status: 204, text: '' }],
  ])('takes %s for the end', async (_name, end) => {
    const source = await serve([...DATA, end], AT_DATA);
    expect(Object.values(await recordsOf(await place.fetch(source))).flat()).toHaveLength(4);
    expect(place.told.filter(({ level }) => level === 'warn')).toEqual([]);
  });
});

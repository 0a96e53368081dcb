import { brotliCompressSync, deflateSync, gzipSync, zstdCompressSync } from 'node:zlib';
import type { RequestListener } from 'node:http';
import type { Socket } from 'node:net';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { type ApiServer, startApiServer, startRawServer } from '../../../../test/api-server.js';
import { fetchAnswer, makeApiClient, makeClientRequest } from '../../../../test/api-client.js';
import type { ApiClient } from './http-client.js';

const TEXT = JSON.stringify({ items: Array.from({ length: 1000 }, (_, id) => ({ id })) });

const packers = {
  gzip: gzipSync,
  deflate: deflateSync,
  br: brotliCompressSync,
  zstd: zstdCompressSync,
} as Record<string, (text: string) => Buffer>;

/** Answers what the path says: `/status/404`, `/to/302?location`, `/packed/gzip`, `/loop`, else what was asked. */
const answer: RequestListener = (request, response) => {
  const { pathname, search } = new URL(request.url ?? '', 'http://x');
  const [, kind, value = ''] = pathname.split('/');
  if (kind === 'status') return response.writeHead(Number(value)).end();
  if (kind === 'to') {
    return response.writeHead(Number(value), { location: decodeURIComponent(search.slice(1)) }).end('moved');
  }
  if (kind === 'loop') return response.writeHead(302, { location: `/loop/${Number(value) + 1}` }).end();
  if (kind === 'left')
    return value === '0' ? response.end('arrived') : redirect(response, `/left/${Number(value) - 1}`);
  if (kind === 'packed') {
    return response.setHeader('content-encoding', value).end(packers[value]?.(TEXT) ?? TEXT);
  }
  if (kind === 'twice') response.setHeader('link', ['<a>; rel=next', '<b>; rel=prev']);
  return response.end(TEXT);
};

function redirect(response: Parameters<RequestListener>[1], location: string): void {
  response.writeHead(302, { location }).end();
}

let home: ApiServer;
let other: ApiServer;
let client: ApiClient;
beforeAll(async () => {
  home = await startApiServer(answer);
  other = await startApiServer(answer);
  client = makeApiClient();
});
afterEach(() => {
  home.seen.length = 0;
  other.seen.length = 0;
});
afterAll(async () => {
  client.onModuleDestroy();
  await home.close();
  await other.close();
});

const get = (path: string, changes: Parameters<typeof makeClientRequest>[1] = {}) =>
  fetchAnswer(client, makeClientRequest(`${home.origin}${path}`, changes));

describe('a request', () => {
  it('is sent as it was given', async () => {
    const { status, text, url } = await get('/a%20b?c=d&c=%2B&e', {
      headers: { 'x-own': 'ö', accept: 'text/csv' },
    });
    expect({ status, text, url }).toEqual({
      status: 200,
      text: TEXT,
      url: `${home.origin}/a%20b?c=d&c=%2B&e`,
    });
    expect(home.seen).toEqual([
      {
        method: 'GET',
        url: '/a%20b?c=d&c=%2B&e',
        body: '',
        headers: {
          host: `127.0.0.1:${home.port}`,
          connection: 'keep-alive',
          accept: 'text/csv',
          'accept-encoding': 'gzip, deflate, br, zstd',
          'user-agent': 'millrace',
          'x-own': 'ö',
        },
      },
    ]);
  });

  it.each(['{"a":"ü"}', 'no JSON', '"quoted"', '', ' blank ', '{"a":1} '])(
    'sends the body %j as it is',
    async (body) => {
      await get('/', { method: 'POST', body, headers: { 'content-type': 'application/json' } });
      expect(home.seen).toMatchObject([
        { method: 'POST', body, headers: { 'content-type': 'application/json' } },
      ]);
    },
  );

  it.each(['host', 'connection', 'content-length', 'transfer-encoding', 'upgrade', 'proxy-authorization'])(
    'does not take the header %s from a config',
    async (name) => {
      await expect(get('/', { headers: { [name]: 'evil' } })).rejects.toMatchObject({
        code: 'API_BAD_REQUEST',
      });
      expect(home.seen).toEqual([]);
    },
  );

  it.each(['a\r\nb: c', 'a\nb', 'a\0b', '→'])(
    'is refused with a header %j, which is not shown',
    async (value) => {
      const fault = 'expected the header x-token to hold visible characters of Latin-1, got others';
      await expect(get('/', { headers: { 'x-token': value } })).rejects.toThrow(`${home.origin}/: ${fault}`);
      await expect(get('/', { headers: { 'a b': 'c' } })).rejects.toThrow(
        'expected the name of a header, got "a b"',
      );
      expect(home.seen).toEqual([]);
    },
  );
});

it('refuses a text that is no URL and does not show it', async () => {
  const request = { ...makeClientRequest(home.origin), url: 'example.com?token=hidden' };
  await expect(client.open(request)).rejects.toMatchObject({
    code: 'API_BAD_REQUEST',
    message: 'expected a URL, got a text that is no URL',
  });
});

describe('an answer', () => {
  it.each([200, 201, 400, 401, 404, 429, 500, 503, 299, 599])(
    'of status %i is given as it is',
    async (status) => {
      expect(await get(`/status/${status}`)).toMatchObject({ status, text: '' });
    },
  );

  it.each([204, 304])('of status %i has no body', async (status) => {
    expect(await get(`/status/${status}`)).toMatchObject({ status, text: '' });
  });

  it('has headers that came more than once in one text', async () => {
    expect((await get('/twice')).headers).toMatchObject({ link: '<a>; rel=next, <b>; rel=prev' });
  });

  it.each(Object.keys(packers))('packed as %s is unpacked', async (encoding) => {
    expect((await get(`/packed/${encoding}`)).text).toBe(TEXT);
  });

  it('packed in a way that nobody asked for is refused', async () => {
    await expect(get('/packed/compress')).rejects.toMatchObject({ code: 'API_ENCODING_UNKNOWN' });
  });
});

describe('a redirect', () => {
  const own = { 'x-api-key': 'key', authorization: 'Bearer t', cookie: 'c=1', 'x-tenant': 't' };
  const changes = () => ({
    headers: own,
    credentialHeaders: ['x-api-key', 'authorization'],
    origins: [other.origin],
  });
  const to = (status: number, location: string) => `/to/${status}?${encodeURIComponent(location)}`;

  it.each([301, 302, 303, 307, 308])(
    'of status %i is followed at home with what proves who asks',
    async (status) => {
      const { text, url } = await get(to(status, '/x?key=1'), changes());
      expect({ text, url }).toEqual({ text: TEXT, url: `${home.origin}/x?key=1` });
      expect(home.seen[1]).toMatchObject({ url: '/x?key=1', headers: own });
    },
  );

  it('to another origin that is allowed carries nothing that proves who asks (C12)', async () => {
    const location = `${other.origin}/x?page=2&api_key=key`;
    const { text, url } = await get(to(302, location), { ...changes(), credentialParams: ['api_key'] });
    expect({ text, url }).toEqual({ text: TEXT, url: `${other.origin}/x?page=2` });
    expect(other.seen).toHaveLength(1);
    expect(other.seen[0]!.url).toBe('/x?page=2');
    expect(Object.keys(other.seen[0]!.headers).sort()).toEqual([
      'accept',
      'accept-encoding',
      'connection',
      'host',
      'user-agent',
    ]);
  });

  it('or a next page elsewhere carries nothing from the start', async () => {
    const request = makeClientRequest(`${other.origin}/x`, { ...changes(), home: home.origin });
    expect((await fetchAnswer(client, request)).text).toBe(TEXT);
    expect(Object.keys(other.seen[0]!.headers)).toHaveLength(5);
    expect(Object.keys(other.seen[0]!.headers)).not.toContain('x-tenant');
  });

  it.each([
    ['another origin', () => `${other.origin}/x`],
    ['the metadata address', () => 'http://169.254.169.254/latest/meta-data/'],
    ['a file', () => 'file:///etc/passwd'],
  ])('to %s that is not allowed is not followed (C11, C12)', async (_name, location) => {
    const { origins: _origins, ...rest } = changes();
    await expect(get(to(302, location()), rest)).rejects.toMatchObject({ code: 'API_REDIRECT_REFUSED' });
    expect(home.seen).toHaveLength(1);
    expect(other.seen).toEqual([]);
  });

  it('sends a body again only at home', async () => {
    const post = { ...changes(), method: 'POST' as const, body: 'secret' };
    await get(to(307, '/x'), post);
    expect(home.seen.map(({ method, body }) => [method, body])).toEqual([
      ['POST', 'secret'],
      ['POST', 'secret'],
    ]);
    await get(to(303, '/y'), post);
    expect(home.seen[3]).toMatchObject({ method: 'GET', url: '/y', body: '' });
    await expect(get(to(308, `${other.origin}/x`), post)).rejects.toMatchObject({
      code: 'API_REDIRECT_REFUSED',
    });
    expect(other.seen).toEqual([]);
  });

  it('is followed five times and not six', async () => {
    expect((await get('/left/5')).text).toBe('arrived');
    expect(home.seen).toHaveLength(6);
    await expect(get('/left/6')).rejects.toThrow(
      `${home.origin}/left/6: expected at most 5 redirects, got more`,
    );
    expect(home.seen).toHaveLength(12);
  });

  it('without a place to go is an answer', async () => {
    expect(await get('/status/302')).toMatchObject({ status: 302 });
  });
});

it('forgets a kept connection that the server has closed, and asks anew', async () => {
  const used = new Set<Socket>();
  const server = await startRawServer((socket) => {
    if (used.has(socket)) return socket.destroy();
    used.add(socket);
    return socket.write('HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok');
  });
  const request = makeClientRequest(server.origin);
  for (const connection of [1, 2, 3]) {
    expect((await fetchAnswer(client, request)).text).toBe('ok');
    expect(server.connected()).toBe(connection);
  }
  const post = { ...request, method: 'POST' as const, body: 'x' };
  await expect(client.open(post)).rejects.toMatchObject({ code: 'API_UNREACHABLE' });
  expect(server.connected()).toBe(3);
  await server.close();
});

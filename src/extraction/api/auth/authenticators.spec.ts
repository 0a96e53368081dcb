import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { ApiServer } from '../../../../test/api-server.js';
import type { ApiAuth } from '../../../config-history/api-source-config.js';
import { createContext, startTokenServer } from '../../../../test/token-server.js';
import type { ApiRequest } from '../api-request.js';
import { createAuthenticator } from './authenticators.js';

let server: ApiServer;
const newRequest = (part: Partial<ApiRequest> = {}): ApiRequest => ({
  method: 'GET',
  url: `${server.origin}/orders?limit=10`,
  headers: { accept: 'application/json' },
  ...part,
});

beforeAll(async () => {
  server = await startTokenServer(() => ({ body: {} }));
});
afterAll(() => server.close());

/** What the server gets of a request that was signed. */
async function sendSigned(auth: ApiAuth, request: ApiRequest) {
  const { method, url, headers, body } = await createAuthenticator(auth, createContext()).sign(request);
  await fetch(url, { method, headers, body: body === undefined ? undefined : JSON.stringify(body) });
  const { url: path, headers: got, body: text } = server.seen.at(-1) ?? server.seen[0]!;
  return { path, authorization: got.authorization, cookie: got.cookie, key: got['x-api-key'], text };
}

describe('what the API gets', () => {
  const place = (where: 'header' | 'query' | 'cookie' | 'body', name: string, prefix = '') => ({
    in: where,
    name,
    prefix,
  });
  const nothing = {
    path: '/orders?limit=10',
    authorization: undefined,
    cookie: undefined,
    key: undefined,
    text: '',
  };
  const cases: { name: string; auth: ApiAuth; request?: Partial<ApiRequest>; expected: object }[] = [
    { name: 'none', auth: { type: 'none' }, expected: nothing },
    {
      name: 'bearer',
      auth: { type: 'bearer', token: 'abc' },
      expected: { ...nothing, authorization: 'Bearer abc' },
    },
    {
      name: 'basic, the example of RFC 7617',
      auth: { type: 'basic', user: 'Aladdin', password: 'open sesame' },
      expected: { ...nothing, authorization: 'Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==' },
    },
    {
      name: 'basic in UTF-8, with a colon in the password',
      auth: { type: 'basic', user: 'test', password: '1:3\u00A3' },
      expected: { ...nothing, authorization: 'Basic dGVzdDoxOjPCow==' },
    },
    {
      name: 'basic with a key as the user',
      auth: { type: 'basic', user: 'sk_1', password: '' },
      expected: { ...nothing, authorization: 'Basic c2tfMTo=' },
    },
    {
      name: 'a key in a header',
      auth: { type: 'api_key', key: 'k 1', place: place('header', 'X-Api-Key') },
      expected: { ...nothing, key: 'k 1' },
    },
    {
      name: 'a key in a header with a prefix',
      auth: { type: 'api_key', key: 'k1', place: place('header', 'Authorization', 'Token token=') },
      expected: { ...nothing, authorization: 'Token token=k1' },
    },
    {
      name: 'a key in the query',
      auth: { type: 'api_key', key: 'a&b', place: place('query', 'api_key') },
      expected: { ...nothing, path: '/orders?limit=10&api_key=a%26b' },
    },
    {
      name: 'a key in a cookie beside others',
      auth: { type: 'api_key', key: 'k1', place: place('cookie', 'sid') },
      request: { headers: { cookie: 'lang=de; sid=old' } },
      expected: { ...nothing, cookie: 'lang=de; sid=k1' },
    },
    {
      name: 'a key in the body',
      auth: { type: 'api_key', key: 'k1', place: place('body', 'auth.key') },
      request: { method: 'POST', body: { page: 1 } },
      expected: { ...nothing, text: '{"page":1,"auth":{"key":"k1"}}' },
    },
  ];

  it.each(cases)('$name', async ({ auth, request, expected }) => {
    expect(await sendSigned(auth, newRequest(request))).toEqual(expected);
  });
});

describe('credentials that the config gives', () => {
  const key = (text: string): ApiAuth => ({
    type: 'api_key',
    key: text,
    place: { in: 'header', name: 'x-api-key', prefix: '' },
  });

  it.each<[ApiAuth, string[]]>([
    [{ type: 'bearer', token: 'tok-1' }, ['tok-1']],
    [{ type: 'basic', user: 'ann', password: 'pw-1' }, ['pw-1', 'YW5uOnB3LTE=']],
    [{ type: 'basic', user: 'sk_1', password: '' }, ['sk_1', 'c2tfMTo=']],
    [key('key-1'), ['key-1']],
  ])('%j are hidden', (auth, hidden) => {
    const context = createContext();
    createAuthenticator(auth, context);
    expect([...context.hidden]).toEqual(hidden);
  });

  it.each<ApiAuth>([
    { type: 'none' },
    { type: 'bearer', token: 'tok-1' },
    { type: 'basic', user: 'ann', password: 'pw-1' },
    key('key-1'),
  ])('are not renewed: $type', async (auth) => {
    const authenticator = createAuthenticator(auth, createContext());
    expect(await authenticator.renew(await authenticator.sign(newRequest()))).toBe(false);
  });

  it.each<[string, ApiAuth]>([
    ['characters that a header may hold', { type: 'bearer', token: 'secret-1\n' }],
    ['a text, got a blank one', { type: 'bearer', token: ' ' }],
    ['a text without a colon', { type: 'basic', user: 'secret-1:', password: 'secret-1' }],
  ])('must be %s', async (message, auth) => {
    const sign = async () => createAuthenticator(auth, createContext()).sign(newRequest());
    const error = await sign().catch((caught: unknown) => caught as Error);
    expect(error).toMatchObject({ name: 'ApiRefused', message: expect.stringContaining(message) });
    expect(String(error)).not.toContain('secret-1');
  });

  it('leave the request itself as it was', async () => {
    const request = newRequest({ headers: Object.freeze({ a: '1' }) as Record<string, string> });
    await createAuthenticator({ type: 'bearer', token: 'tok-1' }, createContext()).sign(
      Object.freeze(request),
    );
    expect(request.headers).toEqual({ a: '1' });
  });
});

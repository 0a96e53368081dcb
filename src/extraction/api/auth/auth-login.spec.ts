import { afterEach, describe, expect, it } from '@jest/globals';
import type { ApiServer, SeenRequest } from '../../../../test/api-server.js';
import type { LoginAuth } from '../../../config-history/api-source-config.js';
import { createContext, type GivenAnswer, startTokenServer } from '../../../../test/token-server.js';
import type { ApiRequest } from '../api-request.js';
import { createAuthenticator } from './authenticators.js';

let server: ApiServer;
afterEach(() => server.close());

const PASSWORD = 'hunter2-hunter2';

async function startLogin(
  answer: (request: SeenRequest, index: number) => GivenAnswer,
  part: Partial<LoginAuth> = {},
) {
  server = await startTokenServer(answer);
  const auth: LoginAuth = {
    type: 'login',
    url: `${server.origin}/auth/login`,
    method: 'POST',
    headers: {},
    body: { email: 'ann@example.com', password: PASSWORD },
    encoding: 'json',
    token: '$.data.access_token',
    place: { in: 'header', name: 'authorization', prefix: 'Bearer ' },
    expiresIn: null,
    expiresUnit: 's',
    lifetimeSeconds: null,
    ...part,
  };
  if (part.url) auth.url = server.origin + part.url;
  const context = createContext();
  return { context, authenticator: createAuthenticator(auth, context) };
}

const request = (): ApiRequest => ({ method: 'GET', url: `${server.origin}/items`, headers: {} });
const give =
  (body: unknown, rest: Partial<GivenAnswer> = {}) =>
  () => ({ body, ...rest });

describe('login', () => {
  it('as Supabase has it', async () => {
    const { authenticator, context } = await startLogin(
      give({ access_token: 'sb-token', token_type: 'bearer', expires_in: 3600, refresh_token: 'r' }),
      {
        url: '/auth/v1/token?grant_type=password',
        headers: { apikey: 'anon-key' },
        token: 'access_token',
        expiresIn: 'expires_in',
      },
    );
    const signed = await authenticator.sign({ ...request(), headers: { apikey: 'anon-key' } });
    expect(signed.headers).toEqual({ apikey: 'anon-key', authorization: 'Bearer sb-token' });
    expect(server.seen).toMatchObject([
      {
        method: 'POST',
        url: '/auth/v1/token?grant_type=password',
        headers: { apikey: 'anon-key', 'content-type': 'application/json', accept: 'application/json' },
        body: JSON.stringify({ email: 'ann@example.com', password: PASSWORD }),
      },
    ]);
    expect([...context.hidden]).toEqual(['ann@example.com', PASSWORD, 'anon-key', 'sb-token', 'r']);
  });

  it('as Directus has it, and again shortly before the end', async () => {
    const { authenticator, context } = await startLogin(
      (_request, index) => ({
        body: { data: { access_token: `d${index}`, expires: 900_000, refresh_token: 'r' } },
      }),
      { expiresIn: '$.data.expires', expiresUnit: 'ms' },
    );
    const tokens = [];
    for (const passed of [0, 869_999, 1]) {
      context.time += passed;
      tokens.push((await authenticator.sign(request())).headers['authorization']);
    }
    expect(tokens).toEqual(['Bearer d0', 'Bearer d0', 'Bearer d1']);
    expect(server.seen).toHaveLength(2);
  });

  it.each([
    {
      in: 'query' as const,
      name: 'access_token',
      prefix: '',
      url: '/items?access_token=a%2Bb',
      cookie: undefined,
    },
    { in: 'cookie' as const, name: 'sid', prefix: '', url: '/items', cookie: 'sid=a+b' },
  ])('puts the token into the $in', async ({ url, cookie, ...place }) => {
    const { authenticator } = await startLogin(give({ data: { access_token: 'a+b' } }), { place });
    const signed = await authenticator.sign(request());
    expect([signed.url, signed.headers['cookie']]).toEqual([server.origin + url, cookie]);
  });

  it('sends a form where the config says so', async () => {
    const { authenticator } = await startLogin(give({ data: { access_token: 'f' } }), {
      encoding: 'form',
      body: { user: 'a b', pin: 7, extra: null },
    });
    await authenticator.sign(request());
    expect(server.seen[0]?.body).toBe('user=a+b&pin=7&extra=');
    expect(server.seen[0]?.headers['content-type']).toMatch(/^application\/x-www-form-urlencoded/);
  });

  it('sends no body where there is nothing to send', async () => {
    const { authenticator } = await startLogin(give({ data: { access_token: 12 } }), {
      method: 'GET',
      body: {},
    });
    await authenticator.sign(request());
    expect(server.seen).toMatchObject([{ method: 'GET', body: '' }]);
  });

  it('takes a number with all its digits', async () => {
    const { authenticator } = await startLogin(give('{"data":{"access_token":12345678901234567890}}'));
    expect((await authenticator.sign(request())).headers['authorization']).toBe(
      'Bearer 12345678901234567890',
    );
  });

  it('is done once for many requests at the same time, and once when the token is refused', async () => {
    const { authenticator } = await startLogin((_request, index) => ({
      body: { data: { access_token: `t${index}` } },
    }));
    const signed = await Promise.all(Array.from({ length: 20 }, () => authenticator.sign(request())));
    expect(server.seen).toHaveLength(1);
    expect(await Promise.all(signed.map((each) => authenticator.renew(each)))).toEqual(Array(20).fill(true));
    const again = await Promise.all(signed.map(() => authenticator.sign(request())));
    expect(new Set(again.map(({ headers }) => headers['authorization']))).toEqual(new Set(['Bearer t1']));
    expect(server.seen).toHaveLength(2);
    expect(await authenticator.renew(again[0]!)).toBe(false);
  });

  it.each([
    { told: undefined, lifetimeSeconds: 100, stale: 90_000 },
    { told: null, lifetimeSeconds: 100, stale: 90_000 },
    { told: '50', lifetimeSeconds: 100, stale: 45_000 },
    { told: 0, lifetimeSeconds: null, stale: Infinity },
  ])('lasts $stale ms when the answer tells $told, the config $lifetimeSeconds', async (row) => {
    const { told, lifetimeSeconds, stale } = row;
    const { authenticator, context } = await startLogin(
      give({ data: { access_token: 't' }, expires_in: told }),
      {
        expiresIn: 'expires_in',
        lifetimeSeconds,
      },
    );
    await authenticator.sign(request());
    context.time += Math.min(stale, 10 ** 12) - 1;
    await authenticator.sign(request());
    expect(server.seen).toHaveLength(1);
    context.time += 1;
    await authenticator.sign(request());
    expect(server.seen).toHaveLength(stale === Infinity ? 1 : 2);
  });
});

describe('login that fails', () => {
  const html = '<!doctype html><html><body>Please sign in</body></html>';
  const cases: { name: string; answer: GivenAnswer; expected: string; part?: Partial<LoginAuth> }[] = [
    {
      name: 'an HTML page with 200 (C8)',
      answer: { body: html, headers: { 'content-type': 'text/html; charset=utf-8' } },
      expected: 'expected JSON with a token, got HTML (text/html, 55 bytes)',
    },
    {
      name: 'a text',
      answer: { body: 'ok' },
      expected: 'expected JSON with a token, got another text (text/plain, 2 bytes)',
    },
    { name: 'nothing', answer: { body: '' }, expected: 'expected JSON with a token, got an empty body' },
    {
      name: 'no token',
      answer: { body: { data: { refresh_token: 'new-secret', expires: 1 }, user: 'new-secret' } },
      expected:
        'at $.data.access_token, got nothing; the answer has data, data.refresh_token, data.expires, user',
    },
    {
      name: 'another thing where the token should be',
      answer: { body: { data: { access_token: { value: 'new-secret' } } } },
      expected: 'at $.data.access_token, got an object; the answer has data, data.access_token',
    },
    {
      name: 'an empty token',
      answer: { body: { data: { access_token: '' } } },
      expected: 'at $.data.access_token, got an empty text',
    },
    {
      name: 'a list',
      answer: { body: ['new-secret'] },
      expected: 'got nothing; the answer has an array only',
    },
    {
      name: 'a failure with 200',
      answer: { body: { error: { message: `wrong: ${PASSWORD}` } } },
      expected: 'the answer has error, error.message, it says: wrong: ***',
    },
    {
      name: 'wrong credentials as Directus says it',
      answer: { status: 401, body: { errors: [{ message: 'Invalid user credentials.', extensions: {} }] } },
      expected: 'expected a token, got status 401, Invalid user credentials.',
    },
    {
      name: 'wrong credentials as Supabase says it',
      answer: {
        status: 400,
        body: { code: 400, error_code: 'invalid_credentials', msg: 'Invalid login credentials' },
      },
      expected: 'expected a token, got status 400, Invalid login credentials',
    },
    {
      name: 'a refusal that repeats the password over several lines',
      answer: { status: 403, body: { error: 'denied', message: `no\r\nway, ${PASSWORD}` } },
      expected: 'expected a token, got status 403, denied: no way, ***',
    },
    {
      name: 'a refusal that repeats the address, another one, and a token of its own',
      answer: {
        status: 403,
        body: {
          error: 'no ann@example.com',
          detail: 'ask <bob@corp.example> with new-secret',
          refresh_token: 'new-secret',
        },
      },
      expected: 'expected a token, got status 403, no ***: ask <***> with ***',
    },
    {
      name: 'a refusal in HTML',
      answer: { status: 403, body: html },
      expected: 'expected a token, got status 403',
    },
    {
      name: 'a lifetime that is no number',
      answer: { body: { data: { access_token: 'new-secret', expires: '2030-01-01' } } },
      part: { expiresIn: '$.data.expires' },
      expected: 'expected a number at $.data.expires, got a text',
    },
  ];

  it.each(cases)('says so: $name', async ({ answer, expected, part }) => {
    const { authenticator } = await startLogin(() => answer, { url: '/login?apikey=in-the-url', ...part });
    const error = await authenticator.sign(request()).catch((caught: unknown) => caught as Error);
    expect(error).toMatchObject({ name: expect.stringMatching(/^(ApiRefused|TokenRefused)$/) });
    expect(error).toMatchObject({ message: expect.stringContaining(`${server.origin}/login: `) });
    expect(error).toMatchObject({ message: expect.stringContaining(expected) });
    for (const secret of [PASSWORD, 'new-secret', 'in-the-url']) expect(String(error)).not.toContain(secret);
  });

  it('asks once only, for a password that is wrong stays so', async () => {
    const { authenticator } = await startLogin(give({}, { status: 401 }));
    const signing = Array.from({ length: 5 }, () => authenticator.sign(request()));
    const outcomes = await Promise.allSettled(signing);
    await expect(authenticator.sign(request())).rejects.toThrow('status 401');
    expect(outcomes.map(({ status }) => status)).toEqual(Array(5).fill('rejected'));
    expect(server.seen).toHaveLength(1);
  });
});

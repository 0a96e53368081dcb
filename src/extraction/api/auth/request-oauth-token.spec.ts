import { afterEach, describe, expect, it } from '@jest/globals';
import type { ApiServer, SeenRequest } from '../../../../test/api-server.js';
import {
  createContext,
  type GivenAnswer,
  startTokenServer,
  TokensInMemory,
} from '../../../../test/token-server.js';
import type { ClientCredentialsAuth, RefreshTokenAuth } from '../../../config-history/api-source-config.js';
import type { ApiRequest } from '../api-request.js';
import { createAuthenticator } from './authenticators.js';

let server: ApiServer;
afterEach(() => server.close());

const SECRET = 'p=w/d s€cret';
const request: ApiRequest = { method: 'GET', url: 'https://api.example.com/', headers: {} };

type Answer = (request: SeenRequest, index: number) => GivenAnswer;

async function startClient(answer: Answer, part: Partial<ClientCredentialsAuth> = {}) {
  server = await startTokenServer(answer);
  const auth: ClientCredentialsAuth = {
    type: 'oauth2_client_credentials',
    tokenUrl: `${server.origin}/token?tenant=1`,
    clientId: 'app:1 ü',
    clientSecret: SECRET,
    scope: null,
    params: {},
    clientAuth: 'basic',
    ...part,
  };
  const context = createContext();
  return { context, authenticator: createAuthenticator(auth, context) };
}

const grant = (index = 0) => Object.fromEntries(new URLSearchParams(server.seen[index]?.body));

describe('client credentials', () => {
  it('go into the Authorization header, form-encoded first', async () => {
    const { authenticator, context } = await startClient(() => ({
      body: { access_token: 'at-1', token_type: 'bearer', expires_in: 3600 },
    }));
    const { headers } = await authenticator.sign(request);
    expect(headers).toEqual({ authorization: 'Bearer at-1' });
    const [seen] = server.seen;
    const sent = Buffer.from(seen?.headers.authorization?.replace('Basic ', '') ?? '', 'base64').toString();
    expect(sent).toBe('app%3A1+%C3%BC:p%3Dw%2Fd+s%E2%82%ACcret');
    expect(seen).toMatchObject({
      method: 'POST',
      url: '/token?tenant=1',
      headers: { accept: 'application/json' },
    });
    expect(seen?.headers['content-type']).toMatch(/^application\/x-www-form-urlencoded/);
    expect(grant()).toEqual({ grant_type: 'client_credentials' });
    expect([...context.hidden]).toEqual([SECRET, Buffer.from(sent).toString('base64'), 'at-1']);
  });

  it('go into the form with scope and further fields', async () => {
    const { authenticator, context } = await startClient(() => ({ body: { access_token: 'at-1' } }), {
      clientAuth: 'body',
      scope: 'read write',
      params: { audience: 'https://api.example.com', assertion: 'more-secret' },
    });
    await authenticator.sign(request);
    expect(server.seen[0]?.headers.authorization).toBeUndefined();
    expect(grant()).toEqual({
      grant_type: 'client_credentials',
      scope: 'read write',
      audience: 'https://api.example.com',
      assertion: 'more-secret',
      client_id: 'app:1 ü',
      client_secret: SECRET,
    });
    expect(context.hidden).toContain('more-secret');
    expect(context.hidden).not.toContain('https://api.example.com');
  });

  it.each([
    { expires_in: 100, aliveMs: 90_000 },
    { expires_in: '100', aliveMs: 90_000 },
    { expires_in: 3600, aliveMs: 3_570_000 },
  ])('are asked again before expires_in: $expires_in', async ({ expires_in, aliveMs }) => {
    const { authenticator, context } = await startClient((_request, index) => ({
      body: { access_token: `at-${index}`, expires_in },
    }));
    await authenticator.sign(request);
    context.time += aliveMs - 1;
    await authenticator.sign(request);
    expect(server.seen).toHaveLength(1);
    context.time += 1;
    expect((await authenticator.sign(request)).headers).toEqual({ authorization: 'Bearer at-1' });
  });

  it('are asked again when the token is refused, once', async () => {
    const { authenticator } = await startClient((_request, index) => ({
      body: { access_token: `at-${index}` },
    }));
    expect(await authenticator.renew(await authenticator.sign(request))).toBe(true);
    expect(await authenticator.renew(await authenticator.sign(request))).toBe(false);
    expect(server.seen).toHaveLength(2);
  });

  const said = { error: 'invalid_client', error_description: `secret ${SECRET}\nis wrong` };
  it.each<[string, GivenAnswer]>([
    ['expected a token, got status 401, invalid_client: secret *** is wrong', { status: 401, body: said }],
    ['expected a text at access_token, got nothing, invalid_client: secret *** is wrong', { body: said }],
    ['expected a text at access_token, got a number', { body: { access_token: 12 } }],
    ['expected token_type Bearer, got DPoP', { body: { access_token: 'at-1', token_type: 'DPoP' } }],
    ['expected a number at expires_in, got a text', { body: { access_token: 'at-1', expires_in: 'soon' } }],
    ['expected JSON with a token, got another text (text/plain, 17 bytes)', { body: 'access_token=at-1' }],
    ['expected a text at access_token, got nothing', { body: 'null' }],
  ])('are refused: %s', async (message, answer) => {
    const { authenticator } = await startClient(() => answer);
    const error = await authenticator.sign(request).catch((caught: unknown) => caught as Error);
    expect(error).toMatchObject({ message: `${server.origin}/token: ${message}` });
    expect((error as { code?: string }).code).toMatch(/^AUTH_/);
    await expect(authenticator.sign(request)).rejects.toBe(error);
    expect(server.seen).toHaveLength(1);
  });
});

describe('a refresh token', () => {
  async function startRefresh(
    answer: Answer,
    tokens = new TokensInMemory(),
    part: Partial<RefreshTokenAuth> = {},
  ) {
    server = await startTokenServer(answer);
    const auth: RefreshTokenAuth = {
      type: 'oauth2_refresh_token',
      tokenUrl: `${server.origin}/token`,
      clientId: 'app',
      clientSecret: null,
      refreshToken: 'rt-config',
      scope: null,
      params: {},
      clientAuth: 'basic',
      ...part,
    };
    const context = createContext({ tokens });
    return { context, tokens, auth, authenticator: createAuthenticator(auth, context) };
  }
  const refused: GivenAnswer = {
    status: 400,
    body: { error: 'invalid_grant', error_description: 'used before' },
  };

  it('is sent by a client without a secret, and kept where there is a new one', async () => {
    const { authenticator, tokens, context } = await startRefresh((_request, index) => ({
      body: { access_token: `at-${index}`, expires_in: 100, refresh_token: `rt-${index}` },
    }));
    await authenticator.sign(request);
    context.time += 100_000;
    expect((await authenticator.sign(request)).headers).toEqual({ authorization: 'Bearer at-1' });
    expect([grant(0), grant(1)]).toEqual([
      { grant_type: 'refresh_token', refresh_token: 'rt-config', client_id: 'app' },
      { grant_type: 'refresh_token', refresh_token: 'rt-0', client_id: 'app' },
    ]);
    expect([...tokens.kept]).toEqual([['rt-config', 'rt-1']]);
    expect([...context.hidden]).toEqual(['rt-config', 'at-0', 'rt-0', 'at-1', 'rt-1']);
  });

  it.each([{ body: { access_token: 'at' } }, { body: { access_token: 'at', refresh_token: 'rt-config' } }])(
    'stays where there is no new one: %j',
    async (answer) => {
      const { authenticator, tokens } = await startRefresh(() => answer);
      await authenticator.sign(request);
      expect(tokens.kept.size).toBe(0);
    },
  );

  it('that came with an unusable answer is kept all the same', async () => {
    const { authenticator, tokens } = await startRefresh(() => ({ body: { refresh_token: 'rt-1' } }));
    await expect(authenticator.sign(request)).rejects.toThrow('access_token');
    expect([...tokens.kept.values()]).toEqual(['rt-1']);
  });

  it('is used no more when it could not be kept', async () => {
    const tokens = new TokensInMemory();
    tokens.kept.set = () => {
      throw new Error('the disk is full');
    };
    const { authenticator } = await startRefresh(
      () => ({ body: { access_token: 'at', refresh_token: 'rt' } }),
      tokens,
    );
    await expect(authenticator.sign(request)).rejects.toThrow('the disk is full');
  });

  it('that is refused gives way to one that another process has kept meanwhile, once', async () => {
    const tokens = new TokensInMemory();
    const { authenticator } = await startRefresh(({ body }) => {
      if (!body.includes('rt-config')) return { body: { access_token: 'at-new' } };
      tokens.kept.set('rt-config', 'rt-other');
      return refused;
    }, tokens);
    expect((await authenticator.sign(request)).headers).toEqual({ authorization: 'Bearer at-new' });
    expect(server.seen.map((_seen, index) => grant(index)['refresh_token'])).toEqual([
      'rt-config',
      'rt-other',
    ]);
  });

  it('that is refused while nobody has another is not sent again', async () => {
    const { authenticator } = await startRefresh(() => refused);
    await expect(authenticator.sign(request)).rejects.toThrow('status 400, invalid_grant: used before');
    expect(server.seen).toHaveLength(1);
  });

  it('that is refused with every newer one ends', async () => {
    const tokens = new TokensInMemory();
    const { authenticator } = await startRefresh((_request, index) => {
      tokens.kept.set('rt-config', `rt-${index}`);
      return refused;
    }, tokens);
    await expect(authenticator.sign(request)).rejects.toMatchObject({
      code: 'AUTH_REFUSED',
      isInvalidGrant: true,
    });
    expect(server.seen).toHaveLength(2);
  });

  it('goes with the secret, scope and further fields of the client', async () => {
    const { authenticator } = await startRefresh(() => ({ body: { access_token: 'at' } }), undefined, {
      clientSecret: 'cs',
      scope: 'read',
      params: { resource: 'x' },
    });
    await authenticator.sign(request);
    expect(server.seen[0]?.headers.authorization).toBe(`Basic ${Buffer.from('app:cs').toString('base64')}`);
    expect(grant()).toEqual({
      grant_type: 'refresh_token',
      scope: 'read',
      resource: 'x',
      refresh_token: 'rt-config',
    });
  });
});

import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { makeApiClient } from '../../../../test/api-client.js';
import { until } from '../../../../test/jobs-support.js';
import { type ApiServer, startApiServer } from '../../../../test/api-server.js';
import { ratesAlone } from '../../../../test/api-session.js';
import { apiSource } from '../../../../test/api-source.js';
import type { LoginAuth } from '../../../config-history/api-source-config.js';
import type { OpenAnswer } from '../api-request.js';
import { ApiSessions } from './api-sessions.js';
import type { ApiClient } from '../http/http-client.js';
import type { ApiTokens } from '../auth/kept-tokens.js';
import { readBody } from '../http/read-body.js';

const PASSWORD = 'corr3ct horse';
let client: ApiClient;
let server: ApiServer;
let sessions: ApiSessions;
/** Answers the login with this number. */
let answerLogin: (number: number) => Promise<{ status: number; body: object }>;
let lastGood: number;

beforeEach(async () => {
  answerLogin = async (number) => ({ status: 200, body: { token: `t0ken-${number}` } });
  lastGood = 1;
  client = makeApiClient();
  server = await startApiServer(async (request, response) => {
    if (request.url === '/login') {
      const { status, body } = await answerLogin(logins().length);
      response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
      return;
    }
    const [, number] = /^Bearer t0ken-(\d+)$/.exec(request.headers.authorization ?? '') ?? [];
    const isGood = Number(number) >= lastGood;
    response.writeHead(isGood ? 200 : 401, { 'content-type': 'text/plain' });
    response.end(isGood ? 'done' : `bad ${request.headers.authorization}`);
  });
  sessions = new ApiSessions(client, ratesAlone(), {} as ApiTokens);
});
afterEach(async () => {
  sessions.onModuleDestroy();
  client.onModuleDestroy();
  await server.close();
});

const logins = () => server.seen.filter(({ url }) => url === '/login');
const pages = () => server.seen.filter(({ url }) => url !== '/login');
const text = async (answer: OpenAnswer) => (await readBody(answer, 1000)).toString();
const outcome = (work: Promise<unknown>) => work.catch((error: unknown) => error);

function loginWith(password = PASSWORD): LoginAuth {
  return {
    type: 'login',
    url: `${server.origin}/login`,
    method: 'POST',
    headers: {},
    body: { email: 'a@example.com', password },
    encoding: 'json',
    token: '$.token',
    place: { in: 'header', name: 'authorization', prefix: 'Bearer ' },
    expiresIn: null,
    expiresUnit: 's',
    lifetimeSeconds: null,
  };
}

function open(path: string, { password, signal }: { password?: string; signal?: AbortSignal } = {}) {
  const url = server.origin + path;
  const source = apiSource({ url, headers: { 'x-api-key': 'st4tic-key' }, auth: loginWith(password) });
  const logged: unknown[] = [];
  const session = sessions.open(source, {
    signal: signal ?? new AbortController().signal,
    log: (...line) => logged.push(line),
  });
  const send = () => session.send({ method: 'GET', url, headers: {} }, text);
  return { session, send, logged };
}

describe('sessions that prove themselves alike', () => {
  it('log in once, for all their requests', async () => {
    const [orders, users] = [open('/orders'), open('/users')];
    const sent = await Promise.all([orders.send(), orders.send(), users.send(), open('/later').send()]);
    expect(sent).toEqual(['done', 'done', 'done', 'done']);
    expect(logins()).toHaveLength(1);
    expect(pages().map(({ headers }) => headers.authorization)).toEqual(Array(4).fill('Bearer t0ken-1'));
    expect([orders.session.sent.requests, users.session.sent.requests]).toEqual([3, 1]);
  });

  it('hide the token and what it was got with', async () => {
    const [orders, users] = [open('/orders'), open('/users')];
    await orders.send();
    const line = `t0ken-1 ${PASSWORD} ${encodeURIComponent(PASSWORD)} st4tic-key`;
    expect(users.session.secrets.hide(line)).toBe('*** *** *** ***');
  });

  it('log in anew once when the token ran out', async () => {
    const [orders, users] = [open('/orders'), open('/users')];
    await orders.send();
    lastGood = 2;
    expect(await Promise.all([orders.send(), orders.send(), users.send()])).toEqual(['done', 'done', 'done']);
    expect(logins()).toHaveLength(2);
  });

  it('do not lose the login with the one that is cancelled', async () => {
    const held = Promise.withResolvers<void>();
    answerLogin = async () => (await held.promise, { status: 200, body: { token: 't0ken-1' } });
    const abort = new AbortController();
    const cancelled = outcome(open('/orders', { signal: abort.signal }).send());
    await until(() => logins().length === 1);
    const other = open('/users').send();
    const stopped = new Error('cancelled');
    abort.abort(stopped);
    expect(await cancelled).toBe(stopped);
    held.resolve();
    expect(await other).toBe('done');
    expect(logins()).toHaveLength(1);
  });

  it('are told apart by their secrets', async () => {
    await open('/orders').send();
    await open('/orders', { password: 'another one' }).send();
    expect(logins().map(({ body }) => (JSON.parse(body) as { password: string }).password)).toEqual([
      PASSWORD,
      'another one',
    ]);
  });

  it('are kept for 200 logins, the newest', async () => {
    await open('/orders').send();
    for (let index = 1; index < 200; index++) open('/orders', { password: `password ${index}` });
    await open('/orders').send();
    expect(logins()).toHaveLength(1);
    for (let index = 0; index < 200; index++) open('/orders', { password: `password ${index}` });
    await open('/orders').send();
    expect(logins()).toHaveLength(2);
  });
});

describe('a login', () => {
  it('C3: that is refused is asked for once, and nothing else is', async () => {
    answerLogin = async () => ({ status: 401, body: { error: `${PASSWORD} is wrong` } });
    const { send } = open('/orders');
    const error = (await outcome(send())) as Error;
    expect(error).toMatchObject({ status: 401 });
    expect(error.constructor.name).toMatch(/Refused/);
    expect(error.message + error.stack).not.toContain('horse');
    expect([logins().length, pages().length]).toEqual([1, 0]);
  });

  it('that fails for now is tried three times, not nine', async () => {
    sessions['tools'].random = () => 0;
    answerLogin = async () => ({ status: 503, body: { error: `${PASSWORD} later` } });
    const { send, logged } = open('/orders');
    const error = (await outcome(send())) as Error;
    expect(error).toMatchObject({ name: 'ApiUnavailable', status: 503, isTriedOut: true });
    expect([logins().length, pages().length]).toEqual([3, 0]);
    expect(logged).toHaveLength(2);
    expect(JSON.stringify(logged) + error.message).not.toContain('horse');
  });

  it('ends when the service stops', async () => {
    answerLogin = () => new Promise(() => {});
    const sent = outcome(open('/orders').send());
    await until(() => logins().length === 1);
    sessions.onModuleDestroy();
    expect(await sent).toMatchObject({ message: 'the service stops' });
  });
});

it('C3: a page that is refused shows no token', async () => {
  lastGood = 99;
  const error = (await outcome(open('/orders').send())) as Error;
  expect(error.message).toBe(
    `GET ${server.origin}/orders: expected a status of success, got 401: "bad Bearer ***"`,
  );
});

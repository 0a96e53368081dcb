import type { RequestListener, ServerResponse } from 'node:http';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { makeApiClient } from '../../../../test/api-client.js';
import { type ApiServer, startApiServer } from '../../../../test/api-server.js';
import { makeSession, nobody, ratesAlone, type SessionChanges } from '../../../../test/api-session.js';
import type { StatusAction } from '../../../config-history/api-source-config.js';
import { ApiRefused, ApiUnavailable } from '../api-errors.js';
import type { ApiRequest, OpenAnswer } from '../api-request.js';
import type { Authenticator } from '../auth/authenticator.js';
import type { ApiClient } from '../http/http-client.js';
import { readBody } from '../http/read-body.js';

type Script = (respond: ServerResponse, number: number) => void;

const SECRET = 'k3y/with+signs';
let client: ApiClient;
let server: ApiServer;
let script: Script;

beforeEach(async () => {
  client = makeApiClient();
  const answer: RequestListener = (_request, response) => script(response, server.seen.length);
  server = await startApiServer(answer);
});
afterEach(async () => {
  client.onModuleDestroy();
  await server.close();
});

const scene = (changes: SessionChanges = {}) =>
  makeSession(client, server.origin, { secret: SECRET, ...changes });

const get = (path = '/orders?page=2'): ApiRequest => ({
  method: 'GET',
  url: server.origin + path,
  headers: {},
});
const text = async (answer: OpenAnswer) => (await readBody(answer, 100_000)).toString();
const failure = (work: Promise<unknown>): Promise<unknown> =>
  work.then(
    () => null,
    (error: unknown) => error,
  );

function respond(statuses: number[], body = 'done', headers: Record<string, string> = {}): Script {
  return (response, number) => {
    const status = statuses[Math.min(number, statuses.length) - 1]!;
    response.writeHead(status, { 'content-type': 'text/plain', ...headers }).end(body);
  };
}

describe('C1: an API that fails for now', () => {
  it.each([408, 425, 429, 500, 502, 503, 504])('%d is asked again, with growing jitter', async (status) => {
    script = respond([status, status, 200]);
    const { session, waits } = scene();
    expect(await session.send(get(), text)).toBe('done');
    expect(server.seen.map(({ url }) => url)).toEqual(['/orders?page=2', '/orders?page=2', '/orders?page=2']);
    expect(waits).toEqual([1000, 2000]);
    expect(session.sent).toEqual({ requests: 3, retries: 2 });
  });

  it('202: what is not ready yet is asked for again when it says so, three times', async () => {
    script = respond([202], '{"job":7}', { 'retry-after': '7' });
    const { session, waits } = scene();
    const error = await failure(session.send(get(), text));
    expect(error).toBeInstanceOf(ApiUnavailable);
    expect((error as Error).message).toContain('expected an answer that is ready, got 202 (accepted)');
    expect([server.seen.length, waits.length > 0, waits.every((ms) => ms >= 7000)]).toEqual([3, true, true]);
  });

  it('waits by full jitter: from nothing to all', async () => {
    script = respond([503, 503, 200]);
    const shares = [0, 0.999];
    const { session, waits } = scene({ random: () => shares.shift()! });
    await session.send(get(), text);
    expect(waits).toEqual([0, 3996]);
  });

  it('is given up after three attempts, and the run is not tried again for it', async () => {
    script = respond([503], `down for now, ${SECRET}`);
    const { session, waits, logged } = scene();
    const error = await failure(session.send(get(`/o/${SECRET}/x?page=2&key=${SECRET}`), text));
    expect(error).toBeInstanceOf(ApiUnavailable);
    expect(error).toMatchObject({ code: 'API_UNAVAILABLE', status: 503, isTriedOut: true });
    expect((error as Error).message).toBe(
      `GET ${server.origin}/o/***/x: expected a status of success, got 503: "down for now, ***", 3 times`,
    );
    expect([server.seen.length, waits.length]).toEqual([3, 2]);
    expect(logged.map(({ message }) => message)).toEqual(['will ask again', 'will ask again']);
    expect(JSON.stringify(logged)).not.toContain('k3y');
  });

  it('may be POSTed to again, with the same body', async () => {
    script = respond([500, 200]);
    const { session } = scene();
    const request: ApiRequest = { ...get(), method: 'POST', body: { query: '{ orders }', first: 10 } };
    expect(await session.send(request, text)).toBe('done');
    expect(server.seen.map(({ body }) => body)).toEqual(Array(2).fill('{"query":"{ orders }","first":10}'));
    expect(server.seen[0]!.headers['content-type']).toBe('application/json');
  });

  it('has a connection that fails', async () => {
    script = (response, number) => (number < 3 ? response.destroy() : response.end('done'));
    const { session, waits } = scene();
    expect(await session.send(get(), text)).toBe('done');
    expect(waits).toEqual([1000, 2000]);
  });

  it('refuses connections', async () => {
    const request = get();
    await server.close();
    const { session, waits } = scene();
    const error = await failure(session.send(request, text));
    expect(error).toMatchObject({ code: 'API_UNREACHABLE', isTriedOut: true });
    expect(waits).toHaveLength(2);
    server = await startApiServer(() => {});
  });

  it('does not answer in time', async () => {
    script = (response, number) => void (number === 2 && response.end('done'));
    const { session, waits } = scene({ headersSeconds: 3 });
    expect(await session.send(get(), text)).toBe('done');
    expect(waits).toEqual([1000]);
  });

  it('C6: cuts a body while it is taken', async () => {
    script = (response, number) => {
      if (number === 3) return void response.end('whole');
      response.writeHead(200, { 'content-length': '100' });
      response.write('half', () => response.destroy());
    };
    const taken: string[] = [];
    const { session, waits } = scene();
    const page = await session.send(get(), async (answer) => {
      taken.push('begun');
      const body = await text(answer);
      taken.push(body);
      return body;
    });
    expect(page).toBe('whole');
    expect(taken).toEqual(['begun', 'begun', 'begun', 'whole']);
    expect(waits).toEqual([1000, 2000]);
  });
});

describe('C2: an API that asks for quiet', () => {
  it.each([
    { name: 'seconds', value: () => '70', least: 50_000, most: 70_000 },
    { name: 'a date', value: () => new Date(Date.now() + 90_000).toUTCString(), least: 69_000, most: 91_000 },
    { name: 'absurd seconds', value: () => '999999999', least: 100_000, most: 120_000 },
    { name: 'an absurd date', value: () => 'Fri, 31 Dec 9999 23:59:59 GMT', least: 100_000, most: 120_000 },
  ])('is left alone by every session: $name', async ({ value, least, most }) => {
    script = (response, number) => {
      if (number % 2 === 0) return void response.end('done');
      response.writeHead(429, { 'retry-after': value() }).end();
    };
    const patient = scene({ random: () => 0 });
    expect(await patient.session.send(get(), text)).toBe('done');
    const rates = ratesAlone();
    await failure(scene({ rates, onStatus: { 429: 'fail' } }).session.send(get(), text));
    const other = scene({ rates });
    expect(await other.session.send(get(), text)).toBe('done');
    for (const { waits } of [patient, other]) {
      const waited = waits.reduce((sum, ms) => sum + ms, 0);
      expect(waited).toBeGreaterThanOrEqual(least);
      expect(waited).toBeLessThanOrEqual(most);
    }
    expect(server.seen).toHaveLength(4);
  });

  it('gets no request once its quota is used up', async () => {
    script = respond([200], 'done', { 'x-ratelimit-remaining': '0', 'x-ratelimit-reset': '100' });
    const { session, waits, logged } = scene();
    await session.send(get(), text);
    expect(waits).toEqual([]);
    await session.send(get(), text);
    expect(waits).toHaveLength(1);
    expect(waits[0]).toBeGreaterThan(80_000);
    expect(logged[0]).toMatchObject({ level: 'info', message: 'the host wants quiet' });
  });
});

describe('C3: an API that refuses', () => {
  it.each([400, 401, 403, 404, 405, 409, 410, 413, 422, 304, 418])('%d is asked once', async (status) => {
    script = respond([status], status === 304 ? '' : `no: ${encodeURIComponent(SECRET)} and ${SECRET}`);
    const { session, waits } = scene();
    const error = await failure(session.send(get(`/orders?token=${SECRET}`), text));
    expect(error).toBeInstanceOf(ApiRefused);
    expect(error).toMatchObject({ code: 'API_REFUSED', status });
    const said = status === 304 ? '' : ': "no: *** and ***"';
    expect((error as Error).message).toBe(
      `GET ${server.origin}/orders: expected a status of success, got ${status}${said}`,
    );
    expect((error as Error).stack).not.toContain('k3y');
    expect([server.seen.length, waits.length]).toEqual([1, 0]);
  });

  it.each<{ name: string; type: string; body: string | Buffer; said: string }>([
    {
      name: 'JSON',
      type: 'application/problem+json',
      body: '{"title":\n "no"}',
      said: ': "{"title": "no"}"',
    },
    {
      name: 'no more than 200 characters',
      type: 'text/plain',
      body: 'x'.repeat(9_000),
      said: `: "${'x'.repeat(200)}…"`,
    },
    { name: 'nothing of a page', type: 'text/html', body: '<h1>no</h1>', said: ': an HTML page' },
    { name: 'nothing of bytes', type: 'application/octet-stream', body: Buffer.alloc(9), said: '' },
    {
      name: 'no control characters',
      type: 'text/plain',
      body: 'a\u001b[31m\u0000\r\n\u202eb',
      said: ': "a [31m b"',
    },
    {
      name: 'no half of a secret where it stops reading',
      type: 'text/plain',
      body: SECRET.repeat(585) + SECRET,
      said: ': "***"',
    },
  ])('the message says $name', async ({ type, body, said }) => {
    script = (response) => void response.writeHead(404, { 'content-type': type }).end(body);
    const error = (await failure(scene().session.send(get(), text))) as Error;
    expect(error.message).toBe(`GET ${server.origin}/orders: expected a status of success, got 404${said}`);
  });

  it.each<{ action: StatusAction; status: number; requests: number; outcome: unknown }>([
    { action: 'ignore', status: 404, requests: 1, outcome: null },
    { action: 'ignore', status: 429, requests: 1, outcome: null },
    { action: 'retry', status: 404, requests: 3, outcome: { status: 404, isTriedOut: true } },
    { action: 'fail', status: 503, requests: 1, outcome: { name: 'ApiRefused', status: 503 } },
  ])('$status: $action, as the config says', async ({ action, status, requests, outcome }) => {
    script = respond([status]);
    const ignored: number[] = [];
    const { session } = scene({ onStatus: { [status]: action } });
    const sent = session.send(get(), text, { onIgnored: (status) => ignored.push(status) });
    const got = await sent.catch((error: unknown) => error);
    if (outcome === null) expect(got).toBeNull();
    else expect(got).toMatchObject(outcome as object);
    expect(ignored).toEqual(outcome === null ? [status] : []);
    expect(server.seen).toHaveLength(requests);
  });

  it('leaves errors of the one who takes, without their secrets', async () => {
    script = respond([200]);
    const broken = Object.assign(new TypeError(`Invalid URL`, { cause: new Error(`in ${SECRET}`) }), {
      input: SECRET,
    });
    const { session } = scene();
    const error = (await failure(session.send(get(), () => Promise.reject(broken)))) as TypeError;
    expect(error).toBe(broken);
    expect([error.cause, Reflect.get(error, 'input')]).toMatchObject([{ message: 'in ***' }, '***']);
    expect(server.seen).toHaveLength(1);
  });
});

describe('a token', () => {
  /** Signs with the newest of its tokens. */
  function tokens(canRenew: boolean): Authenticator & { renewals: number } {
    return {
      renewals: 0,
      async sign(request) {
        return { ...request, headers: { ...request.headers, authorization: `Bearer t${this.renewals}` } };
      },
      async renew() {
        this.renewals += 1;
        return canRenew;
      },
    };
  }
  const signatures = () => server.seen.map(({ headers }) => headers.authorization);

  it('that ran out is replaced once', async () => {
    script = respond([401, 200]);
    const authenticator = tokens(true);
    const { session, waits } = scene({ authenticator });
    expect(await session.send(get(), text)).toBe('done');
    expect(signatures()).toEqual(['Bearer t0', 'Bearer t1']);
    expect(waits).toEqual([]);
  });

  it('that is refused again is the end', async () => {
    script = respond([401]);
    const error = await failure(scene({ authenticator: tokens(true) }).session.send(get(), text));
    expect(error).toMatchObject({ name: 'ApiRefused', status: 401 });
    expect(signatures()).toEqual(['Bearer t0', 'Bearer t1']);
  });

  it('is replaced once however often the API fails between', async () => {
    script = respond([401, 503, 401]);
    const authenticator = tokens(true);
    const error = await failure(scene({ authenticator }).session.send(get(), text));
    expect(error).toMatchObject({ name: 'ApiRefused', status: 401 });
    expect([server.seen.length, authenticator.renewals]).toEqual([3, 1]);
  });

  it('that cannot be replaced is the end', async () => {
    script = respond([401], 'who are you?');
    const error = await failure(scene({ authenticator: tokens(false) }).session.send(get(), text));
    expect((error as Error).message).toMatch(/got 401: "who are you\?"$/);
    expect(server.seen).toHaveLength(1);
  });

  it('goes nowhere but to the origin of the source', async () => {
    const elsewhere = await startApiServer((_request, response) => void response.writeHead(401).end());
    const signed: string[] = [];
    const authenticator = tokens(true);
    const sign = authenticator.sign.bind(authenticator);
    authenticator.sign = async (request) => (signed.push(request.url), sign(request));
    const request = { ...get(), url: `${elsewhere.origin}/next`, headers: { 'x-api-key': SECRET } };
    const error = await failure(scene({ authenticator }).session.send(request, text));
    await elsewhere.close();
    expect(error).toMatchObject({ status: 401 });
    expect(elsewhere.seen).toHaveLength(1);
    expect(elsewhere.seen[0]!.headers).not.toHaveProperty('authorization');
    expect(elsewhere.seen[0]!.headers).not.toHaveProperty('x-api-key');
    expect([signed, authenticator.renewals]).toEqual([[], 0]);
  });
});

describe('cancelling', () => {
  it.each(['the session', 'the request'])('ends the wait of %s for another attempt', async (whose) => {
    const abort = new AbortController();
    const stopped = new Error('cancelled');
    script = (response) => {
      response.writeHead(503).end();
      abort.abort(stopped);
    };
    const { session } = scene(whose === 'the session' ? { signal: abort.signal } : {});
    const error = await failure(
      session.send(get(), text, whose === 'the session' ? {} : { signal: abort.signal }),
    );
    expect(error).toBe(stopped);
    expect(server.seen).toHaveLength(1);
  });

  it('does not wait for a login that others need', async () => {
    const abort = new AbortController();
    const stopped = new Error('cancelled');
    const sign = () => {
      queueMicrotask(() => abort.abort(stopped));
      return new Promise<never>(() => {});
    };
    const { session } = scene({ authenticator: { ...nobody, sign }, signal: abort.signal });
    expect(await failure(session.send(get(), text))).toBe(stopped);
    expect(server.seen).toEqual([]);
  });
});

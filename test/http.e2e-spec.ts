import { request } from 'node:http';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Client } from 'pg';
import { until } from './jobs-support.js';
import { createApp, type TestApp } from './support.js';

interface Answer {
  status: number;
  type: string;
  body: Record<string, unknown>;
}

/** fetch forbids to set Host and Origin. */
function send(url: string, headers: Record<string, string>, method = 'GET', body = ''): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const sent = request(url, { method, headers }, async (response) => {
      const chunks = await response.toArray();
      const text = Buffer.concat(chunks).toString();
      const type = response.headers['content-type'] ?? '';
      resolve({
        status: response.statusCode ?? 0,
        type,
        body: type.includes('json') ? JSON.parse(text) : { text },
      });
    });
    sent.once('error', reject);
    sent.end(body);
  });
}

describe('REST without an API key', () => {
  let service: TestApp;
  beforeAll(async () => {
    service = await createApp();
  });
  afterAll(() => service.close());

  it('answers /health with nothing but the status, and tells no server software', async () => {
    const response = await fetch(`${service.url}/health`);
    expect(response.status).toBe(200);
    expect(await response.json()).toEqual({ status: 'ok' });
    expect(response.headers.get('x-powered-by')).toBeNull();
    expect(response.headers.get('x-content-type-options')).toBe('nosniff');
  });

  it('serves the documentation and its description', async () => {
    const page = await fetch(`${service.url}/docs`);
    expect(page.headers.get('content-security-policy')).not.toContain('upgrade-insecure-requests');
    const html = await page.text();
    expect(html).toContain('swagger-ui');
    expect(html).not.toMatch(/<script>[^<]/);
    for (const [, path] of html.matchAll(/(?:src|href)="([^"]+)"/g)) {
      const { status } = await fetch(new URL(path ?? '', `${service.url}/docs`));
      expect({ path, status }).toEqual({ path, status: 200 });
    }
    const { body } = await send(`${service.url}/docs-json`, {});
    expect(body).toMatchObject({
      info: { title: 'Millrace', version: expect.stringMatching(/^\d+\.\d+\.\d+/) },
      paths: { '/health': { get: { responses: { 503: { content: { 'application/problem+json': {} } } } } } },
      components: { schemas: { ProblemDto: {} } },
    });
  });

  it('shows an answer of its own for each status', async () => {
    const shown = (example: object) => ({ content: { 'application/problem+json': { example } } });
    const missing = { title: 'Not Found', status: 404, detail: 'There is no such run', code: 'NOT_FOUND' };
    const { body } = await send(`${service.url}/docs-json`, {});
    expect(body).toMatchObject({
      paths: {
        '/runs/{id}': { get: { responses: { 404: shown(missing) } } },
        '/runs': { get: { responses: { 401: shown({ status: 401, code: 'UNAUTHORIZED' }) } } },
      },
    });
  });

  it('offers the log of a run as text first, which Swagger UI can show', async () => {
    const document = JSON.parse(await (await fetch(`${service.url}/docs-json`)).text());
    const { content } = document.paths['/runs/{id}/log'].get.responses[200];
    expect(Object.keys(content)).toEqual(['text/plain', 'application/x-ndjson']);
  });

  const foreign: [string, Record<string, string>, number][] = [
    ['its own address', {}, 200],
    ['localhost', { host: 'localhost:3000' }, 200],
    ['IPv6 loopback', { host: '[::1]:3000' }, 200],
    ['a page of this machine', { origin: 'http://localhost:5173' }, 200],
    ['a rebound host name', { host: 'rebind.evil.example' }, 403],
    ['a name that only starts like a loopback address', { host: '127.0.0.1.evil.example' }, 403],
    ['a foreign page', { origin: 'https://evil.example' }, 403],
    ['a sandboxed page', { origin: 'null' }, 403],
  ];
  it.each(foreign)('%s', async (_name, headers, status) => {
    const answer = await send(`${service.url}/health`, headers);
    expect(answer.status).toBe(status);
  });

  const json = { 'content-type': 'application/json' };
  const refused: [string, string, Record<string, string>, string, string, number, string][] = [
    ['an unknown path', 'GET', {}, '/nowhere?token=1', '', 404, 'NOT_FOUND'],
    ['an unknown method', 'DELETE', {}, '/health', '', 404, 'NOT_FOUND'],
    ['malformed JSON', 'POST', json, '/nowhere', '{"a":', 400, 'BAD_REQUEST'],
    ['a body over the limit', 'POST', json, '/nowhere', `"${'a'.repeat(300_000)}"`, 413, 'PAYLOAD_TOO_LARGE'],
    ['a broken %-encoding', 'GET', {}, '/%E0%A4%A', '', 400, 'BAD_REQUEST'],
    [
      'an unknown charset',
      'POST',
      { 'content-type': 'application/json; charset=x' },
      '/n',
      '{}',
      415,
      'UNSUPPORTED_MEDIA_TYPE',
    ],
    [
      'an unknown encoding',
      'POST',
      { ...json, 'content-encoding': 'x' },
      '/n',
      '{}',
      415,
      'UNSUPPORTED_MEDIA_TYPE',
    ],
  ];
  it.each(refused)('answers %s with a problem', async (_name, method, headers, path, body, status, code) => {
    const answer = await send(service.url + path, headers, method, body);
    expect(answer.type).toBe('application/problem+json; charset=utf-8');
    expect(answer.body).toEqual({
      type: 'about:blank',
      title: expect.any(String),
      status,
      code,
      detail: expect.any(String),
      instance: path.split('?')[0],
      requestId: expect.stringMatching(/^[\w-]{36}$/),
    });
    expect(answer.status).toBe(status);
    expect(JSON.stringify(answer.body)).not.toMatch(/node_modules|\bat /);
  });

  it('takes a request id that is harmless, and no other', async () => {
    const answers = await Promise.all(
      ['trace-7', 'a b'].map((id) => send(`${service.url}/nowhere`, { 'x-request-id': id })),
    );
    expect(answers.map(({ body }) => body['requestId'])).toEqual([
      'trace-7',
      expect.stringMatching(/^[\w-]{36}$/),
    ]);
  });
});

describe('REST with an API key', () => {
  const key = 'key-of-this-test';
  let service: TestApp;
  beforeAll(async () => {
    service = await createApp({ env: { API_KEY: key } });
  });
  afterAll(() => service.close());

  it.each([
    ['/health', 200],
    ['/docs', 200],
    ['/config.schema.json', 200],
    ['/configs', 401],
  ])('answers %s without a key with %i', async (path, status) => {
    expect((await send(service.url + path, {})).status).toBe(status);
  });

  it('is open to other hosts and pages, for the key protects it', async () => {
    const headers = { host: 'elt.example', origin: 'https://admin.example' };
    expect((await send(`${service.url}/health`, headers)).status).toBe(200);
  });
});

describe('/health', () => {
  it('is a 503 problem in bounded time when the database is gone', async () => {
    const service = await createApp();
    const admin = new Client({ ...service.database.connection, database: 'postgres' });
    await admin.connect();
    const { database } = service.database.connection;
    await admin.query(`ALTER DATABASE ${database} ALLOW_CONNECTIONS false`);
    await admin.query('SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = $1', [
      database,
    ]);
    // What a session is told at its end must have come before the service closes it: the queue listens to no error then.
    await until(async () => {
      const sessions = 'SELECT FROM pg_stat_activity WHERE datname = $1';
      return (await admin.query(sessions, [database])).rowCount === 0;
    });
    await admin.end();
    // A session may take a moment to end.
    const answer = await until(async () => {
      const seen = await send(`${service.url}/health`, {});
      return seen.status !== 200 && seen;
    });
    expect(answer).toMatchObject({ status: 503, body: { detail: 'the database does not answer' } });
    await service.close();
  });
});

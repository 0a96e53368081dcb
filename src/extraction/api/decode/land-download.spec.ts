import { mkdtempSync, readdirSync, readFileSync, realpathSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { makeApiClient, makeClientRequest } from '../../../../test/api-client.js';
import { startApiServer, type ApiServer } from '../../../../test/api-server.js';
import { apiSource } from '../../../../test/api-source.js';
import type { ApiSourceConfig } from '../../../config-history/api-source-config.js';
import type { ApiClient } from '../http/http-client.js';
import { isStreamable } from '../is-streamable.js';
import { landDownload, type LandedDownload } from './land-download.js';
import { streamToFile } from '../http/stream-to-file.js';

let server: ApiServer;
let client: ApiClient;
let folder: string;
let answer: { type: string; body: Buffer };

beforeAll(async () => {
  server = await startApiServer((_request, response) => {
    response.setHeader('content-type', answer.type);
    response.end(answer.body);
  });
  client = makeApiClient();
});

afterAll(async () => {
  client.onModuleDestroy();
  await server.close();
});

beforeEach(() => {
  folder = realpathSync(mkdtempSync(join(tmpdir(), 'millrace-download-')));
});

afterEach(() => rmSync(folder, { recursive: true }));

/** Downloads what the server answers; pages above 1,000 bytes count as large. */
async function download(
  type: string,
  body: string | Buffer,
  source: Partial<ApiSourceConfig> = {},
  path = '/export?key=s3cret',
): Promise<LandedDownload> {
  answer = { type, body: Buffer.from(body) };
  const url = server.origin + path;
  const whole = apiSource({
    url,
    pagination: { type: 'single' },
    maxPageBytes: 1_000,
    maxBytes: 1e6,
    ...source,
  });
  expect(isStreamable(whole)).toBe(true);
  const open = await client.open(makeClientRequest(url, { maxBytes: 1e9 }));
  const downloaded = await streamToFile(open, join(folder, 'export.body'), whole.maxBytes);
  const shown = `${server.origin}/export`;
  return landDownload(downloaded, {
    source: whole,
    index: 3,
    name: 'export',
    url: shown,
    base: join(folder, 'export'),
  });
}

function linesOf({ file }: LandedDownload): Record<string, unknown>[] {
  const lines = readFileSync(file?.path ?? '', 'utf8').split('\n');
  return lines.slice(0, -1).map((line) => JSON.parse(line) as Record<string, unknown>);
}

const ROWS = Array.from({ length: 100 }, (_, index) => ({ id: index, price: 'PRICE', name: `Zoë ${index}` }));
const withPrice = (text: string): string => text.replaceAll('"PRICE"', '1.10');
const JSON_ROWS = withPrice(JSON.stringify(ROWS));
const FORMATS: [string, string, string, Partial<ApiSourceConfig>, string][] = [
  ['JSON', 'application/json', JSON_ROWS, {}, 'json'],
  [
    'JSON at a path',
    'application/json',
    `{"at":1,"data":{"items":${JSON_ROWS}}}`,
    { records: 'data.items' },
    'json',
  ],
  ['JSON that is not called so', 'text/plain', JSON_ROWS, {}, 'json'],
  [
    'NDJSON',
    'application/x-ndjson',
    withPrice(ROWS.map((row) => JSON.stringify(row)).join('\n')),
    {},
    'ndjson',
  ],
  [
    'XML',
    'application/xml',
    `<a>${ROWS.map(({ id, name }) => `<b id="${id}"><price>1.10</price><name>${name}</name></b>`).join('')}</a>`,
    { records: '$.a.b' },
    'xml',
  ],
];

describe('landDownload: what is too large for a page', () => {
  it.each(FORMATS)('%s', async (_name, type, body, source, format) => {
    const landed = await download(type, body, source);
    const { file } = landed;
    expect(landed.records).toBe(100);
    expect(file).toMatchObject({
      source: 3,
      name: 'export',
      url: `${server.origin}/export`,
      bytes: Buffer.byteLength(body),
      columns: ['id', 'price', 'name'],
      rejects: null,
      detected: { format, compression: null },
    });
    const lines = linesOf(landed);
    expect(lines).toHaveLength(100);
    expect(lines[99]).toMatchObject({ id: '99', price: '1.10', name: 'Zoë 99' });
  });

  it.each(FORMATS)('lands the same as where it is small: %s', async (_name, type, body, source) => {
    const plain = (landed: LandedDownload): unknown =>
      linesOf(landed).map((line) => Object.entries(line).filter(([name]) => !name.startsWith('#')));
    const small = await download(type, body, { ...source, maxPageBytes: 1e6 });
    expect(small.records).toBe(100);
    expect(readdirSync(folder).sort()).toEqual(['export.ndjson', 'export.raw.ndjson']);
    const records = plain(small);
    expect(plain(await download(type, body, source))).toEqual(records);
  });

  it('leaves delimited text to the reader of files', async () => {
    const body = `id;name\n${ROWS.map(({ id, name }) => `${id};${name}, again ${name}`).join('\n')}\n`;
    const csv = { delimiter: 'auto', quote: '"', header: true, columns: null, nulls: [''] };
    const { file, records } = await download('text/csv; charset=iso-8859-1', Buffer.from(body, 'latin1'), {
      csv,
    });
    expect(file).toMatchObject({
      format: 'csv',
      columns: ['id', 'name'],
      dialect: { delimiter: ';', header: true },
      detected: { format: 'csv', encoding: 'windows-1252' },
    });
    expect(records).toBe(100);
    expect(readFileSync(file?.path ?? '', 'utf8')).toBe(body);
  });

  it('opens a packed file', async () => {
    const noise = ROWS.map((row) => JSON.stringify({ ...row, noise: Math.random() })).join('\n');
    const landed = await download('application/gzip', gzipSync(noise), {}, '/export.ndjson.gz');
    expect(landed.file).toMatchObject({ detected: { format: 'ndjson', compression: 'gzip' } });
    expect(linesOf(landed)).toHaveLength(100);
  });

  it('makes broken lines rejects', async () => {
    const lines = ROWS.map((row) => JSON.stringify(row));
    lines[7] = '{"id":7,';
    const landed = await download('application/x-ndjson', lines.join('\n'));
    expect(linesOf(landed)).toHaveLength(99);
    expect(landed.file?.rejects?.count).toBe(1);
  });
});

describe('landDownload: what is refused', () => {
  it.each<[string, string, string, Partial<ApiSourceConfig>, string, string]>([
    [
      'broken JSON',
      'application/json',
      `${JSON_ROWS.slice(0, -1)},`,
      {},
      'API_BODY_BROKEN',
      'line 1, character',
    ],
    [
      'JSON without the records',
      'application/json',
      `{"items":${JSON_ROWS}}`,
      { records: '$.data' },
      'API_BODY_BROKEN',
      'expected records at $.data, got nothing there',
    ],
    [
      'broken XML',
      'text/xml',
      `<a>${'<b>1</b>\n'.repeat(200)}`,
      { records: '$.a.b' },
      'API_BODY_BROKEN',
      'line 201, character 1: expected well-formed XML',
    ],
    [
      'HTML',
      'text/html',
      `<!doctype html><title>Log in</title>${'<p>x'.repeat(500)}`,
      {},
      'API_HTML',
      'an HTML page called "Log in"',
    ],
    [
      'HTML for CSV',
      'text/html',
      `<html>${'<p>x'.repeat(500)}`,
      { format: 'csv' },
      'API_HTML',
      'an HTML page',
    ],
    [
      'a charset that is not known',
      'text/csv; charset=koi8-r',
      `a,b\n${'1,2\n'.repeat(500)}`,
      {},
      'API_BODY_BROKEN',
      'got "koi8-r"',
    ],
    [
      'a picture',
      'image/png',
      `\x89PNG\r\n\x1a\n${'x'.repeat(2_000)}`,
      {},
      'API_FORMAT_UNKNOWN',
      'declare format',
    ],
  ])('%s', async (_name, type, body, source, code, message) => {
    const refused = expect.objectContaining({
      code,
      status: 200,
      message: expect.stringContaining(message) as unknown,
    });
    await expect(download(type, body, source)).rejects.toEqual(refused);
    await expect(download(type, body, source)).rejects.toThrow(`(${server.origin}/export)`);
    await expect(download(type, body, source)).rejects.not.toThrow('s3cret');
  });

  it('a body that is too long', async () => {
    await expect(download('application/json', JSON_ROWS, { maxBytes: 2_000 })).rejects.toMatchObject({
      code: 'API_BODY_TOO_LONG',
    });
  });
});

describe('landDownload: what is small', () => {
  it('writes nothing for no records', async () => {
    const landed = await download('application/json', '{"data":[]}', { records: '$.data' });
    expect(landed).toEqual({ file: null, records: 0 });
    expect(readdirSync(folder)).toEqual([]);
  });
});

describe('isStreamable', () => {
  const single: Partial<ApiSourceConfig> = { pagination: { type: 'single' } };
  it.each<[boolean, string, Partial<ApiSourceConfig>]>([
    [true, 'one answer', single],
    [true, 'records at a path', { ...single, records: '$.a.b' }],
    [true, 'records at names', { ...single, records: 'a.b' }],
    [false, 'several pages', { pagination: { type: 'auto' } }],
    [false, 'records that are searched for', { ...single, records: '$..b' }],
    [false, 'records of several lists', { ...single, records: '$.a[*].b' }],
    [false, 'fields', { ...single, fields: [{ name: 'a', path: 'b' }] }],
    [false, 'a parent', { ...single, forEach: { stream: 's', columns: [], include: {} } }],
  ])('%s: %s', (expected, _name, changes) => {
    expect(isStreamable(apiSource(changes))).toBe(expected);
  });
});

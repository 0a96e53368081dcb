import type { LookupAddress } from 'node:dns';
import { once } from 'node:events';
import type { RequestListener } from 'node:http';
import { type AddressInfo, createServer, isIP, type Socket } from 'node:net';
import { HttpService } from '@nestjs/axios';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import axios from 'axios';
import { type ApiServer, startApiServer } from '../../../../test/api-server.js';
import { fetchAnswer, makeApiClient, makeClientRequest } from '../../../../test/api-client.js';
import { until } from '../../../../test/jobs-support.js';
import { AddressGuard, type Resolve } from './address-guard.js';
import { ApiClient } from './http-client.js';

const clients: ApiClient[] = [];

/** Gives the answers one after the other, the last one again and again. */
function resolving(...answers: string[][]): Resolve & { names: string[] } {
  const names: string[] = [];
  const resolve: Resolve = (host, _options, take) => {
    const addresses = answers[Math.min(names.length, answers.length - 1)]!;
    names.push(host);
    take(
      null,
      addresses.map((address): LookupAddress => ({ address, family: isIP(address) })),
    );
  };
  return Object.assign(resolve, { names });
}

function open(client: ApiClient): ApiClient {
  clients.push(client);
  return client;
}

afterEach(() => {
  for (const client of clients.splice(0)) client.onModuleDestroy();
});

describe('a server of this machine that nobody listed (H3)', () => {
  let canary: ApiServer;
  beforeAll(async () => {
    // All addresses of this machine, IPv4 and IPv6.
    canary = await startApiServer((_request, response) => response.end('caught'), '::');
  });
  afterAll(() => canary.close());

  const hosts = [
    '127.0.0.1',
    '127.1',
    '127.0.1',
    '127.0.0.1.',
    '127.255.255.254',
    '0x7f.1',
    '0x7f.0x0.0x0.0x1',
    '0x7f000001',
    '2130706433',
    '017700000001',
    '0177.0.0.1',
    '0177.1',
    '00000177.0.0.0x1',
    '%31%32%37.0.0.1',
    '①②⑦.⓪.⓪.①',
    '１２７．０．０．１',
    '127。0。0。1',
    '0',
    '0.0.0.0',
    '0x0',
    '[::]',
    '[::1]',
    '[0:0:0:0:0:0:0:1]',
    '[0000::0001]',
    '[::ffff:127.0.0.1]',
    '[::ffff:7f00:1]',
    '[0:0:0:0:0:ffff:127.0.0.1]',
    '[::127.0.0.1]',
    '[::7f00:1]',
    '[::ffff:0:127.0.0.1]',
    '[64:ff9b::127.0.0.1]',
    '[64:ff9b:1::7f00:1]',
    '[2002:7f00:1::]',
    '[fe80::1]',
    'localhost',
    'LOCALHOST',
    'ｌｏｃａｌｈｏｓｔ',
    'lo%63alhost',
    '169.254.169.254',
    '10.0.0.1',
    '192.168.0.1',
    '[fd00:ec2::254]',
  ];
  it.each(hosts)('is not reached as %s', async (host) => {
    const request = makeClientRequest(`http://${host}:${canary.port}/`);
    await expect(open(makeApiClient([])).open(request)).rejects.toMatchObject({
      code: 'API_ADDRESS_REFUSED',
      message: expect.stringMatching(
        /: expected a host at public addresses, or one that MILLRACE_API_HOSTS lists$/,
      ),
    });
    expect(canary.connected()).toBe(0);
  });

  it.each([
    ['127.0.0.1.nip.example', ['127.0.0.1']],
    ['one-of-two.example', ['8.8.8.8', '127.0.0.1']],
    ['the-other-of-two.example', ['127.0.0.1', '8.8.8.8']],
    ['localhost.', ['127.0.0.1']],
    ['six.example', ['::1']],
    ['mapped.example', ['::ffff:127.0.0.1']],
    ['database.example', ['10.1.2.3']],
    ['zone.example', ['fe80::1%lo']],
  ])('is not reached by the name %s at %j', async (name, addresses) => {
    const request = makeClientRequest(`http://${name}:${canary.port}/`);
    await expect(open(makeApiClient([], resolving(addresses))).open(request)).rejects.toThrow(
      'MILLRACE_API_HOSTS',
    );
    expect(canary.connected()).toBe(0);
  });

  it('is not reached by a proxy of the environment', async () => {
    const home = await startApiServer((_request, response) => response.end('straight'));
    const proxy = `http://127.0.0.1:${canary.port}`;
    process.env['http_proxy'] = process.env['HTTP_PROXY'] = proxy;
    process.env['NODE_USE_ENV_PROXY'] = '1';
    try {
      const answer = await fetchAnswer(open(makeApiClient()), makeClientRequest(home.origin));
      expect(answer.text).toBe('straight');
      expect(canary.connected()).toBe(0);
    } finally {
      for (const name of ['http_proxy', 'HTTP_PROXY', 'NODE_USE_ENV_PROXY']) delete process.env[name];
      await home.close();
    }
  });

  it.each(['127.0.0.1', 'localhost', '[::ffff:127.0.0.1]', '0x7f.1'])(
    'is not reached by a redirect to %s, though that origin is allowed',
    async (host) => {
      const target = `http://${host}:${canary.port}`;
      const home = await startApiServer((_request, response) =>
        response.writeHead(302, { location: target }).end(),
      );
      try {
        const request = makeClientRequest(home.origin, { origins: [new URL(target).origin] });
        const client = open(makeApiClient([`127.0.0.1:${home.port}`]));
        await expect(client.open(request)).rejects.toThrow('MILLRACE_API_HOSTS');
        expect(home.seen).toHaveLength(1);
        expect(canary.connected()).toBe(0);
      } finally {
        await home.close();
      }
    },
  );
});

/** Takes 127.0.0.2 for a public address, so that no test needs one. */
class LabGuard extends AddressGuard {
  override checkAddress(host: string, port: string | number, address: string | undefined): void {
    if (address !== '127.0.0.2') super.checkAddress(host, port, address);
  }
}

const labClient = (guard: AddressGuard) => open(new ApiClient(new HttpService(axios.create()), guard));

/** A server outside, and one inside at the same port, which somebody else may have. */
async function onOnePort(tries = 10): Promise<[outside: ApiServer, canary: ApiServer]> {
  const outside = await startApiServer((request, response) => {
    if (request.url === '/close') response.setHeader('connection', 'close');
    response.end('outside');
  }, '127.0.0.2');
  try {
    const answer: RequestListener = (_request, response) => void response.end('caught');
    return [outside, await startApiServer(answer, '127.0.0.1', outside.port)];
  } catch (error) {
    await outside.close();
    if ((error as NodeJS.ErrnoException).code !== 'EADDRINUSE' || tries === 1) throw error;
    return onOnePort(tries - 1);
  }
}

describe('a name whose addresses change (H3)', () => {
  let outside: ApiServer;
  let canary: ApiServer;
  beforeAll(async () => {
    [outside, canary] = await onOnePort();
  });
  afterAll(async () => {
    await outside.close();
    await canary.close();
  });

  it('is resolved once, and connected to what was found then', async () => {
    const resolve = resolving(['127.0.0.2'], ['127.0.0.1']);
    const answer = await fetchAnswer(
      labClient(new LabGuard([], resolve)),
      makeClientRequest(`http://rebound.example:${outside.port}/`),
    );
    expect(answer.text).toBe('outside');
    expect(resolve.names).toEqual(['rebound.example']);
    expect(canary.connected()).toBe(0);
  });

  it('is checked again for the next connection', async () => {
    const client = labClient(new LabGuard([], resolving(['127.0.0.2'], ['127.0.0.1'])));
    const request = makeClientRequest(`http://rebound.example:${outside.port}/close`);
    await fetchAnswer(client, request);
    await expect(client.open(request)).rejects.toThrow('MILLRACE_API_HOSTS');
    expect(canary.connected()).toBe(0);
  });

  it('stays where it was checked while the connection is kept', async () => {
    const client = labClient(new LabGuard([], resolving(['127.0.0.2'], ['127.0.0.1'])));
    const before = outside.connected();
    for (let count = 0; count < 3; count++) {
      const { text } = await fetchAnswer(
        client,
        makeClientRequest(`http://rebound.example:${outside.port}/`),
      );
      expect(text).toBe('outside');
    }
    expect(outside.connected() - before).toBe(1);
    expect(canary.connected()).toBe(0);
  });

  it('says nothing on a connection that leads elsewhere than it was told', async () => {
    class DeceivedGuard extends LabGuard {
      override lookup(_host: string, _port: string | number, take: Parameters<Resolve>[2]): void {
        take(null, [{ address: '127.0.0.1', family: 4 }]);
      }
    }
    let bytes = 0;
    const listener = createServer((socket) => socket.on('data', (data) => (bytes += data.length)));
    listener.listen(0, '127.0.0.1');
    await once(listener, 'listening');
    for (const protocol of ['http', 'https']) {
      const url = `${protocol}://deceived.example:${(listener.address() as AddressInfo).port}/`;
      const reached = once(listener, 'connection') as Promise<[Socket]>;
      const opened = labClient(new DeceivedGuard([])).open(makeClientRequest(url));
      await expect(opened).rejects.toThrow('MILLRACE_API_HOSTS');
      const [socket] = await reached;
      if (!socket.closed) await once(socket, 'close');
    }
    expect(bytes).toBe(0);
    listener.close();
    await once(listener, 'close');
  });
});

it('keeps its connections and closes them with the module', async () => {
  const server = await startApiServer((_request, response) => response.end('ok'));
  const client = makeApiClient();
  await fetchAnswer(client, makeClientRequest(server.origin));
  await fetchAnswer(client, makeClientRequest(server.origin));
  expect([server.connected(), server.connections()]).toEqual([1, 1]);
  client.onModuleDestroy();
  await until(() => server.connections() === 0);
  await server.close();
});

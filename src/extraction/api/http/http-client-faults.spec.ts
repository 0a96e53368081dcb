import { once } from 'node:events';
import type { Socket } from 'node:net';
import { setImmediate } from 'node:timers/promises';
import { inspect } from 'node:util';
import { gzipSync } from 'node:zlib';
import { afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { startApiServer, startRawServer } from '../../../../test/api-server.js';
import { fetchAnswer, makeApiClient, makeClientRequest } from '../../../../test/api-client.js';
import { until } from '../../../../test/jobs-support.js';
import type { ApiTimeouts } from '../../../config-history/api-source-config.js';
import type { ApiClient } from './http-client.js';
import { readBody } from './read-body.js';

type RawServer = Awaited<ReturnType<typeof startRawServer>>;

const OK = 'HTTP/1.1 200 OK\r\n';
const LONG: ApiTimeouts = { connectSeconds: 60, headersSeconds: 60, idleSeconds: 60, totalSeconds: 60 };
const count = (pattern: RegExp) =>
  process.getActiveResourcesInfo().filter((name) => pattern.test(name)).length;
const sockets = () => count(/TCPSocket|TLS/);
const timers = () => count(/Timeout/);

let client: ApiClient;
let server: RawServer | undefined;
/** Timers of the test runner itself. */
let idleTimers: number;
beforeAll(() => {
  idleTimers = timers();
});
beforeEach(() => {
  client = makeApiClient();
});

/** Whatever happened, nothing of it may be left: no connection, no timer. */
afterEach(async () => {
  if (server) await until(() => server!.connections() === 0);
  await server?.close();
  server = undefined;
  client.onModuleDestroy();
  await until(() => sockets() === 0 && timers() <= idleTimers);
});

async function serve(answer: (socket: Socket) => void): Promise<string> {
  server = await startRawServer(answer);
  return `${server.origin}/items?token=hidden`;
}

function fetchRaw(url: string, timeouts: Partial<ApiTimeouts> = {}) {
  const headers = { authorization: 'hidden' };
  return fetchAnswer(client, makeClientRequest(url, { headers, timeouts: { ...LONG, ...timeouts } }));
}

/** Everything that an error holds. */
const showError = async (failing: Promise<unknown>) =>
  inspect(await failing.catch((error: unknown) => error), { depth: 20, showHidden: true });

/** Writes a piece again and again until the connection ends. */
function dribble(socket: Socket, piece: string): void {
  const timer = setInterval(() => socket.write(piece), 20);
  socket.on('close', () => clearInterval(timer));
}

/** Not at once, and not before the client has had its turn: a reset throws away what was not read before it. */
function resetLater(socket: Socket): void {
  setTimeout(() => void setImmediate().then(() => socket.resetAndDestroy()), 50);
}

describe('deadlines', () => {
  const cases: [string, Partial<ApiTimeouts>, string, (socket: Socket) => void][] = [
    ['never answers (C4)', { headersSeconds: 0.1 }, 'the headers of an answer', () => undefined],
    [
      'dribbles its headers (C4)',
      { headersSeconds: 0.2 },
      'the headers of an answer',
      (socket) => {
        socket.write(OK);
        dribble(socket, 'x-a: b\r\n');
      },
    ],
    [
      'promises an answer again and again',
      { headersSeconds: 0.2 },
      'the headers of an answer',
      (socket) => dribble(socket, 'HTTP/1.1 102 Processing\r\n\r\n'),
    ],
    [
      'stops in the middle of the body',
      { idleSeconds: 0.1 },
      'more of the body',
      (socket) => socket.write(`${OK}content-length: 10\r\n\r\n12345`),
    ],
    [
      'stops in the middle of a packed body',
      { idleSeconds: 0.1 },
      'more of the body',
      (socket) => {
        socket.write(`${OK}content-length: 1000\r\ncontent-encoding: gzip\r\n\r\n`);
        socket.write(gzipSync('0123456789').subarray(0, 15));
      },
    ],
    [
      'sends a byte at a time for ever (C5)',
      { totalSeconds: 0.3 },
      'the whole answer',
      (socket) => {
        socket.write(`${OK}\r\n`);
        dribble(socket, '1');
      },
    ],
    [
      'redirects for ever at leisure',
      { totalSeconds: 3, headersSeconds: 2.5 },
      'the whole answer',
      (socket) => {
        const timer = setTimeout(
          () => socket.write('HTTP/1.1 302 Found\r\nlocation: /\r\ncontent-length: 0\r\n\r\n'),
          1_000,
        );
        socket.on('close', () => clearTimeout(timer));
      },
    ],
  ];
  it.each(cases)('end a server that %s', async (_name, timeouts, awaited, answer) => {
    const url = await serve(answer);
    const [[wait, seconds]] = Object.entries(timeouts).sort(([one], [other]) => (one < other ? 1 : -1)) as [
      [string, number],
    ];
    await expect(fetchRaw(url, timeouts)).rejects.toMatchObject({
      name: 'ApiUnavailable',
      code: 'API_TIMEOUT',
      message: `${server!.origin}/items: expected ${awaited} within ${seconds} s (${wait.replace('Seconds', '')} deadline), got none`,
    });
  });

  it('end a server that does not take up TLS', async () => {
    const url = await serve(() => undefined);
    await expect(fetchRaw(url.replace('http:', 'https:'), { connectSeconds: 0.1 })).rejects.toThrow(
      'expected a connection within 0.1 s (connect deadline), got none',
    );
  });

  it('end a name that is never resolved', async () => {
    client.onModuleDestroy();
    client = makeApiClient([], () => undefined);
    await expect(fetchRaw('http://name.example/', { connectSeconds: 0.1 })).rejects.toThrow(
      'http://name.example/: expected a connection within 0.1 s (connect deadline), got none',
    );
  });

  it('end an answer that nobody reads', async () => {
    const url = await serve((socket) => socket.write(`${OK}content-length: 10\r\n\r\n12345`));
    const answer = await client.open(makeClientRequest(url, { timeouts: { ...LONG, totalSeconds: 3 } }));
    await until(() => server!.connections() === 0);
    await expect(readBody(answer, 100)).rejects.toMatchObject({ code: 'API_TIMEOUT' });
  });

  it.each<[string, Partial<ApiTimeouts>, string[]]>([
    ['the headers', { headersSeconds: 3 }, [`${OK}content-length: 2\r\n\r\nok`]],
    ['more of the body', { idleSeconds: 3 }, [`${OK}content-length: 2\r\n\r\n`, 'ok']],
  ])('hear %s that came while the process was held up', async (_awaited, timeouts, pieces) => {
    const url = await serve(async (socket) => {
      for (const piece of pieces) {
        // The client waits for it by now.
        await setImmediate();
        await setImmediate();
        socket.write(piece);
      }
      for (const end = performance.now() + 3_200; performance.now() < end;);
      socket.end();
    });
    expect((await fetchRaw(url, timeouts)).text).toBe('ok');
  });

  it('do not count the time that the reader takes as idle', async () => {
    const url = await serve((socket) => {
      socket.end(`${OK}content-length: 200000\r\n\r\n${'x'.repeat(200_000)}`);
    });
    const answer = await client.open(makeClientRequest(url, { timeouts: { ...LONG, idleSeconds: 3 } }));
    let size = 0;
    for await (const chunk of answer.body) {
      if (size === 0) await new Promise((resolve) => setTimeout(resolve, 3_500));
      size += chunk.length;
    }
    expect(size).toBe(200_000);
  });
});

describe('bodies', () => {
  const chunked = 'transfer-encoding: chunked\r\n';
  const cut: [string, string | Buffer][] = [
    ['shorter than it says (C6)', `${OK}content-length: 10\r\n\r\n12345`],
    ['cut in a chunk (C6)', `${OK}${chunked}\r\nA\r\n12345`],
    ['cut between chunks (C6)', `${OK}${chunked}\r\n5\r\n12345\r\n`],
    ['cut before the last line of its chunks', `${OK}${chunked}\r\n5\r\n12345\r\n0\r\n`],
    ['with a chunk that has no size', `${OK}${chunked}\r\n5\r\n12345\r\nZ\r\n`],
    [
      'packed and cut, of unknown length (C7)',
      Buffer.concat([Buffer.from(`${OK}content-encoding: gzip\r\n\r\n`), gzipSync('12345').subarray(0, -3)]),
    ],
    ['packed and cut before its first byte (C7)', `${OK}content-encoding: gzip\r\n\r\n`],
  ];
  it.each(cut)('%s are found out', async (_name, bytes) => {
    const url = await serve((socket) => socket.end(bytes));
    const fetched = fetchRaw(url);
    await expect(fetched).rejects.toMatchObject({
      name: 'ApiUnavailable',
      code: 'API_BODY_CUT',
      message: expect.stringMatching(/^http:\/\/127\.0\.0\.1:\d+\/items: expected a whole body/),
    });
    expect(await showError(fetched)).not.toMatch(/hidden|rawPacket/);
  });

  it.each(cut)('%s are found out where the connection is reset', async (_name, bytes) => {
    const url = await serve((socket) => {
      socket.write(bytes, () => resetLater(socket));
    });
    await expect(fetchRaw(url)).rejects.toMatchObject({ name: 'ApiUnavailable', code: 'API_BODY_CUT' });
  });

  it('of unknown length are found out where the connection is reset', async () => {
    const url = await serve((socket) => {
      socket.write(`${OK}\r\n{"items": [1, 2`, () => resetLater(socket));
    });
    await expect(fetchRaw(url)).rejects.toMatchObject({ name: 'ApiUnavailable', code: 'API_BODY_CUT' });
  });

  it('of unknown length end with the connection: one that was cut there looks whole (C7)', async () => {
    const url = await serve((socket) => socket.end(`${OK}\r\n{"items": [1, 2`));
    expect((await fetchRaw(url)).text).toBe('{"items": [1, 2');
  });

  it('packed in a way that is not known close the connection', async () => {
    const url = await serve((socket) => socket.write(`${OK}content-encoding: compress\r\n\r\n`));
    await expect(fetchRaw(url)).rejects.toMatchObject({ code: 'API_ENCODING_UNKNOWN' });
    await until(() => server!.connections() === 0);
  });

  it('packed and empty are empty where the server says so', async () => {
    const url = await serve((socket) =>
      socket.end(`${OK}content-encoding: gzip\r\ncontent-length: 0\r\n\r\n`),
    );
    expect((await fetchRaw(url)).text).toBe('');
  });

  it('that nobody reads to their end close the connection', async () => {
    const url = await serve((socket) => {
      socket.write(`${OK}content-encoding: gzip\r\n\r\n`);
      socket.write(gzipSync('x'.repeat(500_000)));
    });
    const answer = await client.open(makeClientRequest(url));
    for await (const chunk of answer.body) if (chunk.length > 0) break;
    await until(() => server!.connections() === 0);
    expect(server!.connected()).toBe(1);
  });

  it('that are discarded close the connection', async () => {
    const url = await serve((socket) => dribble(socket.write(`${OK}\r\n`) ? socket : socket, '1'));
    const answer = await client.open(makeClientRequest(url));
    answer.discard();
    await until(() => server!.connections() === 0);
    await expect(readBody(answer, 100)).rejects.toThrow('it was discarded');
  });
});

describe('caps', () => {
  /** Reads all that comes, with no cap of its own. */
  async function drain(url: string, maxBytes: number): Promise<number> {
    const answer = await client.open(makeClientRequest(url, { timeouts: LONG, maxBytes }));
    let size = 0;
    for await (const chunk of answer.body) size += chunk.length;
    return size;
  }

  const tooLong = (size: number) => ({
    name: 'ApiRefused',
    code: 'API_BODY_TOO_LONG',
    message: `${server!.origin}/items: expected a body of at most ${size} bytes, got more`,
  });

  it('stop a body', async () => {
    const url = await serve((socket) => {
      socket.write(`${OK}\r\n`);
      dribble(socket, 'x'.repeat(10_000));
    });
    await expect(drain(url, 50_000)).rejects.toMatchObject(tooLong(50_000));
  });

  it('stop a body that says it is too long before it is read', async () => {
    const url = await serve((socket) => socket.write(`${OK}content-length: 50001\r\n\r\n`));
    await expect(drain(url, 50_000)).rejects.toMatchObject(tooLong(50_000));
  });

  it('let a body pass that is just as long', async () => {
    const url = await serve((socket) => socket.end(`${OK}content-length: 5\r\n\r\n12345`));
    expect(await drain(url, 5)).toBe(5);
  });

  it('stop a small body that unpacks to half a gigabyte (C9)', async () => {
    const bomb = Buffer.concat(Array<Buffer>(100).fill(gzipSync(Buffer.alloc(5_000_000))));
    const url = await serve((socket) => {
      socket.write(`${OK}content-encoding: gzip\r\ncontent-length: ${bomb.length}\r\n\r\n`);
      socket.write(bomb);
    });
    const { rss } = process.memoryUsage();
    await expect(drain(url, 1_000_000)).rejects.toMatchObject(tooLong(1_000_000));
    expect(process.memoryUsage().rss - rss).toBeLessThan(100_000_000);
  });

  it('hold for readBody too', async () => {
    const url = await serve((socket) => socket.end(`${OK}content-length: 5\r\n\r\n12345`));
    const answer = await client.open(makeClientRequest(url));
    await expect(readBody(answer, 4)).rejects.toMatchObject(tooLong(4));
  });
});

describe('answers that are none (C17)', () => {
  const many = (count: number) => Array.from({ length: count }, (_, index) => `a${index}: b\r\n`).join('');
  it.each([
    ['10,000 headers', `${OK}${many(10_000)}\r\n`, 'ApiRefused', 'expected at most 250 headers, got 10000'],
    ['251 headers', `${OK}${many(251)}\r\n`, 'ApiRefused', 'expected at most 250 headers, got 251'],
    [
      '10,000 long headers',
      `${OK}${many(10_000).replaceAll('b', 'bbbbbb')}\r\n`,
      'ApiRefused',
      'expected headers of at most 64 kB, got more',
    ],
    [
      'a header of a megabyte',
      `${OK}a: ${'b'.repeat(1_000_000)}\r\n\r\n`,
      'ApiRefused',
      'expected headers of at most 64 kB, got more',
    ],
    ['a status line of its own', 'HTTP/1.1 OK 200\r\n\r\n', 'ApiUnavailable', 'expected an HTTP answer, got'],
    [
      'a secret in a header that is none',
      'HTTP/1.1 200 OK\r\nset-cookie: hidden\r\nb\0d\r\n\r\n',
      'ApiUnavailable',
      'expected an HTTP answer, got',
    ],
    ['no HTTP', 'SSH-2.0-OpenSSH_9.6\r\n', 'ApiUnavailable', 'expected an HTTP answer, got'],
    ['another HTTP', 'HTTP/9.9 200 OK\r\n\r\n', 'ApiUnavailable', 'expected an HTTP answer, got'],
    [
      'two lengths',
      `${OK}content-length: 1\r\ncontent-length: 2\r\n\r\nab`,
      'ApiUnavailable',
      'expected an HTTP',
    ],
    [
      'a length and chunks',
      `${OK}content-length: 1\r\ntransfer-encoding: chunked\r\n\r\n1\r\na\r\n0\r\n\r\n`,
      'ApiUnavailable',
      'expected an HTTP answer, got',
    ],
    [
      'a folded header with a line feed',
      `${OK}a: b\n c\r\n\r\n`,
      'ApiUnavailable',
      'expected an HTTP answer, got',
    ],
    ['nothing', '', 'ApiUnavailable', 'expected a connection, got'],
    ['half a header', `${OK}a: `, 'ApiUnavailable', 'expected a connection, got'],
    [
      'a switch to another protocol',
      'HTTP/1.1 101 Go\r\nupgrade: x\r\nconnection: upgrade\r\n\r\n',
      'ApiUnavailable',
      'expected a connection, got',
    ],
  ])('%s', async (_what, bytes, name, fault) => {
    const url = await serve((socket) => socket.end(bytes));
    const fetched = fetchRaw(url);
    await expect(fetched).rejects.toMatchObject({ name });
    await expect(fetched).rejects.toThrow(`${server!.origin}/items: ${fault}`);
    expect(await showError(fetched)).not.toMatch(/hidden|rawPacket/);
  });

  it('take 250 headers', async () => {
    const url = await serve((socket) => socket.end(`${OK}${many(249)}content-length: 2\r\n\r\nok`));
    expect((await fetchRaw(url)).text).toBe('ok');
  });

  it('take headers of 60 kB', async () => {
    const url = await serve((socket) =>
      socket.end(`${OK}a: ${'b'.repeat(60_000)}\r\ncontent-length: 2\r\n\r\nok`),
    );
    expect((await fetchRaw(url)).headers['a']).toHaveLength(60_000);
  });

  it('pass over what comes before the answer', async () => {
    const early = 'HTTP/1.1 103 Early Hints\r\nlink: </x>\r\n\r\n';
    const url = await serve((socket) => socket.end(`${early}${early}${OK}content-length: 2\r\n\r\nok`));
    expect((await fetchRaw(url)).text).toBe('ok');
  });

  it('a port where nobody listens', async () => {
    const url = await serve(() => undefined);
    await server!.close();
    const { origin } = server!;
    server = undefined;
    await expect(fetchRaw(url)).rejects.toMatchObject({
      name: 'ApiUnavailable',
      code: 'API_UNREACHABLE',
      message: expect.stringMatching(`^${origin}/items: expected a connection, got .*ECONNREFUSED`),
    });
  });

  it('a name at several addresses where nobody listens', async () => {
    const url = await serve(() => undefined);
    await server!.close();
    const { port } = server!;
    server = undefined;
    client.onModuleDestroy();
    const addresses = ['127.0.0.1', '::1'].map((address, index) => ({
      address,
      family: index === 0 ? 4 : 6,
    }));
    client = makeApiClient(['name.example'], (_host, _options, take) => take(null, addresses));
    await expect(fetchRaw(url.replace('127.0.0.1', 'name.example'))).rejects.toThrow(
      `http://name.example:${port}/items: expected a connection, got ECONNREFUSED`,
    );
  });

  it('a name that nobody knows', async () => {
    client.onModuleDestroy();
    client = makeApiClient([], (host, _options, take) =>
      take(Object.assign(new Error(`getaddrinfo ENOTFOUND ${host}`), { code: 'ENOTFOUND' }), []),
    );
    await expect(fetchRaw('http://name.example/?token=hidden')).rejects.toThrow(
      'http://name.example/: expected a connection, got getaddrinfo ENOTFOUND name.example',
    );
  });
});

describe('an abort', () => {
  const reason = new Error('cancelled');

  it('before the request sends nothing', async () => {
    const url = await serve(() => undefined);
    const request = makeClientRequest(url, { signal: AbortSignal.abort(reason) });
    await expect(client.open(request)).rejects.toBe(reason);
    expect(server!.connected()).toBe(0);
  });

  const moments: [string, (socket: Socket, abort: () => void) => void][] = [
    ['while the headers are awaited', (_socket, abort) => abort()],
    [
      'in the middle of the headers',
      (socket, abort) => {
        socket.write(`${OK}a: b\r\n`, () => abort());
      },
    ],
    [
      'in the middle of the body',
      (socket, abort) => {
        socket.write(`${OK}content-length: 10\r\n\r\n12345`);
        setTimeout(abort, 50);
      },
    ],
    [
      'in the middle of a packed body',
      (socket, abort) => {
        socket.write(`${OK}content-encoding: gzip\r\n\r\n`);
        socket.write(gzipSync('0123456789').subarray(0, 15));
        setTimeout(abort, 50);
      },
    ],
  ];
  it.each(moments)('%s ends it with its own reason', async (_name, answer) => {
    const controller = new AbortController();
    const url = await serve((socket) => answer(socket, () => controller.abort(reason)));
    const request = makeClientRequest(url, { signal: controller.signal, timeouts: LONG });
    await expect(fetchAnswer(client, request)).rejects.toBe(reason);
  });

  it('at any early moment leaves nothing behind', async () => {
    const url = await serve((socket) => socket.write(`${OK}content-length: 2\r\n\r\nok`));
    for (let turns = 0; turns < 30; turns++) {
      const controller = new AbortController();
      const request = makeClientRequest(url, { signal: controller.signal, timeouts: LONG });
      const fetched = fetchAnswer(client, request).then(
        ({ text }) => text,
        (error: unknown) => error,
      );
      for (let turn = 0; turn < turns; turn++) await setImmediate();
      controller.abort(reason);
      expect([reason, 'ok']).toContain(await fetched);
    }
    client.onModuleDestroy();
  });

  it('while a name is resolved', async () => {
    const controller = new AbortController();
    client.onModuleDestroy();
    client = makeApiClient([], () => controller.abort(reason));
    const request = makeClientRequest('http://name.example/', { signal: controller.signal });
    await expect(client.open(request)).rejects.toBe(reason);
  });

  it('after the answer was read is of no account', async () => {
    const controller = new AbortController();
    const kept = await startApiServer((_request, response) => response.end('ok'));
    const request = makeClientRequest(kept.origin, { signal: controller.signal });
    await fetchAnswer(client, request);
    controller.abort(reason);
    await fetchAnswer(client, { ...request, signal: undefined });
    expect(kept.connected()).toBe(1);
    await kept.close();
  });
});

it('a socket that fails while it is kept ends nothing', async () => {
  let kept: Socket | undefined;
  const url = await serve((socket) => {
    kept = socket;
    socket.write(`${OK}content-length: 2\r\n\r\nok`);
  });
  expect((await fetchRaw(url)).text).toBe('ok');
  kept!.resetAndDestroy();
  await once(kept!, 'close');
  expect((await fetchRaw(url)).text).toBe('ok');
  kept!.destroy();
});

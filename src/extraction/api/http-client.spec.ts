import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { HttpService } from '@nestjs/axios';
import { describe, expect, it } from '@jest/globals';
import axios from 'axios';
import { AddressGuard } from './address-guard.js';
import { ApiClient } from './http-client.js';
import { readBody } from './read-body.js';

describe('ApiClient', () => {
  it('gives the answer and its body', async () => {
    const server = createServer((request, response) => response.end(`${request.method} ${request.url}`));
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const home = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    const client = new ApiClient(new HttpService(axios.create()), new AddressGuard(['127.0.0.1']));
    const answer = await client.open({
      method: 'GET',
      url: `${home}/a?b=c`,
      headers: {},
      timeouts: { connectSeconds: 5, headersSeconds: 5, idleSeconds: 5, totalSeconds: 5 },
      maxBytes: 1000,
      origins: [],
      home,
      credentialHeaders: [],
    });
    expect((await readBody(answer, 1000)).toString()).toBe('GET /a?b=c');
    client.onModuleDestroy();
    server.close();
  });
});

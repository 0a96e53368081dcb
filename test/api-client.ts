import { HttpService } from '@nestjs/axios';
import axios from 'axios';
import { AddressGuard, type Resolve } from '../src/extraction/api/http/address-guard.js';
import type { ClientRequest } from '../src/extraction/api/http/client-request.js';
import { ApiClient } from '../src/extraction/api/http/http-client.js';
import { readBody } from '../src/extraction/api/http/read-body.js';

/** A client that may call the hosts listed; close it with `onModuleDestroy`. */
export function makeApiClient(hosts: string[] = ['127.0.0.1'], resolve?: Resolve): ApiClient {
  return new ApiClient(new HttpService(axios.create()), new AddressGuard(hosts, resolve));
}

/** A GET of a URL whose origin is its home, with deadlines that end a test that hangs. */
export function makeClientRequest(url: string, changes: Partial<ClientRequest> = {}): ClientRequest {
  return {
    method: 'GET',
    url,
    headers: {},
    timeouts: { connectSeconds: 60, headersSeconds: 60, idleSeconds: 60, totalSeconds: 60 },
    maxBytes: 1_000_000,
    origins: [],
    home: new URL(url).origin,
    credentialHeaders: [],
    ...changes,
  };
}

/** Status, headers, URL and body of an answer. */
export async function fetchAnswer(client: ApiClient, request: ClientRequest) {
  const answer = await client.open(request);
  const { status, headers, url } = answer;
  return { status, headers, url, text: (await readBody(answer, request.maxBytes)).toString() };
}

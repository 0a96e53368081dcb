import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import 'reflect-metadata';

// Fetches the pages as the service does, from its build.
const [origin = '', pages = '0', parallel = '1'] = process.argv.slice(2);

async function built<T>(path: string): Promise<T> {
  return (await import(new URL(`../dist/src/extraction/api/${path}.js`, import.meta.url).href)) as T;
}

const { fetchSource } =
  await built<typeof import('../src/extraction/api/fetch/fetch-source.js')>('fetch/fetch-source');
const { ApiSessions } =
  await built<typeof import('../src/extraction/api/session/api-sessions.js')>('session/api-sessions');
const { ApiClient } =
  await built<typeof import('../src/extraction/api/http/http-client.js')>('http/http-client');
const { AddressGuard } =
  await built<typeof import('../src/extraction/api/http/address-guard.js')>('http/address-guard');
const { HostRates } =
  await built<typeof import('../src/extraction/api/session/host-rates.js')>('session/host-rates');
const { HttpService } = await import('@nestjs/axios');
const { default: axios } = await import('axios');
const { apiSource } = (await import(
  new URL('api-source.ts', import.meta.url).href
)) as typeof import('./api-source.js');

const folder = await mkdtemp(join(tmpdir(), 'millrace-speed-'));
const client = new ApiClient(new HttpService(axios.create()), new AddressGuard(['127.0.0.1']));
const sessions = new ApiSessions(
  client,
  new HostRates({ query: async () => [] } as never),
  undefined as never,
);
const source = apiSource({
  url: `${origin}/${pages}`,
  records: '$.data',
  parallel: Number(parallel),
  pagination: {
    type: 'offset',
    offset: { in: 'query', name: 'offset' },
    start: 0,
    limit: { place: { in: 'query', name: 'limit' }, value: 100 },
    shortPageEnds: false,
    total: '$.total',
    totalPages: null,
    hasMore: null,
  },
});
let records = 0;
const before = process.cpuUsage();
const started = performance.now();
const { files } = await fetchSource(
  {
    source,
    index: 0,
    folder,
    cursors: new Map(),
    parents: null,
    signal: new AbortController().signal,
    onPage: (_page, progress) => (records = progress.records),
  },
  sessions,
);
const ms = performance.now() - started;
const { user, system } = process.cpuUsage(before);
const cpu = (user + system) / 1000;
const rss = process.resourceUsage().maxRSS / 1024;
if (files.length !== Number(pages)) throw new Error(`got ${files.length} files`);
console.log(JSON.stringify({ ms, cpu, rss, records }));
client.onModuleDestroy();
await rm(folder, { recursive: true });

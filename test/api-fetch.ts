import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ApiSourceConfig } from '../src/config-history/api-source-config.js';
import { ApiSession } from '../src/extraction/api/session/api-session.js';
import type { ApiSessions } from '../src/extraction/api/session/api-sessions.js';
import { createAuthenticator } from '../src/extraction/api/auth/authenticators.js';
import { collectSecrets } from '../src/extraction/api/session/collect-secrets.js';
import type { Fetched, FetchRequest } from '../src/extraction/api/fetch-request.js';
import { fetchSource } from '../src/extraction/api/fetch/fetch-source.js';
import { mostBodyBytes } from '../src/extraction/api/is-streamable.js';
import { originOf, RequestSender } from '../src/extraction/api/session/request-sender.js';
import { Secrets } from '../src/extraction/api/session/secrets.js';
import { SharedAuth } from '../src/extraction/api/session/shared-auth.js';
import { makeApiClient } from './api-client.js';
import { noteWaits, ratesAlone } from './api-session.js';
import { startApiServer } from './api-server.js';
import { apiSource } from './api-source.js';

/** Sessions as the service has them, without a database; nobody waits between two attempts. */
export function quickSessions(): Pick<ApiSessions, 'open'> {
  const client = makeApiClient();
  const tools = { client, rates: ratesAlone(), clock: noteWaits(), random: () => 0.5 };
  return {
    open(source, options) {
      const { origins, timeouts, rate } = source;
      const maxBytes = mostBodyBytes(source);
      const limits = { home: originOf(source.url) ?? '', origins, timeouts, maxBytes, rate };
      const world = { tokens: undefined as never, signal: options.signal };
      const auth = new SharedAuth(
        (context) => createAuthenticator(source.auth, context),
        tools,
        limits,
        world,
      );
      const secrets = new Secrets(auth.secrets);
      for (const secret of collectSecrets(source)) secrets.add(secret);
      return new ApiSession(source, new RequestSender(tools, limits, secrets), auth, options);
    },
  };
}

export interface Told {
  level: string;
  message: string;
  fields: Record<string, unknown>;
}

/** A folder for the attempts at one source, and what they told. */
export interface FetchPlace {
  folder: string;
  told: Told[];
  fetch(source: Partial<ApiSourceConfig>, changes?: Partial<FetchRequest>): Promise<Fetched>;
  /** Writes the rows of another stream, and gives the file's path. */
  writeParents(rows: object[]): Promise<string>;
  remove(): Promise<void>;
}

export async function makeFetchPlace(sessions = quickSessions()): Promise<FetchPlace> {
  const root = await mkdtemp(join(tmpdir(), 'millrace-fetch-'));
  const folder = join(root, 'pages');
  await mkdir(folder);
  const told: Told[] = [];
  return {
    folder,
    told,
    fetch: async (source, changes = {}) =>
      fetchSource(
        {
          source: apiSource(source),
          index: 0,
          folder,
          cursors: new Map(),
          parents: null,
          signal: new AbortController().signal,
          log: (level, message, fields) => told.push({ level, message, fields: { ...fields } }),
          ...changes,
        },
        sessions,
      ),
    writeParents: async (rows) => {
      const path = join(root, 'parents.ndjson');
      await writeFile(path, rows.map((row) => `${JSON.stringify(row)}\n`).join(''));
      return path;
    },
    remove: async () => rm(root, { recursive: true, force: true }),
  };
}

/** The records of each file, by the file's name, in the order of the files. */
export async function recordsOf({ files }: Pick<Fetched, 'files'>): Promise<Record<string, unknown[]>> {
  const entries = files.map(async ({ name, path, shared }) => {
    const lines = (await readFile(path, 'utf8')).split('\n').filter(Boolean);
    const records = lines.map((line) => JSON.parse(line) as Record<string, unknown>);
    const own = records.filter((record) => record['#page'] === shared?.page);
    return [name, own.map(withoutPlace)] as const;
  });
  return Object.fromEntries(await Promise.all(entries));
}

function withoutPlace(record: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(record).filter(([name]) => !name.startsWith('#')));
}

/** What a server of pages answers; a mere value is sent as JSON. */
export type PageAnswer = { status?: number; headers?: Record<string, string>; json?: unknown; text?: string };

/** A server that answers each request as told. `most` is how many were under way at a time. */
export async function startPageServer(answer: (url: URL) => PageAnswer | Promise<PageAnswer>) {
  let underWay = 0;
  const load = { most: 0 };
  const server = await startApiServer((request, response) => {
    load.most = Math.max(load.most, ++underWay);
    response.on('close', () => underWay--);
    void (async () => {
      const { status = 200, headers = {}, json, text } = await answer(new URL(request.url ?? '', 'http://h'));
      response.writeHead(status, { 'content-type': 'application/json', ...headers });
      response.end(text ?? JSON.stringify(json ?? {}));
    })();
  });
  return { ...server, load, paths: () => server.seen.map(({ url }) => url) };
}

/** `length` records from an offset on, with ids from 0 to below `total`. */
export function slice(total: number, url: URL): { id: number }[] {
  const offset = Number(url.searchParams.get('offset'));
  const limit = Number(url.searchParams.get('limit'));
  const length = Math.max(0, Math.min(limit, total - offset));
  return Array.from({ length }, (_, index) => ({ id: offset + index }));
}

export function byOffset(value: number): ApiSourceConfig['pagination'] {
  return {
    type: 'offset',
    offset: { in: 'query', name: 'offset' },
    start: 0,
    limit: { place: { in: 'query', name: 'limit' }, value },
    shortPageEnds: false,
    total: null,
    totalPages: null,
    hasMore: null,
  };
}

import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ApiSourceConfig } from '../src/config-history/api-source-config.js';
import { ApiRefused, ApiUnavailable } from '../src/extraction/api/api-errors.js';
import type { ApiSession } from '../src/extraction/api/api-session.js';
import type { ApiSessions } from '../src/extraction/api/api-sessions.js';
import type { Fetched, FetchRequest } from '../src/extraction/api/fetch-request.js';
import { fetchSource } from '../src/extraction/api/fetch-source.js';
import { Secrets } from '../src/extraction/api/secrets.js';
import { apiSource } from './api-source.js';
import { makeApiClient, makeClientRequest } from './api-client.js';

export function plainSessions(secret?: string): Pick<ApiSessions, 'open'> {
  return {
    open(source, { signal }) {
      const client = makeApiClient();
      const secrets = new Secrets();
      if (secret) secrets.add(secret);
      const sent = { requests: 0, retries: 0 };
      return {
        sent,
        secrets,
        async send(request, take, options = {}) {
          sent.requests++;
          const own = options.signal ? AbortSignal.any([signal, options.signal]) : signal;
          const body = request.body === undefined ? undefined : JSON.stringify(request.body);
          const answer = await client.open(
            makeClientRequest(request.url, { ...request, body, maxBytes: source.maxPageBytes, signal: own }),
          );
          if (answer.status < 400) return take(answer);
          answer.discard();
          const action = source.onStatus[answer.status];
          if (action === 'ignore') {
            options.onIgnored?.(answer.status);
            return null;
          }
          const message = `expected a page, got ${answer.status}`;
          throw answer.status >= 500
            ? new ApiUnavailable('API_UNAVAILABLE', message, answer.status)
            : new ApiRefused('API_REFUSED', message, answer.status);
        },
      } as ApiSession;
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
  remove(): Promise<void>;
}

export async function makeFetchPlace(sessions = plainSessions()): Promise<FetchPlace> {
  const folder = await mkdtemp(join(tmpdir(), 'millrace-fetch-'));
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
    remove: async () => rm(folder, { recursive: true, force: true }),
  };
}

/** The records of each file, by the file's name, in the order of the files. */
export async function recordsOf({ files }: Pick<Fetched, 'files'>): Promise<Record<string, unknown[]>> {
  const entries = files.map(async ({ name, path }) => {
    const lines = (await readFile(path, 'utf8')).split('\n').filter(Boolean);
    return [name, lines.map((line) => withoutPlace(JSON.parse(line) as Record<string, unknown>))] as const;
  });
  return Object.fromEntries(await Promise.all(entries));
}

function withoutPlace(record: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(record).filter(([name]) => !name.startsWith('#')));
}

import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ApiSourceConfig } from '../src/config-history/api-source-config.js';
import { ApiSession } from '../src/extraction/api/api-session.js';
import type { ApiSessions } from '../src/extraction/api/api-sessions.js';
import { createAuthenticator } from '../src/extraction/api/authenticators.js';
import { collectSecrets } from '../src/extraction/api/collect-secrets.js';
import type { Fetched, FetchRequest } from '../src/extraction/api/fetch-request.js';
import { fetchSource } from '../src/extraction/api/fetch-source.js';
import { originOf, RequestSender } from '../src/extraction/api/request-sender.js';
import { Secrets } from '../src/extraction/api/secrets.js';
import { SharedAuth } from '../src/extraction/api/shared-auth.js';
import { makeApiClient } from './api-client.js';
import { noteWaits, ratesAlone } from './api-session.js';
import { apiSource } from './api-source.js';

/** Sessions as the service has them, without a database; nobody waits between two attempts. */
export function quickSessions(): Pick<ApiSessions, 'open'> {
  const client = makeApiClient();
  const tools = { client, rates: ratesAlone(), clock: noteWaits(), random: () => 0.5 };
  return {
    open(source, options) {
      const { origins, timeouts, rate, maxPageBytes: maxBytes } = source;
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
  remove(): Promise<void>;
}

export async function makeFetchPlace(sessions = quickSessions()): Promise<FetchPlace> {
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

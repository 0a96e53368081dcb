import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { text } from 'node:stream/consumers';
import { pathToFileURL } from 'node:url';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { Client } from 'pg';
import { ormconfig } from '../ormconfig.js';
import type { RefreshTokenAuth } from '../src/config-history/api-source-config.js';
import { openDataSource } from '../src/database/open-data-source.js';
import { ServiceConnection } from '../src/database/service-connection.js';
import { createAuthenticator } from '../src/extraction/api/auth/authenticators.js';
import { ApiTokens } from '../src/extraction/api/auth/kept-tokens.js';
import { digestOwner } from '../src/extraction/api/auth/seal-token.js';
import type { ApiServer } from './api-server.js';
import { createDatabase, type TestDatabase } from './support.js';
import { startTcpProxy } from './tcp-proxy.js';
import { createContext, startTokenServer } from './token-server.js';

const CLIENT_SECRET = 'client-secret-of-ours';
const request = { method: 'GET', url: 'http://127.0.0.1/', headers: {} } as const;

let database: TestDatabase;
let connection: ServiceConnection;
let admin: Client;
let server: ApiServer | undefined;
let owners = 0;
const children: ChildProcess[] = [];

beforeAll(async () => {
  database = await createDatabase();
  connection = new ServiceConnection({ ...database.connection, schema: 'public', ssl: false });
  await (await openDataSource(ormconfig(connection))).destroy();
  admin = new Client({ connectionString: database.url });
  await admin.connect();
});
afterEach(async () => {
  for (const child of children.splice(0)) child.kill('SIGKILL');
  await server?.close();
  server = undefined;
});
afterAll(async () => {
  await admin.end();
  await database.drop();
});

/** Another owner each time. */
function newAuth(part: Partial<RefreshTokenAuth> = {}): RefreshTokenAuth {
  return {
    type: 'oauth2_refresh_token',
    tokenUrl: `${server?.origin ?? 'http://127.0.0.1:9'}/token`,
    clientId: 'app',
    clientSecret: CLIENT_SECRET,
    refreshToken: `config-token-${owners++}`,
    scope: null,
    params: {},
    clientAuth: 'basic',
    ...part,
  };
}

/** Takes each refresh token once; one that comes again is written down and ends them all, as RFC 9700 advises. */
async function startSingleUse() {
  const used = new Set<string>();
  const reused: string[] = [];
  let current: string | null = null;
  server = await startTokenServer(({ body }) => {
    const sent = new URLSearchParams(body).get('refresh_token') ?? '';
    if (used.has(sent)) reused.push(sent);
    if (reused.length > 0 || (current !== null && sent !== current)) {
      return { status: 400, body: { error: 'invalid_grant' } };
    }
    used.add(sent);
    current = `rotated-refresh-${used.size}`;
    return { body: { access_token: `access-${used.size}`, refresh_token: current, expires_in: 1 } };
  });
  return { used, reused };
}

async function refresh(auth: RefreshTokenAuth, tokens: ApiTokens) {
  const { headers } = await createAuthenticator(auth, createContext({ tokens })).sign(request);
  return headers['authorization'];
}

function startProcess(auth: RefreshTokenAuth, times: number) {
  const work = JSON.stringify({ connection: { ...connection }, auth, times });
  const [loader = '', script = ''] = ['load-typescript.ts', 'refresh-tokens.ts'].map((name) =>
    join(import.meta.dirname, name),
  );
  const child = spawn(process.execPath, ['--import', pathToFileURL(loader).href, script, work], {
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  children.push(child);
  return child;
}

const stored = (auth: RefreshTokenAuth, tokens = new ApiTokens(connection)) =>
  tokens.exclusively(auth, async (token) => token);

describe('a refresh token that is good once', () => {
  it('is never used twice by two processes that ask 20 times each', async () => {
    const { used, reused } = await startSingleUse();
    const auth = newAuth();
    const outputs = [1, 2].map(async () => {
      const child = startProcess(auth, 20);
      const [lines, errors, [code]] = await Promise.all([
        text(child.stdout),
        text(child.stderr),
        once(child, 'exit'),
      ]);
      return { code, errors, lines: lines.trim().split('\n') };
    });
    const [one, other] = await Promise.all(outputs);
    expect([one?.errors, other?.errors]).toEqual(['', '']);
    const got = [...(one?.lines ?? []), ...(other?.lines ?? [])];
    expect(new Set(got)).toEqual(
      new Set(Array.from({ length: 40 }, (_, index) => `Bearer access-${index + 1}`)),
    );
    expect(reused).toEqual([]);
    expect(used.size).toBe(40);
    expect(await stored(auth)).toBe('rotated-refresh-40');
  });

  it('is never used twice by eight runs of one process', async () => {
    const { used, reused } = await startSingleUse();
    const auth = newAuth();
    const [one, other] = [new ApiTokens(connection), new ApiTokens(connection)];
    const runs = Array.from({ length: 8 }, (_, index) => refresh(auth, index % 2 ? one : other));
    expect(new Set(await Promise.all(runs)).size).toBe(8);
    expect([reused, used.size]).toEqual([[], 8]);
  });

  it('stands nowhere in the database, nor does what opens it', async () => {
    await startSingleUse();
    const auth = newAuth();
    await refresh(auth, new ApiTokens(connection));
    const { rows } = await admin.query('SELECT t::text AS line FROM millrace.api_tokens t');
    const dump = rows.map(({ line }) => line).join('\n');
    expect(dump).toMatch(/v1\.[\w-]{40,}/);
    for (const secret of ['rotated-refresh', CLIENT_SECRET, auth.refreshToken, 'access-']) {
      expect(dump).not.toContain(secret);
      expect(dump).not.toContain(Buffer.from(secret).toString('base64url').slice(0, -2));
    }
  });
});

describe('a token that was kept', () => {
  it('is there when what comes after it fails', async () => {
    const auth = newAuth();
    const tokens = new ApiTokens(connection);
    const failing = tokens.exclusively(auth, async (_stored, keep) => {
      await keep('new-token');
      throw new Error('killed');
    });
    await expect(failing).rejects.toThrow('killed');
    expect(await stored(auth)).toBe('new-token');
  });

  it('is seen by others before the work is done', async () => {
    const auth = newAuth();
    const count = 'SELECT count(*)::int AS n FROM millrace.api_tokens';
    const before = (await admin.query(count)).rows[0].n;
    await new ApiTokens(connection).exclusively(auth, async (_stored, keep) => {
      await keep('new-token');
      expect((await admin.query(count)).rows[0].n).toBe(before + 1);
    });
  });

  it('is there, and free, when its process is killed (A1)', async () => {
    const auth = newAuth();
    const child = startProcess(auth, 0);
    const [line] = await once(createInterface(child.stdout), 'line');
    expect(line).toBe('kept');
    const waiting = stored(auth);
    child.kill('SIGKILL');
    expect(await waiting).toBe('kept-before-the-end');
  });

  it('is kept by a second session when the first was lost meanwhile', async () => {
    const auth = newAuth();
    await new ApiTokens(connection).exclusively(auth, async (_stored, keep) => {
      await admin.query(
        `SELECT pg_terminate_backend(pid, 10000) FROM pg_stat_activity
         WHERE application_name = 'millrace api token' AND datname = current_database()`,
      );
      await keep('new-token');
    });
    expect(await stored(auth)).toBe('new-token');
  });

  it('is kept in memory while the database is away, and written at the next use', async () => {
    const auth = newAuth();
    const proxy = await startTcpProxy(connection.port);
    const through = new ServiceConnection({ ...connection, port: proxy.port });
    const tokens = new ApiTokens(through);
    const failing = tokens.exclusively(auth, async (_stored, keep) => {
      await proxy.close();
      await keep('new-token');
    });
    await expect(failing).rejects.toMatchObject({ code: 'ECONNREFUSED' });
    expect(await stored(auth)).toBeNull();
    Object.assign(through, { port: connection.port });
    expect(await stored(auth, tokens)).toBe('new-token');
    expect(await stored(auth)).toBe('new-token');
  });

  it('does not open with another client secret, and the message shows none', async () => {
    const auth = newAuth();
    await new ApiTokens(connection).exclusively(auth, (_stored, keep) => keep('new-token'));
    const error = await stored({ ...auth, clientSecret: 'other-secret' }).catch((caught: unknown) => caught);
    expect(error).toMatchObject({ name: 'ApiRefused', code: 'AUTH_TOKEN_SEALED' });
    expect(String(error)).not.toMatch(/other-secret|client-secret-of-ours|new-token|config-token/);
    expect(await stored(auth)).toBe('new-token');
  });

  it('does not open in the row of another owner (H6)', async () => {
    const [one, other] = [newAuth(), newAuth()];
    for (const auth of [one, other]) {
      await new ApiTokens(connection).exclusively(auth, (_stored, keep) => keep(`of ${auth.refreshToken}`));
    }
    await admin.query(
      `UPDATE millrace.api_tokens t SET sealed = o.sealed FROM millrace.api_tokens o
       WHERE t.owner = ANY ($1) AND o.owner = ANY ($1) AND t.owner <> o.owner`,
      [[one, other].map(digestOwner)],
    );
    for (const auth of [one, other]) {
      await expect(stored(auth)).rejects.toMatchObject({ code: 'AUTH_TOKEN_SEALED' });
    }
  });

  it('is not that of another token in the config', async () => {
    const auth = newAuth();
    await new ApiTokens(connection).exclusively(auth, (_stored, keep) => keep('new-token'));
    expect(await stored(newAuth())).toBeNull();
    expect(await stored({ ...auth, clientId: 'other' })).toBeNull();
  });
});

describe('waiting for a token', () => {
  class Impatient extends ApiTokens {
    protected override readonly waitMs = 200;
  }

  /** Holds the token while `work` runs. */
  async function whileHeld(auth: RefreshTokenAuth, work: () => Promise<void>) {
    await new ApiTokens(connection).exclusively(auth, work);
  }

  it('ends with an error that passes, and the token can be had afterwards', async () => {
    const auth = newAuth();
    await whileHeld(auth, async () => {
      await expect(stored(auth, new Impatient(connection))).rejects.toMatchObject({
        name: 'TransientError',
        code: 'AUTH_TOKEN_BUSY',
        message: `refresh token of ${auth.tokenUrl}: expected it to be free within 0.2 s, another run still uses it`,
      });
    });
    expect(await stored(auth)).toBeNull();
  });

  it('ends when the run is cancelled', async () => {
    const auth = newAuth();
    await whileHeld(auth, async () => {
      const cancel = new AbortController();
      const waiting = new ApiTokens(connection).exclusively(auth, async () => 'had it', cancel.signal);
      const cancelling = waitForWaiter().then(() => cancel.abort(new Error('cancelled by hand')));
      await expect(Promise.all([waiting, cancelling])).rejects.toThrow('cancelled by hand');
    });
  });

  it('is for one owner alone', async () => {
    await whileHeld(newAuth(), async () => {
      expect(await stored(newAuth())).toBeNull();
    });
  });

  async function waitForWaiter(): Promise<void> {
    const sql = `SELECT FROM pg_locks WHERE locktype = 'advisory' AND NOT granted
       AND database = (SELECT oid FROM pg_database WHERE datname = current_database())`;
    while ((await admin.query(sql)).rowCount === 0);
  }
});

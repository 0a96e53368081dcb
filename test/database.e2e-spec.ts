import { chmod, mkdir, mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { type AddressInfo, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { Client } from 'pg';
import { type EmbeddedConnection, startEmbeddedPostgres } from '../src/database/embedded-postgres.js';
import { findPostmaster } from '../src/database/postmaster.js';
import { until } from './jobs-support.js';
import { startServiceProcess } from './service-process.js';
import { createDatabase } from './support.js';

let folder: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'millrace-database-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

async function ask(connection: EmbeddedConnection, statement: string): Promise<unknown> {
  const client = new Client(connection);
  await client.connect();
  try {
    const { rows } = await client.query({ text: statement, rowMode: 'array' });
    return rows[0]?.[0];
  } finally {
    await client.end();
  }
}

describe('embedded PostgreSQL', () => {
  it('is UTF-8, safe against power cuts, and asks for its password, which only its user can read', async () => {
    const postgres = await startEmbeddedPostgres({ folder });
    const shown = ['server_encoding', 'fsync', 'listen_addresses'];
    const values = await Promise.all(shown.map((name) => ask(postgres.connection, showing(name))));
    expect(values).toEqual(['UTF8', 'on', '127.0.0.1']);
    expect(await ask(postgres.connection, 'SELECT datcollate FROM pg_database')).toBe('C');
    await expect(ask({ ...postgres.connection, password: 'guess' }, 'SELECT 1')).rejects.toThrow(
      'password authentication failed',
    );
    const { mode } = await stat(join(folder, 'password'));
    expect(mode & 0o777).toBe(0o600);
    await postgres.stop();
  });

  it.each([
    ['embedded-postgres', /^18/],
    ['embedded-postgres-15', /^15/],
  ])('runs the programs of %s', async (binaries, version) => {
    const postgres = await startEmbeddedPostgres({ folder, binaries });
    expect(await ask(postgres.connection, 'SHOW server_version')).toMatch(version);
    await postgres.stop();
  });

  it('keeps its data, and ends its process, when it is stopped', async () => {
    const first = await startEmbeddedPostgres({ folder });
    await ask(first.connection, 'CREATE TABLE kept AS SELECT 42 AS answer');
    const postmaster = await findPostmaster(join(folder, 'data'));
    await first.stop();
    await until(() => isReaped(postmaster!.pid));
    const second = await startEmbeddedPostgres({ folder });
    expect(await ask(second.connection, 'SELECT answer FROM kept')).toBe(42);
    await second.stop();
  });

  it('runs below a folder that its user may not enter', async () => {
    await chmod(folder, 0o700);
    const postgres = await startEmbeddedPostgres({ folder: join(folder, 'inner') });
    expect(await ask(postgres.connection, 'SELECT 1')).toBe(1);
    await postgres.stop();
  });

  it('is attached to, not owned, by the second who asks for it', async () => {
    const owner = await startEmbeddedPostgres({ folder });
    const guest = await startEmbeddedPostgres({ folder });
    expect([owner.isOwner, guest.isOwner]).toEqual([true, false]);
    expect(guest.connection).toEqual(owner.connection);
    await guest.stop();
    expect(await ask(owner.connection, 'SELECT 1')).toBe(1);
    await owner.stop();
  });

  it('starts over a pid file that now names another program, and over a half-made data folder', async () => {
    const first = await startEmbeddedPostgres({ folder });
    const file = join(folder, 'data', 'postmaster.pid');
    const lines = await readFile(file, 'utf8');
    await first.stop();
    await writeFile(file, lines.replace(/^\d+/, String(process.pid)));
    await mkdir(join(folder, 'data.unfinished', 'base'), { recursive: true });
    const second = await startEmbeddedPostgres({ folder });
    expect(await ask(second.connection, 'SELECT 1')).toBe(1);
    await second.stop();
  });

  it('says why it cannot start', async () => {
    const first = await startEmbeddedPostgres({ folder });
    await first.stop();
    const refused = startEmbeddedPostgres({ folder, settings: { work_mem: 'much' } });
    await expect(refused).rejects.toThrow('invalid value for parameter "work_mem": "much"');
  });
});

describe('the service as a process', () => {
  it('takes over the PostgreSQL that a killed service left behind', async () => {
    const home = join(folder, 'home');
    const data = join(home, 'postgres', 'data');
    const killed = await startServiceProcess(folder, { MILLRACE_HOME: home });
    const left = await findPostmaster(data);
    killed.signal('SIGKILL');
    expect(await killed.exited).toBe('SIGKILL');
    expect(await findPostmaster(data)).toEqual(left);

    const next = await startServiceProcess(folder, { MILLRACE_HOME: home });
    expect(await findPostmaster(data)).toEqual(left);
    // Once from the terminal, once more from npm.
    next.signal('SIGINT');
    next.signal('SIGINT');
    expect(await next.exited).toBe(0);
    expect(await findPostmaster(data)).toBeNull();
  });

  it('stops the PostgreSQL of a start that it does not finish', async () => {
    const data = join(folder, 'home', 'postgres', 'data');
    const blocked = createServer();
    await new Promise<void>((resolve) => blocked.listen(0, '127.0.0.1', resolve));
    const { port } = blocked.address() as AddressInfo;
    const env = { MILLRACE_HOME: join(folder, 'home'), PORT: String(port) };
    await expect(startServiceProcess(folder, env)).rejects.toThrow('EADDRINUSE');
    expect((await stat(join(data, 'PG_VERSION'))).isFile()).toBe(true);
    expect(await findPostmaster(data)).toBeNull();
    blocked.close();
  });

  const places: [string, () => Promise<{ env: Record<string, string>; drop(): Promise<void> }>][] = [
    [
      'an empty external database',
      async () => {
        const database = await createDatabase();
        return { env: { DATABASE_URL: database.url, MILLRACE_HOME: folder }, drop: database.drop };
      },
    ],
    [
      'one home with no database yet',
      async () => ({ env: { MILLRACE_HOME: join(folder, 'home') }, drop: async () => {} }),
    ],
  ];
  it.each(places)('comes up four times at once on %s', async (_name, makePlace) => {
    const { env, drop } = await makePlace();
    const services = await Promise.all(Array.from({ length: 4 }, () => startServiceProcess(folder, env)));
    const answers = await Promise.all(services.map(({ url }) => fetch(`${url}/health`)));
    expect(answers.map(({ status }) => status)).toEqual([200, 200, 200, 200]);
    for (const { signal } of services) signal('SIGTERM');
    expect(await Promise.all(services.map(({ exited }) => exited))).toEqual([0, 0, 0, 0]);
    await drop();
  });

  const failures: [string, (url: string) => Record<string, string>, string][] = [
    ['a wrong setting', () => ({ PORT: 'x' }), 'PORT: expected a whole number from 0 to 65535, got "x"'],
    [
      'a wrong password',
      (url) => ({ DATABASE_URL: url.replace(/:[^:@]+@/, ':guess@') }),
      'password authentication failed',
    ],
  ];
  it.each(failures)('ends with a sentence at %s', async (_name, makeEnv, sentence) => {
    const database = await createDatabase();
    await expect(startServiceProcess(folder, makeEnv(database.url))).rejects.toThrow(sentence);
    await database.drop();
  });
});

/** Whether nothing has this number any more; an ended process keeps it until its parent has heard of its end. */
function isReaped(pid: number): boolean {
  try {
    return !process.kill(pid, 0);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'ESRCH';
  }
}

function showing(name: string): string {
  return `SELECT setting FROM pg_settings WHERE name = '${name}'`;
}

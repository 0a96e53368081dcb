import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestConnection } from '../support.js';

const VERSION = '11.17.4';
export const EMAIL = 'admin@example.com';
export const PASSWORD = 'correct-horse-battery';

export interface Directus {
  url: string;
  /** Calls its REST API as the administrator; throws what is not 2xx. */
  call<T>(method: string, path: string, body?: unknown): Promise<T>;
  stop(): Promise<void>;
}

/** Installs Directus into a folder of its own, once, starts it on a free port over an empty database, and waits for it. */
export async function startDirectus(database: TestConnection, tokenLifetime: string): Promise<Directus> {
  const folder = await install();
  const port = await freePort();
  const url = `http://127.0.0.1:${port}`;
  const env = environment(database, { url, port, tokenLifetime });
  await finish(program(folder, 'bootstrap', env), 'directus bootstrap');
  const server = program(folder, 'start', env);
  await answers(`${url}/server/ping`, server);
  const stop = async () => {
    if (server.exitCode !== null) return;
    server.kill('SIGTERM');
    await once(server, 'exit');
  };
  return { url, call: (method, path, body) => callAsAdmin(url, method, path, body), stop };
}

async function install(): Promise<string> {
  const folder = join(tmpdir(), `millrace-directus-${VERSION}`);
  const isInstalled = join(folder, 'installed');
  if (existsSync(isInstalled)) return folder;
  await mkdir(folder, { recursive: true });
  // This release of isolated-vm brings what the others would have to compile.
  const manifest = {
    private: true,
    dependencies: { directus: VERSION },
    overrides: { 'isolated-vm': '7.0.1' },
  };
  await writeFile(join(folder, 'package.json'), JSON.stringify(manifest));
  const options = ['--omit=dev', '--ignore-scripts', '--no-audit', '--no-fund', '--silent'];
  const npm = spawn('npm', ['install', ...options], { cwd: folder, stdio: ['ignore', 'ignore', 'inherit'] });
  await finish(npm, 'npm install directus');
  await writeFile(isInstalled, '');
  return folder;
}

function environment(
  { host, port, user, password, database }: TestConnection,
  own: { url: string; port: number; tokenLifetime: string },
): Record<string, string> {
  return {
    PATH: process.env['PATH'] ?? '',
    HOME: process.env['HOME'] ?? tmpdir(),
    DB_CLIENT: 'pg',
    DB_HOST: host,
    DB_PORT: String(port),
    DB_USER: user,
    DB_PASSWORD: password,
    DB_DATABASE: database,
    SECRET: 'only-for-this-test-only-for-this-test',
    ADMIN_EMAIL: EMAIL,
    ADMIN_PASSWORD: PASSWORD,
    HOST: '127.0.0.1',
    PORT: String(own.port),
    PUBLIC_URL: own.url,
    ACCESS_TOKEN_TTL: own.tokenLifetime,
    QUERY_LIMIT_MAX: '1000',
    TELEMETRY: 'false',
    WEBSOCKETS_ENABLED: 'false',
    LOG_LEVEL: 'error',
  };
}

function program(folder: string, command: string, env: Record<string, string>): ChildProcess {
  const cli = join(folder, 'node_modules', 'directus', 'cli.js');
  return spawn(process.execPath, [cli, command], {
    cwd: folder,
    env,
    stdio: ['ignore', 'ignore', 'inherit'],
  });
}

async function finish(child: ChildProcess, what: string): Promise<void> {
  const [code] = (await once(child, 'exit')) as [number | null];
  if (code !== 0) throw new Error(`${what}: expected exit code 0, got ${code}`);
}

async function answers(url: string, server: ChildProcess): Promise<void> {
  for (const end = Date.now() + 120_000; Date.now() < end;) {
    if (server.exitCode !== null)
      throw new Error(`directus: expected it to listen, it ended with ${server.exitCode}`);
    const isUp = await fetch(url).then(
      ({ ok }) => ok,
      () => false,
    );
    if (isUp) return;
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
  throw new Error('directus: expected it to listen after two minutes, it does not');
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}

/** Logs in for each call: tokens live for seconds here. */
async function callAsAdmin<T>(url: string, method: string, path: string, body?: unknown): Promise<T> {
  const login = { email: EMAIL, password: PASSWORD };
  const { data } = await send<{ data: { access_token: string } }>(`${url}/auth/login`, 'POST', login);
  return send<T>(url + path, method, body, { authorization: `Bearer ${data.access_token}` });
}

async function send<T>(url: string, method: string, body: unknown, headers = {}): Promise<T> {
  const response = await fetch(url, {
    method,
    headers: { 'content-type': 'application/json', ...headers },
    body: body === undefined ? undefined : JSON.stringify(body),
  });
  const text = await response.text();
  if (!response.ok)
    throw new Error(`${method} ${url}: expected 2xx, got ${response.status}: ${text.slice(0, 300)}`);
  return (text === '' ? null : JSON.parse(text)) as T;
}

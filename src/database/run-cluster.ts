import { spawn } from 'node:child_process';
import { open, readFile, rm } from 'node:fs/promises';
import { createServer, type AddressInfo } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { TerminalError, TransientError } from '../errors.js';
import { type Cluster, postgresEnvironment } from './cluster.js';
import { findPostmaster, isGone, type Postmaster } from './postmaster.js';

const startAttempts = 4;
// A port that was taken in between, or the backends of a killed server that are still ending.
const passing = /could not bind|still in use/;
const readyMs = 60_000;

/** Starts PostgreSQL, or takes over the one that already runs on the folder. The caller holds the folder's lock. */
export async function startCluster(
  cluster: Cluster,
  settings: Record<string, string>,
): Promise<Pick<Postmaster, 'pid' | 'port'>> {
  let log = '';
  for (let attempt = 0; attempt < startAttempts; attempt++) {
    if (await findPostmaster(cluster.dataFolder)) {
      const running = await waitUntilReady(cluster.dataFolder, () => false);
      if (running) return running;
    }
    const started = await launchPostgres(cluster, settings);
    if (started) return started;
    log = await readFile(cluster.startLog, 'utf8').catch(() => '');
    if (!passing.test(log)) break;
    await sleep(500 * (attempt + 1));
  }
  throw new TerminalError(
    'EMBEDDED_POSTGRES_FAILED',
    `embedded PostgreSQL did not start on ${cluster.dataFolder}: ${log.trim().slice(-1_000)}`,
  );
}

async function launchPostgres(
  cluster: Cluster,
  settings: Record<string, string>,
): Promise<Postmaster | null> {
  // Whoever the file names, it is not PostgreSQL on this folder: that was looked up just now.
  await rm(join(cluster.dataFolder, 'postmaster.pid'), { force: true });
  const port = await findFreePort();
  const [program = '', ...prefix] = [...cluster.launch.prefix, cluster.binaries.postgres];
  const flags = Object.entries({ ...serverSettings(port), ...settings }).flatMap(([key, value]) => [
    '-c',
    `${key}=${value}`,
  ]);
  const log = await open(cluster.startLog, 'w', 0o600);
  // A session of its own: Ctrl-C in the terminal must reach the service first, which then stops PostgreSQL in order.
  const child = spawn(program, [...prefix, '-D', cluster.dataFolder, ...flags], {
    ...cluster.launch.ids,
    env: postgresEnvironment,
    stdio: ['ignore', log.fd, log.fd],
    detached: true,
  });
  let hasEnded = false;
  child.once('exit', () => (hasEnded = true));
  child.once('error', () => (hasEnded = true));
  child.unref();
  await log.close();
  return waitUntilReady(cluster.dataFolder, () => hasEnded);
}

/**
 * For loads of many rows; every commit is still on disk before it is answered. Nobody replicates this server, so that
 * what is written into a table of the same transaction goes to disk once, with the table, and not into the WAL too.
 */
const loadSettings: Record<string, string> = {
  wal_level: 'minimal',
  max_wal_senders: '0',
  // The default checkpoints in the middle of a gigabyte, and writes every page whole again after that.
  max_wal_size: '2GB',
  checkpoint_timeout: '15min',
  shared_buffers: '256MB',
};

function serverSettings(port: number): Record<string, string> {
  return {
    port: String(port),
    listen_addresses: '127.0.0.1',
    unix_socket_directories: '',
    timezone: 'UTC',
    // One file per weekday, overwritten a week later; statements stay out of it, for they hold the user's values.
    logging_collector: 'on',
    log_filename: 'postgresql-%a.log',
    log_truncate_on_rotation: 'on',
    log_rotation_age: '1d',
    log_rotation_size: '0',
    log_checkpoints: 'off',
    log_min_error_statement: 'panic',
    ...loadSettings,
  };
}

/** The server once it accepts connections; null when it ended before that. */
async function waitUntilReady(dataFolder: string, hasEnded: () => boolean): Promise<Postmaster | null> {
  const deadline = Date.now() + readyMs;
  let seen = false;
  while (Date.now() < deadline) {
    const postmaster = await findPostmaster(dataFolder);
    if (postmaster?.isReady) return postmaster;
    if (hasEnded() || (seen && !postmaster)) return null;
    seen ||= postmaster !== null;
    await sleep(50);
  }
  throw new TransientError(
    'EMBEDDED_POSTGRES_SLOW',
    `embedded PostgreSQL: expected ${dataFolder} to be ready within ${readyMs / 1000} s, it is not (recovery may still run)`,
  );
}

/** Fast shutdown: open transactions are rolled back. After 20 s the immediate kind, which recovers at the next start. */
export async function stopCluster(cluster: Cluster, pid: number): Promise<void> {
  for (const [signal, patienceMs] of [
    ['SIGINT', 20_000],
    ['SIGQUIT', 10_000],
  ] as const) {
    if ((await findPostmaster(cluster.dataFolder))?.pid !== pid) return;
    process.kill(pid, signal);
    const deadline = Date.now() + patienceMs;
    while (Date.now() < deadline) {
      if (await isGone(cluster.dataFolder, pid)) return;
      await sleep(20);
    }
  }
}

async function findFreePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(0, '127.0.0.1', resolve);
  });
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}

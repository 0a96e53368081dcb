import { execFile, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { chmod, chown, mkdir, open, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { createServer, type AddressInfo } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { TerminalError, TransientError } from '../errors.js';
import { findBinaries, type PostgresBinaries } from './postgres-binaries.js';
import { findPostmaster, isPostgresOn, type Postmaster } from './postmaster.js';
import { chooseAccount, launchAs, type Account, type Launch } from './run-as.js';

/** A PostgreSQL data folder that can be started, and how. */
export interface Cluster {
  dataFolder: string;
  startLog: string;
  user: string;
  password: string;
  binaries: PostgresBinaries;
  launch: Launch;
}

// Not `millrace`: PostgreSQL looks for unqualified names in the schema named after the user first.
const user = 'postgres';
const startAttempts = 4;
// A port that was taken in between, or the backends of a killed server that are still ending.
const passing = /could not bind|still in use/;
const readyMs = 60_000;

/** The user and password of the data folder below `folder`, or null when there is none yet. */
export async function readCluster(
  folder: string,
): Promise<Pick<Cluster, 'dataFolder' | 'user' | 'password'> | null> {
  const dataFolder = join(folder, 'data');
  const exists = await stat(join(dataFolder, 'PG_VERSION')).catch(() => null);
  if (!exists) return null;
  const file = join(folder, 'password');
  const password = await readFile(file, 'utf8').catch((error: unknown) => {
    throw new TerminalError(
      'EMBEDDED_PASSWORD_LOST',
      `embedded PostgreSQL: expected its password in ${file}, which cannot be read`,
      [],
      { cause: error },
    );
  });
  return { dataFolder, user, password: password.trim() };
}

/** The data folder below `folder`, made by initdb when missing: UTF-8, C locale, scram passwords, fsync on. */
export async function createCluster(folder: string, packageName: string): Promise<Cluster> {
  const binaries = await findBinaries(packageName);
  const dataFolder = join(folder, 'data');
  const account = await chooseAccount(dataFolder);
  const launch = await launchAs(account, [binaries.postgres, join(folder, 'owner.lock')]);
  const plan = { folder, binaries, account, launch };
  const known = (await readCluster(folder)) ?? (await initialise(plan));
  return { ...known, startLog: join(folder, 'start.log'), binaries, launch };
}

interface InitPlan {
  folder: string;
  binaries: PostgresBinaries;
  account: Account | null;
  launch: Launch;
}

async function initialise({ folder, binaries, account, launch }: InitPlan) {
  // Made under another name first, so that a kill in the middle leaves nothing that looks like a database.
  const unfinished = join(folder, 'data.unfinished');
  const passwordFile = join(folder, 'password.init');
  const password = randomBytes(24).toString('base64url');
  await rm(unfinished, { recursive: true, force: true });
  await rm(passwordFile, { force: true });
  await mkdir(unfinished, { mode: 0o700 });
  await writeFile(passwordFile, password, { mode: 0o600 });
  if (account) {
    await chown(unfinished, account.uid, account.gid);
    await chown(passwordFile, account.uid, account.gid);
  }
  await writeFile(join(folder, 'password'), password, { mode: 0o600 });
  await chmod(join(folder, 'password'), 0o600);
  await runInitdb([...launch.prefix, binaries.initdb], { unfinished, passwordFile, ids: launch.ids });
  await rm(passwordFile);
  await rename(unfinished, join(folder, 'data'));
  return { dataFolder: join(folder, 'data'), user, password };
}

async function runInitdb(
  command: string[],
  { unfinished, passwordFile, ids }: { unfinished: string; passwordFile: string; ids: Launch['ids'] },
): Promise<void> {
  const [program = '', ...prefix] = command;
  const flags = ['--encoding=UTF8', '--locale=C', '--auth=scram-sha-256', `--username=${user}`];
  const places = [`--pwfile=${passwordFile}`, `--pgdata=${unfinished}`];
  const options = { ...ids, env: postgresEnvironment, timeout: 120_000 };
  try {
    await promisify(execFile)(program, [...prefix, ...flags, ...places], options);
  } catch (error) {
    const { stderr } = error as { stderr?: string };
    throw new TerminalError(
      'INITDB_FAILED',
      `embedded PostgreSQL: initdb failed: ${stderr?.trim() || String(error)}`,
    );
  }
}

// Nothing of the service's own environment, which holds secrets and PG* variables.
const postgresEnvironment = { LC_ALL: 'C', TZ: 'UTC' };

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
      if (!(await isPostgresOn(cluster.dataFolder, pid))) return;
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

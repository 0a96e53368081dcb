import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { chmod, chown, mkdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { TerminalError } from '../errors.js';
import { findBinaries, type PostgresBinaries } from './postgres-binaries.js';
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

/** Nothing of the service's own environment, which holds secrets and PG* variables. */
export const postgresEnvironment = { LC_ALL: 'C', TZ: 'UTC' };

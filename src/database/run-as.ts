import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { readFile, realpath, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { promisify } from 'node:util';
import { TerminalError } from '../errors.js';

export interface Account {
  uid: number;
  gid: number;
}

/** How to start a program: what to put before it, and the ids to give to `spawn`. */
export interface Launch {
  prefix: string[];
  ids: { uid?: number; gid?: number };
}

/**
 * The account that must run PostgreSQL, which refuses to run as root: null when this process is not root, else the
 * owner of an existing data folder, else the user `postgres`, else `nobody`.
 */
export async function chooseAccount(dataFolder: string): Promise<Account | null> {
  if (process.getuid?.() !== 0) return null;
  const owner = await stat(dataFolder).catch(() => null);
  if (owner && owner.uid !== 0) return { uid: owner.uid, gid: owner.gid };
  const account = (await lookUp('postgres')) ?? (await lookUp('nobody'));
  if (account) return account;
  throw new TerminalError(
    'NO_UNPRIVILEGED_USER',
    'embedded PostgreSQL cannot run as root: expected a user "postgres" or "nobody", found neither. ' +
      'Start the service as an ordinary user, or set DATABASE_URL',
  );
}

/**
 * How to start a program as `account`, given the paths that it must reach.
 *
 * Below a folder that the account cannot enter (a checkout under `/root`), the program gets the one capability that
 * lets it pass: see capabilities(7). `no_setuid_fixup` is needed because access(2) otherwise ignores the capability.
 */
export async function launchAs(account: Account | null, paths: string[]): Promise<Launch> {
  if (!account) return { prefix: [], ids: {} };
  const blocked = await findBlocked(account, paths);
  if (!blocked) return { prefix: [], ids: { uid: account.uid, gid: account.gid } };
  const setpriv = ['/usr/bin/setpriv', '/bin/setpriv'].find((path) => existsSync(path));
  const capability = await passingCapability();
  if (!setpriv || !capability) {
    throw new TerminalError(
      'FOLDER_NOT_REACHABLE',
      `embedded PostgreSQL cannot run as root, and user ${account.uid} may not enter ${blocked}: expected a folder ` +
        'that others may enter (chmod o+x), or another MILLRACE_HOME, or DATABASE_URL',
    );
  }
  return { prefix: [setpriv, ...setprivArguments(account, capability), '--'], ids: {} };
}

function setprivArguments({ uid, gid }: Account, capability: string): string[] {
  return [
    `--reuid=${uid}`,
    `--regid=${gid}`,
    '--clear-groups',
    `--inh-caps=+${capability}`,
    `--ambient-caps=+${capability}`,
    '--securebits=+no_setuid_fixup',
  ];
}

async function lookUp(user: string): Promise<Account | null> {
  const run = promisify(execFile);
  try {
    const [uid, gid] = await Promise.all(['-u', '-g'].map((flag) => run('id', [flag, user])));
    return { uid: Number(uid?.stdout), gid: Number(gid?.stdout) };
  } catch {
    return null;
  }
}

async function findBlocked(account: Account, paths: string[]): Promise<string | null> {
  for (const path of paths) {
    let folder = dirname(await realpath(path));
    for (;;) {
      if (!mayEnter(account, await stat(folder))) return folder;
      if (folder === dirname(folder)) break;
      folder = dirname(folder);
    }
  }
  return null;
}

function mayEnter(account: Account, folder: { uid: number; gid: number; mode: number }): boolean {
  if (folder.uid === account.uid) return (folder.mode & 0o100) !== 0;
  if (folder.gid === account.gid) return (folder.mode & 0o010) !== 0;
  return (folder.mode & 0o001) !== 0;
}

/** The weakest capability of this process that passes folder permissions; containers often have only the second. */
async function passingCapability(): Promise<string | null> {
  const status = await readFile('/proc/self/status', 'utf8').catch(() => '');
  const effective = BigInt(`0x${/^CapEff:\s*([0-9a-f]+)/m.exec(status)?.[1] ?? '0'}`);
  if (effective & (1n << 2n)) return 'dac_read_search';
  return effective & (1n << 1n) ? 'dac_override' : null;
}

import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';

/** What a running PostgreSQL writes about itself into its data folder. */
export interface Postmaster {
  pid: number;
  port: number;
  isReady: boolean;
}

/**
 * The PostgreSQL that runs on a data folder, or null when none does. A pid file whose process is gone, or whose number
 * now belongs to some other program, counts as none.
 *
 * The lines of `postmaster.pid` are described in PostgreSQL's `src/include/utils/pidfile.h`.
 */
export async function findPostmaster(dataFolder: string): Promise<Postmaster | null> {
  const text = await readFile(join(dataFolder, 'postmaster.pid'), 'utf8').catch(() => '');
  const lines = text.split('\n').map((line) => line.trim());
  const pid = Number(lines[0]);
  if (!Number.isSafeInteger(pid) || pid <= 1 || !(await isPostgresOn(dataFolder, pid))) return null;
  return { pid, port: Number(lines[3]), isReady: lines[7] === 'ready' };
}

async function isPostgresOn(dataFolder: string, pid: number): Promise<boolean> {
  return isRunning(dataFolder, await readCommandLine(pid));
}

/** Whether the process that ran PostgreSQL on this data folder holds nothing any more; it may still wait to be reaped. */
export async function isGone(dataFolder: string, pid: number): Promise<boolean> {
  const commandLine = await readCommandLine(pid);
  if (commandLine) return !isRunning(dataFolder, commandLine);
  // A process that ends gives back its memory first, and with it the command line, and only then its port and files.
  const status = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => '');
  const state = status.charAt(status.lastIndexOf(')') + 2);
  return !state || state === 'Z' || state === 'X';
}

function isRunning(dataFolder: string, commandLine: string): boolean {
  return commandLine.includes('postgres') && commandLine.includes(dataFolder);
}

async function readCommandLine(pid: number): Promise<string> {
  if (process.platform === 'linux') return readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '');
  const { stdout } = await promisify(execFile)('ps', ['-o', 'command=', '-p', String(pid)]).catch(() => ({
    stdout: '',
  }));
  return stdout;
}

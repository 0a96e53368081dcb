import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';

export interface ServiceProcess {
  pid: number;
  url: string;
  /** Sends a signal to the process and all that it started in its own group, as a terminal does. */
  signal(signal: NodeJS.Signals): void;
  /** Exit code, or the signal that ended it, once all that it wrote has been handed on. */
  exited: Promise<number | string>;
  /** Hands on what it writes from now on, and to the first who asks what it has written since it listened. */
  onOutput(listener: (chunk: Buffer) => void): void;
}

/** Starts the sources as they are. */
export const FROM_SOURCES = [
  '--import',
  pathToFileURL(join(import.meta.dirname, 'load-typescript.ts')).href,
  join(import.meta.dirname, '..', 'src', 'main.ts'),
];

/** Starts what `npm run build` made, as `npm start` does. */
export const FROM_BUILD = [
  '--max-semi-space-size=8',
  '--initial-old-space-size=64',
  '--heap-growing-percent=50',
  join(import.meta.dirname, '..', 'dist', 'src', 'main.js'),
];

const PATIENCE_MS = 180_000;

/** The real service in a process of its own, on a free port, once it listens. `env` is its whole environment. */
export async function startServiceProcess(
  folder: string,
  env: Record<string, string>,
  program = FROM_SOURCES,
): Promise<ServiceProcess> {
  const child = spawn(process.execPath, program, {
    cwd: folder,
    env: { PORT: '0', LOG_LEVEL: 'info', ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
    detached: true,
  });
  const pid = child.pid ?? 0;
  const exited = once(child, 'close').then(([code, signal]) => (code ?? signal) as number | string);
  const kept: Buffer[] = [];
  const listeners: ((chunk: Buffer) => void)[] = [];
  const hand = (chunk: Buffer) => {
    if (listeners.length === 0) kept.push(chunk);
    for (const listener of listeners) listener(chunk);
  };
  child.stdout.on('data', hand);
  child.stderr.on('data', hand);
  const url = await readUrl(child, kept).catch((error: unknown) => {
    child.kill('SIGKILL');
    throw error;
  });
  const onOutput = (listener: (chunk: Buffer) => void) => {
    listeners.push(listener);
    kept.splice(0).forEach(listener);
  };
  return { pid, url, exited, onOutput, signal: (signal) => process.kill(-pid, signal) };
}

/** @param kept what the process has written; then only what comes behind the line with the URL */
function readUrl(child: ChildProcess, kept: Buffer[]): Promise<string> {
  return new Promise((resolve, reject) => {
    let output = '';
    let hasUrl = false;
    const late = setTimeout(
      () => reject(new Error(`the service does not listen after ${PATIENCE_MS / 1000} s: ${output}`)),
      PATIENCE_MS,
    );
    const read = (chunk: Buffer) => {
      if (hasUrl) return;
      output += chunk.toString();
      const [, url, rest = ''] = /listening on (http:[^"\s]+)[^\n]*\n(.*)/s.exec(output) ?? [];
      if (!url) return;
      hasUrl = true;
      kept.splice(0, kept.length, Buffer.from(rest));
      clearTimeout(late);
      resolve(url);
    };
    child.stdout?.on('data', read);
    child.stderr?.on('data', read);
    // Its last words may come after its end.
    child.once('close', (code) => {
      clearTimeout(late);
      reject(new Error(`the service ended with ${code}: ${output}`));
    });
  });
}

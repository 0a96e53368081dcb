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
  /** Hands on what it writes from now on. */
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
  const url = await readUrl(child).catch((error: unknown) => {
    child.kill('SIGKILL');
    throw error;
  });
  const onOutput = (listener: (chunk: Buffer) => void) => {
    child.stdout.on('data', listener);
    child.stderr.on('data', listener);
  };
  return { pid, url, exited, onOutput, signal: (signal) => process.kill(-pid, signal) };
}

function readUrl(child: ChildProcess): Promise<string> {
  return new Promise((resolve, reject) => {
    let output = '';
    let hasUrl = false;
    const late = setTimeout(
      () => reject(new Error(`the service does not listen after ${PATIENCE_MS / 1000} s: ${output}`)),
      PATIENCE_MS,
    );
    const read = (chunk: Buffer) => {
      // A process that goes on for hours writes more than anybody wants to hold.
      if (hasUrl) return;
      output += chunk.toString();
      const url = /listening on (http:[^"\s]+)/.exec(output)?.[1];
      if (!url) return;
      hasUrl = true;
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

import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';

export interface ServiceProcess {
  pid: number;
  url: string;
  /** Sends a signal to the process and all that it started in its own group, as a terminal does. */
  signal(signal: NodeJS.Signals): void;
  /** Exit code, or the signal that ended it. */
  exited: Promise<number | string>;
}

/** Starts the sources as they are. */
export const FROM_SOURCES = [
  '--import',
  pathToFileURL(join(import.meta.dirname, 'load-typescript.ts')).href,
  join(import.meta.dirname, '..', 'src', 'main.ts'),
];

/** Starts what `npm run build` made. */
export const FROM_BUILD = [join(import.meta.dirname, '..', 'dist', 'src', 'main.js')];

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
  const exited = once(child, 'exit').then(([code, signal]) => (code ?? signal) as number | string);
  const url = await readUrl(child);
  return { pid, url, exited, signal: (signal) => process.kill(-pid, signal) };
}

function readUrl(child: ChildProcess): Promise<string> {
  return new Promise((resolve, reject) => {
    let output = '';
    const read = (chunk: Buffer) => {
      output += chunk.toString();
      const url = /listening on (http:[^"\s]+)/.exec(output)?.[1];
      if (url) resolve(url);
    };
    child.stdout?.on('data', read);
    child.stderr?.on('data', read);
    child.once('exit', (code) => reject(new Error(`the service ended with ${code}: ${output}`)));
  });
}

import { mkdir, open, rename, rm, stat } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';

const TMP = /^\.(.+)\.([0-9a-f-]{36})\.tmp$/;

/** Where a stream's combined CSV lies: `<home>/output/<pipeline>/<output>`. */
export function combinedPath(home: string, pipeline: string, output: string): string {
  if (basename(output) !== output || output.startsWith('.')) {
    throw new Error(`output: expected a plain file name, got "${output}"`);
  }
  return join(outputFolder(home), pipeline, output);
}

export function outputFolder(home: string): string {
  return join(home, 'output');
}

/** The run that a leftover of a publication belongs to; null for every other file. */
export function runOfLeftover(name: string): string | null {
  return TMP.exec(name)?.[2] ?? null;
}

export async function isPublished(path: string): Promise<boolean> {
  return (await stat(path).catch(() => null))?.isFile() ?? false;
}

/**
 * Puts a file in place so that a reader sees the old one or the whole new one, also after a power cut: written beside
 * it, flushed, renamed, and the folder flushed.
 */
export async function publish(
  path: string,
  runId: string,
  write: (path: string) => Promise<void>,
): Promise<void> {
  const folder = dirname(path);
  const tmp = join(folder, `.${basename(path)}.${runId}.tmp`);
  await mkdir(folder, { recursive: true });
  await rm(tmp, { force: true });
  try {
    await write(tmp);
    await flush(tmp);
    await rename(tmp, path);
  } catch (error) {
    await rm(tmp, { force: true });
    throw error;
  }
  await flush(folder);
}

async function flush(path: string): Promise<void> {
  const handle = await open(path, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

import { link, mkdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { TerminalError } from '../errors.js';
import { flushPath } from '../flush-path.js';

const TMP = /^\.(.+)\.([0-9a-f-]{36})\.tmp$/;

/**
 * Where a stream's combined CSV lies: `<home>/output/<pipeline>/<output>`.
 * @throws TerminalError `INVALID_OUTPUT` when a variable has made something else of it than a file's name
 */
export function combinedPath(home: string, pipeline: string, output: string): string {
  if (output === '' || basename(output) !== output || output.startsWith('.')) {
    const message = `output: expected a plain file name, got "${output}"`;
    throw new TerminalError('INVALID_OUTPUT', message, [{ path: 'output', message }]);
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

/** Whether the combined CSV that lies there is that of the load with this signature. */
export async function isPublished(path: string, signature: string): Promise<boolean> {
  const isFile = (await stat(path).catch(() => null))?.isFile() ?? false;
  return isFile && (await readSignature(path)).signature === signature;
}

/** The same, and whether nobody has written to it since, as far as its size and its time tell. */
export async function isAsPublished(path: string, signature: string): Promise<boolean> {
  const published = await readSignature(path);
  if (published.signature !== signature) return false;
  return (await stampOf(path).catch(() => null)) === published.stamp;
}

/** A combined CSV that is being written before its rows are committed. */
export interface CombinedDraft {
  /** Begins to write it; once. */
  begin(): void;
  /** Puts it in place; false: there is none, and it has to be written anew. */
  moveTo(target: string): Promise<boolean>;
  /** Stops writing: it is not to be shown. */
  drop(): Promise<void>;
}

export interface Publication {
  runId: string;
  /** Of the load that the file shows. */
  signature: string;
  write: (path: string) => Promise<void>;
  /** Takes one more name of the file before: to free a large one takes a while, which is then left to whoever removes it. */
  aside?: string;
}

/**
 * Puts a combined CSV in place so that a reader sees the old one or the whole new one, also after a power cut, and
 * its signature beside it. A signature never lies beside the CSV of another load: at worst there is none.
 */
export async function publish(path: string, { runId, signature, write, aside }: Publication): Promise<void> {
  await mkdir(dirname(path), { recursive: true });
  const beside = signaturePath(path);
  let stamp = '';
  const showNew = async (tmp: string) => {
    await write(tmp);
    stamp = await stampOf(tmp);
    await rm(beside, { force: true });
    await flushPath(dirname(path));
    // There may be none, and not every file system has links.
    if (aside !== undefined) await link(path, aside).catch(() => {});
  };
  await replaceFile(path, runId, showNew);
  // Not flushed: where a power cut takes it away, a later run writes the CSV anew.
  await putInPlace(beside, runId, (tmp) => writeFile(tmp, `${signature}\n${stamp}\n`));
}

/** `stamp` is empty where an earlier version has written it. */
async function readSignature(path: string): Promise<{ signature?: string; stamp?: string }> {
  const text = await readFile(signaturePath(path), 'utf8').catch(() => null);
  const [signature, stamp = ''] = text?.split('\n') ?? [];
  return { signature, stamp };
}

/** What changes when somebody writes to a file, and not when it is renamed. */
async function stampOf(path: string): Promise<string> {
  const { size, mtimeNs } = await stat(path, { bigint: true });
  return `${size} ${mtimeNs}`;
}

function signaturePath(path: string): string {
  return join(dirname(path), `.${basename(path)}.signature`);
}

/** As `putInPlace`, flushed, and the folder flushed. */
async function replaceFile(
  path: string,
  runId: string,
  write: (path: string) => Promise<void>,
): Promise<void> {
  await putInPlace(path, runId, async (tmp) => {
    await write(tmp);
    await flushPath(tmp);
  });
  await flushPath(dirname(path));
}

/** Written beside the old one, and renamed. */
async function putInPlace(
  path: string,
  runId: string,
  write: (path: string) => Promise<void>,
): Promise<void> {
  const tmp = join(dirname(path), `.${basename(path).replace(/^\./, '')}.${runId}.tmp`);
  await rm(tmp, { force: true });
  try {
    await write(tmp);
    await rename(tmp, path);
  } catch (error) {
    await rm(tmp, { force: true });
    throw error;
  }
}

import { lstat } from 'node:fs/promises';
import { FileThread, type FileState, type WholeFile } from './file-thread.js';
import { runConcurrently } from './run-concurrently.js';

/** Files up to this size are read whole. */
export const SMALL = 128 << 10;
/** From so many files on a thread of its own is worth its start, which takes 20 ms. */
const MANY = 64;
/** Files that are asked for at a time; twice as many are held. */
const BATCH = 64;
/** Files whose states are asked for at a time, and where no thread is. */
const SEEN = 1_000;
const SEERS = 8;

/** A file, and all of it where it was read; null: that is left to whoever needs it. */
export interface Held<F> {
  file: F;
  whole: WholeFile | null;
}

/**
 * Reads many small files, in batches and in their order, the next batch while the one before it is worked on. Few files
 * are not read, nor one that is large, changes meanwhile, or is not a regular file at its path. The bytes of a batch last
 * until the next one is asked for.
 * @param pathOf null for a file that need not be read
 */
export async function* readWhole<F>(
  files: readonly F[],
  pathOf: (file: F) => string | null,
  signal?: AbortSignal,
): AsyncGenerator<Held<F>[]> {
  const toRead = files.filter((file) => pathOf(file) !== null).length;
  if (toRead < MANY) {
    if (files.length > 0) yield files.map((file) => ({ file, whole: null }));
    return;
  }
  const thread = new FileThread();
  const rooms = [0, 1].map(() => new SharedArrayBuffer(BATCH * SMALL));
  const read = (from: number) => {
    const room = rooms[(from / BATCH) % rooms.length]!;
    const batch = readBatch({ thread, room, pathOf }, files.slice(from, from + BATCH));
    // Nobody waits for it where the work on the batch before it fails.
    batch.catch(() => undefined);
    return batch;
  };
  try {
    let ahead = read(0);
    for (let from = 0; from < files.length; from += BATCH) {
      signal?.throwIfAborted();
      const batch = await ahead;
      ahead = read(from + BATCH);
      yield batch;
    }
  } finally {
    await thread.close();
  }
}

interface Reading<F> {
  thread: FileThread;
  room: SharedArrayBuffer;
  pathOf: (file: F) => string | null;
}

async function readBatch<F>({ thread, room, pathOf }: Reading<F>, files: F[]): Promise<Held<F>[]> {
  const paths = files.flatMap((file) => pathOf(file) ?? []);
  const wholes = (paths.length === 0 ? [] : await thread.read({ paths, most: SMALL, room })).values();
  return files.map((file) => {
    const isRead = pathOf(file) !== null;
    return { file, whole: isRead ? (wholes.next().value ?? null) : null };
  });
}

/** The states of files, as they stand at their paths, links not followed; null for what cannot be looked at. */
export async function seeStates(paths: readonly string[]): Promise<(FileState | null)[]> {
  if (paths.length < MANY) {
    return runConcurrently(paths, SEERS, async (path) => lstat(path, { bigint: true }).catch(() => null));
  }
  const thread = new FileThread();
  try {
    const states: (FileState | null)[] = [];
    for (let from = 0; from < paths.length; from += SEEN)
      states.push(...(await thread.see(paths.slice(from, from + SEEN))));
    return states;
  } finally {
    await thread.close();
  }
}

import { open, type FileHandle } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { BufferRing } from '../buffer-ring.js';

const CHUNK = 256 << 10;
const RING = 16 * CHUNK;
/** How long to wait for more of a file that is still being written. */
const LOOK_MS = 3;

/** Memory for the chunks of files that are followed one after the other. */
export const chunkRing = () => new BufferRing(RING);

interface Following {
  /** Settles when nothing more will come; a rejection is thrown. */
  written: Promise<void>;
  signal?: AbortSignal;
  ring?: BufferRing;
}

/**
 * The bytes of a file, also while somebody else is still making it and appending to it. A chunk lasts until 3 MiB more
 * have been asked for of its ring: its bytes are overwritten then.
 */
export async function* followFile(
  path: string,
  { written, signal, ring = chunkRing() }: Following,
): AsyncGenerator<Buffer> {
  let isWhole = false;
  written.then(
    () => (isWhole = true),
    () => (isWhole = true),
  );
  const file = await openSoon(path, written, signal);
  try {
    for (let at = 0; ;) {
      signal?.throwIfAborted();
      const wasWhole = isWhole;
      const room = ring.room(CHUNK);
      const { bytesRead } = await file.read(room, 0, CHUNK, at);
      at += bytesRead;
      ring.keep(bytesRead);
      if (bytesRead > 0) yield room.subarray(0, bytesRead);
      else if (wasWhole) return await written;
      else await sleep(LOOK_MS);
    }
  } finally {
    await file.close();
  }
}

/** Waits for the file to be made. */
async function openSoon(path: string, written: Promise<void>, signal?: AbortSignal): Promise<FileHandle> {
  for (let isWhole = false; ;) {
    signal?.throwIfAborted();
    try {
      return await open(path);
    } catch (error) {
      if (isWhole || (error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
      isWhole = await Promise.race([written.then(() => true), sleep(LOOK_MS, false)]);
    }
  }
}

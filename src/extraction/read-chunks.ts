import type { FileHandle } from 'node:fs/promises';

const chunkBytes = 1 << 20;

/**
 * The bytes of an open file from `start` (0) up to `end`, less where the file is shorter. Every chunk lies in one buffer that the next
 * one overwrites.
 */
export async function* readChunks(
  handle: FileHandle,
  range: { start?: number; end: number; signal?: AbortSignal },
): AsyncGenerator<Buffer> {
  const { start = 0, end, signal } = range;
  const buffer = Buffer.allocUnsafe(Math.min(Math.max(end - start, 0), chunkBytes));
  for (let at = start; at < end;) {
    signal?.throwIfAborted();
    const { bytesRead } = await handle.read(buffer, 0, Math.min(buffer.length, end - at), at);
    if (bytesRead === 0) return;
    yield buffer.subarray(0, bytesRead);
    at += bytesRead;
  }
}

/** Up to `length` bytes from `at`, in a buffer of their own. */
export async function readPart(handle: FileHandle, at: number, length: number): Promise<Buffer> {
  const parts: Buffer[] = [];
  for await (const chunk of readChunks(handle, { start: at, end: at + length }))
    parts.push(Buffer.from(chunk));
  return Buffer.concat(parts);
}

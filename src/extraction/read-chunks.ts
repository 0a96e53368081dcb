/** Bytes that can be read from any place: an open file, or what was read of one. */
export interface ByteSource {
  /** As `FileHandle.read` does. */
  read(buffer: Buffer, offset: number, length: number, position: number): Promise<{ bytesRead: number }>;
}

/** All bytes of a file that was read already. */
export class HeldBytes implements ByteSource {
  constructor(private readonly bytes: Buffer) {}

  read(buffer: Buffer, offset: number, length: number, position: number): Promise<{ bytesRead: number }> {
    return Promise.resolve({ bytesRead: this.bytes.copy(buffer, offset, position, position + length) });
  }
}

const chunkBytes = 1 << 20;

/**
 * The bytes of a file from `start` (0) up to `end`, less where the file is shorter. Every chunk lies in one buffer that the next
 * one overwrites.
 */
export async function* readChunks(
  handle: ByteSource,
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
export async function readPart(handle: ByteSource, at: number, length: number): Promise<Buffer> {
  const parts: Buffer[] = [];
  for await (const chunk of readChunks(handle, { start: at, end: at + length }))
    parts.push(Buffer.from(chunk));
  return parts.length === 1 ? parts[0]! : Buffer.concat(parts);
}

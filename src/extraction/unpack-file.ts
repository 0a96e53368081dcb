import { once } from 'node:events';
import { createGunzip, createZstdDecompress } from 'node:zlib';
import { FileRefused, systemCode } from './file-errors.js';
import type { Landing, UnpackedFile } from './landing.js';
import { type ByteSource, readChunks, readPart } from './read-chunks.js';
import { TextProbe } from './text-probe.js';

export interface UnpackLimits {
  /** Decoded bytes. */
  most: number;
  /** Decoded bytes for each packed one, once `ratioFrom` decoded bytes have come. */
  ratio: number;
  ratioFrom: number;
}

const headBytes = 64 * 1024;
const defaultLimits: UnpackLimits = { most: 64 * 2 ** 30, ratio: 1_000, ratioFrom: 64 * 2 ** 20 };

/** Tells a compression by the first bytes of a file, whatever its name says. */
function detectCompression(head: Buffer): UnpackedFile['compression'] {
  if (head.length >= 3 && head.readUIntBE(0, 3) === 0x1f8b08) return 'gzip';
  if (head.length < 4) return null;
  const magic = head.readUInt32LE(0);
  // RFC 8878: a Zstandard frame, or a skippable one before it.
  return magic === 0xfd2fb528 || (magic & 0xfffffff0) >>> 0 === 0x184d2a50 ? 'zstd' : null;
}

/**
 * Writes the decompressed bytes of a file beside the landed ones; a file that is not compressed stays where it is. Throws FileRefused
 * for a broken or cut archive, and for one that grows beyond the limits.
 */
export async function unpackFile(
  landing: Landing,
  original: ByteSource,
  limits: UnpackLimits = defaultLimits,
): Promise<UnpackedFile> {
  const { file, signal } = landing;
  const packed = await readPart(original, 0, Math.min(headBytes, file.bytes));
  const compression = detectCompression(packed);
  if (compression === null) {
    return {
      handle: original,
      path: file.path,
      size: file.bytes,
      text: file.text,
      head: packed,
      compression,
    };
  }
  const { path, handle } = await landing.create('.unpacked');
  const probe = new TextProbe();
  let size = 0;
  for await (const chunk of unpackedChunks(original, compression, { end: file.bytes, signal })) {
    size += chunk.length;
    checkLimits(size, file.bytes, limits);
    probe.update(chunk);
    await handle.writeFile(chunk);
  }
  const head = await readPart(handle, 0, Math.min(headBytes, size));
  return { handle, path, size, text: probe.finish(), head, compression };
}

function checkLimits(size: number, packed: number, limits: UnpackLimits): void {
  if (size > limits.most) {
    throw new FileRefused(`expected at most ${limits.most} bytes after decompression, got more`);
  }
  if (size > limits.ratioFrom && size > packed * limits.ratio) {
    throw new FileRefused(
      `expected at most ${limits.ratio} decompressed bytes for each packed one, got more`,
    );
  }
}

type Compression = NonNullable<UnpackedFile['compression']>;

/** Member after member: Node's zstd stream stops silently behind the first frame, its gzip stream before zeros. */
async function* unpackedChunks(
  handle: ByteSource,
  compression: Compression,
  range: { end: number; signal?: AbortSignal },
): AsyncGenerator<Buffer> {
  for (let at = 0; at < range.end;) {
    if (detectCompression(await readPart(handle, at, 4)) !== compression) {
      if (at > 0 && (await isZeros(handle, at, range))) return;
      throw new FileRefused(
        `expected ${compression} data up to the end of the file, got other bytes at byte ${at}`,
      );
    }
    at += yield* unpackMember(handle, compression, { start: at, ...range });
  }
}

/** Returns the packed bytes that the member took; more than one member where the library goes on by itself. */
async function* unpackMember(
  handle: ByteSource,
  compression: Compression,
  range: { start: number; end: number; signal?: AbortSignal },
): AsyncGenerator<Buffer, number> {
  const options = { chunkSize: 256 * 1024 };
  const member = compression === 'gzip' ? createGunzip(options) : createZstdDecompress(options);
  const closed = once(member, 'close').catch(() => {});
  const feed = async (): Promise<void> => {
    let fed = 0;
    for await (const chunk of readChunks(handle, range)) {
      fed += chunk.length;
      const isTaken = new Promise<void>((resolve) => member.write(chunk, () => resolve()));
      await Promise.race([isTaken, closed]);
      if (member.destroyed || member.bytesWritten < fed) break;
    }
    member.end();
  };
  const fed = feed().catch((error: unknown) => member.destroy(error as Error));
  try {
    yield* member as AsyncIterable<Buffer>;
    return member.bytesWritten;
  } catch (error) {
    const code = systemCode(error);
    if (!code.startsWith('Z_') && !code.startsWith('ZSTD_')) throw error;
    throw new FileRefused(`expected whole ${compression} data, got: ${(error as Error).message}`);
  } finally {
    member.destroy();
    await fed;
  }
}

async function isZeros(
  handle: ByteSource,
  at: number,
  range: { end: number; signal?: AbortSignal },
): Promise<boolean> {
  for await (const chunk of readChunks(handle, { start: at, ...range })) {
    if (chunk.some((byte) => byte !== 0)) return false;
  }
  return true;
}

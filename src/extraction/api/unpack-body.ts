import type { Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import {
  createBrotliDecompress,
  createGunzip,
  createInflate,
  createInflateRaw,
  createZstdDecompress,
} from 'node:zlib';
import { ApiRefused, ApiUnavailable } from './api-errors.js';

type Unpacker = Transform & { bytesWritten: number };

const OPTIONS = { chunkSize: 65_536 };

const UNPACKERS: Record<string, (first: Buffer) => Unpacker> = {
  gzip: () => createGunzip(OPTIONS),
  'x-gzip': () => createGunzip(OPTIONS),
  // RFC 9110 means zlib's format; some servers leave its header out.
  deflate: (first) => (hasZlibHeader(first) ? createInflate(OPTIONS) : createInflateRaw(OPTIONS)),
  br: () => createBrotliDecompress(OPTIONS),
  zstd: () => createZstdDecompress(OPTIONS),
};

/** What the client asks for. */
export const ACCEPTED_ENCODINGS = 'gzip, deflate, br, zstd';

/** The encoding of a body; null: it has none. Throws ApiRefused for one that is not known and for several. */
export function readEncoding(header: string | undefined, where: string): string | null {
  const names = (header ?? '')
    .toLowerCase()
    .split(',')
    .map((name) => name.trim());
  const [name, ...more] = names.filter((name) => name !== '' && name !== 'identity');
  if (name === undefined) return null;
  if (more.length === 0 && Object.hasOwn(UNPACKERS, name)) return name;
  throw new ApiRefused(
    'API_ENCODING_UNKNOWN',
    `${where}: expected a content encoding of ${ACCEPTED_ENCODINGS}, got "${header?.slice(0, 100)}"`,
  );
}

/**
 * The bytes that were packed. A body without a single byte is empty. Throws what `packed` throws, and ApiUnavailable when
 * the packed bytes end too early, go on after their end or make no sense.
 */
export async function* unpackBody(
  packed: AsyncIterator<Buffer>,
  encoding: string,
  where: string,
): AsyncGenerator<Buffer, void> {
  const first = await packed.next();
  if (first.done) return;
  const unpacker = UNPACKERS[encoding]!(first.value);
  let fed = 0;
  const feed = async function* () {
    for (let piece: IteratorResult<Buffer> = first; !piece.done; piece = await packed.next()) {
      fed += piece.value.length;
      yield piece.value;
    }
  };
  const isFed = pipeline(feed, unpacker).catch((error: unknown) => error);
  try {
    yield* unpacker as AsyncIterable<Buffer>;
    const error = await isFed;
    if (error) throw error;
    // The engines stop at the end of what was packed, gzip's at that of its last member.
    if (unpacker.bytesWritten < fed && !encoding.endsWith('gzip')) throw new Error('bytes after the end');
  } catch (error) {
    throw toApiError(error as NodeJS.ErrnoException, encoding, where);
  } finally {
    unpacker.destroy();
  }
}

function hasZlibHeader(first: Buffer): boolean {
  return first.length > 1 && (first[0]! & 0x0f) === 8 && first.readUInt16BE(0) % 31 === 0;
}

function toApiError(error: NodeJS.ErrnoException, encoding: string, where: string): Error {
  if (error instanceof ApiUnavailable || error instanceof ApiRefused) return error;
  const isCut = error.code === 'Z_BUF_ERROR';
  return new ApiUnavailable(
    isCut ? 'API_BODY_CUT' : 'API_BODY_DAMAGED',
    `${where}: expected a whole body packed as ${encoding}, got ${isCut ? 'one that ends too early' : `one that is damaged (${error.message})`}`,
    null,
    undefined,
    { cause: error },
  );
}

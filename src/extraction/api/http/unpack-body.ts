import type { Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import {
  createBrotliDecompress,
  createGunzip,
  createInflate,
  createInflateRaw,
  createZstdDecompress,
} from 'node:zlib';
import { ApiRefused, ApiUnavailable } from '../api-errors.js';

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
 * The bytes that were packed; a body without a single byte is empty. Whoever gave `packed` ends it. Throws what `packed`
 * throws, and ApiUnavailable when the packed bytes end too early, go on after their end or make no sense.
 */
export async function* unpackBody(
  packed: AsyncIterator<Buffer, void>,
  encoding: string,
  where: string,
): AsyncGenerator<Buffer, void> {
  const first = await readFirst(packed);
  if (first.length === 0) return;
  const unpacker = UNPACKERS[encoding]!(first);
  let fed = first.length;
  let sourceFailure: { error: unknown } | undefined;
  const feed = async function* () {
    yield first;
    try {
      for (let piece = await packed.next(); !piece.done; piece = await packed.next()) {
        fed += piece.value.length;
        yield piece.value;
      }
    } catch (error) {
      sourceFailure = { error };
      throw error;
    }
  };
  const feeding = pipeline(feed, unpacker).catch((error: unknown) => error);
  try {
    yield* unpacker as AsyncIterable<Buffer>;
    const error = await feeding;
    if (error) throw error;
    // The engines stop at the end of what was packed, whatever comes after it.
    if (unpacker.bytesWritten < fed) throw new Error('bytes after the end');
  } catch (error) {
    throw sourceFailure ? sourceFailure.error : damaged(error as NodeJS.ErrnoException, encoding, where);
  } finally {
    unpacker.destroy();
  }
}

/** At least two bytes where there are so many: a header that is looked for has two. */
async function readFirst(packed: AsyncIterator<Buffer, void>): Promise<Buffer> {
  let first = Buffer.alloc(0);
  while (first.length < 2) {
    const piece = await packed.next();
    if (piece.done) break;
    first = Buffer.concat([first, piece.value]);
  }
  return first;
}

function hasZlibHeader(first: Buffer): boolean {
  return first.length > 1 && (first[0]! & 0x0f) === 8 && first.readUInt16BE(0) % 31 === 0;
}

function damaged(error: NodeJS.ErrnoException, encoding: string, where: string): ApiUnavailable {
  const isCut = error.code === 'Z_BUF_ERROR';
  const got = isCut ? 'one that ends too early' : `one that is damaged (${error.message})`;
  return new ApiUnavailable(
    isCut ? 'API_BODY_CUT' : 'API_BODY_DAMAGED',
    `${where}: expected a whole body packed as ${encoding}, got ${got}`,
    null,
    undefined,
    { cause: error },
  );
}

import { promisify } from 'node:util';
import { gunzip, zstdDecompress, type ZlibOptions, type ZstdOptions } from 'node:zlib';
import type { DetectedFormat } from '../../landed-file.js';
import { systemCode } from '../../file-errors.js';
import type { PageText } from './page-decoder.js';

type Packing = DetectedFormat['compression'];

const unpackers = {
  gzip: promisify<Buffer, ZlibOptions, Buffer>(gunzip),
  zstd: promisify<Buffer, ZstdOptions, Buffer>(zstdDecompress),
};

/** Decompresses a body that is itself a packed file, as an export may be; others are given back as they are. */
export async function unpackPage(
  bytes: Buffer,
  most: number,
  refuse: PageText['refuse'],
): Promise<{ bytes: Buffer; packing: Packing }> {
  const packing = detectPacking(bytes);
  if (packing === null) return { bytes, packing };
  try {
    return { bytes: await unpackers[packing](bytes, { maxOutputLength: most }), packing };
  } catch (error) {
    const isLong = systemCode(error) === 'ERR_BUFFER_TOO_LARGE';
    const got = isLong ? `more than ${most} bytes` : 'broken data';
    throw refuse('API_BODY_BROKEN', `expected at most ${most} bytes of whole ${packing} data, got ${got}`);
  }
}

/** The compression of the transfer, as far as reports know it. */
export function sentPacking(contentEncoding: string | undefined): Packing {
  const coding = contentEncoding?.trim().toLowerCase();
  if (coding === 'gzip' || coding === 'x-gzip') return 'gzip';
  return coding === 'zstd' ? 'zstd' : null;
}

/** The compression of a file, by its first bytes. */
export function detectPacking(bytes: Buffer): Packing {
  if (bytes.length >= 3 && bytes.readUIntBE(0, 3) === 0x1f8b08) return 'gzip';
  return bytes.length >= 4 && bytes.readUInt32LE(0) === 0xfd2fb528 ? 'zstd' : null;
}

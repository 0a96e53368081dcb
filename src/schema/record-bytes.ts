import { open } from 'node:fs/promises';
import type { ReadableFile } from './readable-file.js';

const LF = 10;
const CR = 13;
/** So much of the beginning of a file is looked at. */
const SAMPLE = 64 << 10;
/** Of more files than that some are looked at, from the first to the last. */
const FILES = 16;

/** About how many bytes a record has in the file with the largest, by the beginnings of CSV and JSON files; 0: nobody knows. */
export async function recordBytes(files: readonly ReadableFile[]): Promise<number> {
  const texts = files.filter(({ format }) => format !== 'parquet');
  const byPath = [...new Map(texts.map((file) => [file.path, file])).values()];
  const step = Math.max(byPath.length / FILES, 1);
  let most = 0;
  for (let at = 0; at < byPath.length; at += step) {
    const { path, dialect } = byPath[Math.floor(at)]!;
    most = Math.max(most, await bytesOf(path, dialect?.quote ?? null));
  }
  return most;
}

async function bytesOf(path: string, quote: string | null): Promise<number> {
  const file = await open(path);
  try {
    const { buffer, bytesRead } = await file.read(Buffer.allocUnsafe(SAMPLE), 0, SAMPLE, 0);
    const sample = buffer.subarray(0, bytesRead);
    return bytesRead / Math.max(countRecords(sample, quote?.charCodeAt(0) ?? null), 1);
  } finally {
    await file.close();
  }
}

/** Line ends outside quotes, of the kind that there are more of. */
function countRecords(bytes: Buffer, quote: number | null): number {
  let [lines, returns] = [0, 0];
  let isQuoted = false;
  for (const byte of bytes) {
    if (byte === quote) isQuoted = !isQuoted;
    else if (isQuoted) continue;
    else if (byte === LF) lines++;
    else if (byte === CR) returns++;
  }
  return Math.max(lines, returns);
}

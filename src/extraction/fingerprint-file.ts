import { createHash, hash } from 'node:crypto';
import type { ListedFile } from './list-files.js';
import { endsMidLine } from './ends-mid-line.js';
import { openFile, verifyHandle } from './open-file.js';
import { readChunks } from './read-chunks.js';
import { TextProbe, type TextTraits } from './text-probe.js';

/** A file's content in short. */
export interface FileContent {
  /** SHA-256 of the bytes, hex. */
  fingerprint: string;
  text: TextTraits;
  /** As a text, its last line has no line end: somebody may be in the middle of it. */
  endsMidLine: boolean;
}

/** What `fingerprintFile` tells of a file that was read already. */
export function fingerprintBytes(bytes: Buffer): FileContent {
  const probe = new TextProbe();
  probe.update(bytes);
  const text = probe.finish();
  return { fingerprint: hash('sha256', bytes), text, endsMidLine: endsMidLine(bytes.subarray(-2)) };
}

/**
 * Reads a file once, from start to end, and tells its SHA-256 and its traits as text. Throws FileChanged when the file
 * was not in the listed state before and after, FileNotRegular, or the system's error.
 */
export async function fingerprintFile(file: ListedFile, signal?: AbortSignal): Promise<FileContent> {
  const handle = await openFile(file.path, file);
  try {
    const hash = createHash('sha256');
    const probe = new TextProbe();
    let tail = Buffer.alloc(0);
    for await (const chunk of readChunks(handle, { end: Number(file.stamp.size), signal })) {
      hash.update(chunk);
      probe.update(chunk);
      tail = Buffer.concat([tail, chunk.subarray(-2)]).subarray(-2);
    }
    await verifyHandle(handle, file.stamp, file.name);
    return { fingerprint: hash.digest('hex'), text: probe.finish(), endsMidLine: endsMidLine(tail) };
  } finally {
    await handle.close();
  }
}

/** SHA-256, hex, of a file's first bytes. Throws as fingerprintFile does. */
export async function fingerprintStart(
  file: ListedFile,
  bytes: number,
  signal?: AbortSignal,
): Promise<string> {
  const handle = await openFile(file.path, file);
  try {
    const hash = createHash('sha256');
    for await (const chunk of readChunks(handle, { end: bytes, signal })) hash.update(chunk);
    await verifyHandle(handle, file.stamp, file.name);
    return hash.digest('hex');
  } finally {
    await handle.close();
  }
}

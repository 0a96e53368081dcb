import { constants, type BigIntStats } from 'node:fs';
import { open, realpath, type FileHandle } from 'node:fs/promises';
import type { FileState } from '../file-thread.js';
import { seeStates, SMALL } from '../read-whole.js';
import { FileChanged, FileNotRegular } from './file-errors.js';

/** What tells one state of a file from another without reading it. Strings, because they exceed 53 bits. */
export interface FileStamp {
  size: string;
  mtimeNs: string;
  ctimeNs: string;
  inode: string;
  device: string;
}

export function stampOf(stats: FileState): FileStamp {
  return {
    size: String(stats.size),
    mtimeNs: String(stats.mtimeNs),
    ctimeNs: String(stats.ctimeNs),
    inode: String(stats.ino),
    device: String(stats.dev),
  };
}

export function isSameStamp(a: FileStamp, b: FileStamp): boolean {
  return (
    a.size === b.size &&
    a.mtimeNs === b.mtimeNs &&
    a.ctimeNs === b.ctimeNs &&
    a.inode === b.inode &&
    a.device === b.device
  );
}

/** The path of a file that is small enough to be read whole; null for another one. */
export function smallPath({ path, stamp }: { path: string; stamp: FileStamp }): string | null {
  return BigInt(stamp.size) <= SMALL ? path : null;
}

/** What stands where a file was expected, or null for a regular file. */
export function oddKind(stats: BigIntStats): string | null {
  if (stats.isFile()) return null;
  if (stats.isSymbolicLink()) return 'a symbolic link';
  if (stats.isDirectory()) return 'a folder';
  if (stats.isFIFO()) return 'a named pipe';
  if (stats.isSocket()) return 'a socket';
  return 'a device';
}

/**
 * Opens a regular file for reading. Never waits (a named pipe would) and follows no symbolic link, neither as the
 * last part of the path nor before it. The caller closes the handle. Throws FileNotRegular, FileChanged for a file in
 * another state than `expected`, or the system's error.
 */
export async function openFile(
  path: string,
  expected?: { stamp: FileStamp; name: string },
): Promise<FileHandle> {
  const handle = await open(path, constants.O_RDONLY | constants.O_NONBLOCK | constants.O_NOFOLLOW);
  try {
    const stats = await handle.stat({ bigint: true });
    const kind = oddKind(stats);
    if (kind !== null) throw new FileNotRegular(kind);
    if ((await realpath(path)) !== path) throw new FileNotRegular('a path through a symbolic link');
    if (expected && !isSameStamp(stampOf(stats), expected.stamp)) throw new FileChanged(expected.name);
    return handle;
  } catch (error) {
    await handle.close();
    throw error;
  }
}

/** Throws FileChanged unless the open file is still in the state `stamp`. */
export async function verifyHandle(handle: FileHandle, stamp: FileStamp, name: string): Promise<void> {
  if (!isSameStamp(stampOf(await handle.stat({ bigint: true })), stamp)) throw new FileChanged(name);
}

/** The files that do not stand at their paths any more as they were seen. */
export async function findChanged<F extends { path: string; stamp: FileStamp }>(files: F[]): Promise<F[]> {
  const states = await seeStates(files.map(({ path }) => path));
  return files.filter(({ stamp }, n) => !states[n] || !isSameStamp(stampOf(states[n]), stamp));
}

/** Throws FileChanged unless the paths still lead to the files in the states that were seen. */
export async function verifyPaths(files: { path: string; stamp: FileStamp; name: string }[]): Promise<void> {
  const [changed] = await findChanged(files);
  if (changed) throw new FileChanged(changed.name);
}

import { isUtf8 } from 'node:buffer';
import { lstat, type BigIntStats, type Dirent } from 'node:fs';
import { opendir } from 'node:fs/promises';
import { join } from 'node:path';
import { TerminalError } from '../errors.js';
import { PathRefused, systemCode } from './file-errors.js';
import type { LocalSource } from './local-source.js';
import { isUnfinishedName, matchNames, type NameMatch } from './match-names.js';
import { oddKind, stampOf, type FileStamp } from './open-file.js';
import { realFolder, resolvePath, type ReadableFolders, type ResolvedPath } from './resolve-path.js';
import type { SkippedFile } from './seen-file.js';

/** A regular file of a source, not yet read. */
export interface ListedFile {
  name: string;
  path: string;
  stamp: FileStamp;
}

export interface Listing {
  /** The source's path led to a file, not to a folder or by a glob to any number of them. */
  isFile: boolean;
  /** By name, in byte order. */
  files: ListedFile[];
  skipped: SkippedFile[];
}

const mostFiles = 1_000_000;
const statBatch = 256;

/**
 * Lists the regular files that a source's `path` and `include` mean, in the readable folders and nowhere else. What is
 * not a regular file, or cannot be looked at, is skipped with a reason; what is hidden, or the service's own, is left
 * out. Throws PathRefused for the path as a whole.
 */
export async function listFiles(
  source: Pick<LocalSource, 'path' | 'include'>,
  readable: ReadableFolders,
  signal?: AbortSignal,
): Promise<Listing> {
  const place = await resolvePath(source.path, readable);
  const home = await realFolder(readable.home);
  const listing: Listing = { isFile: place.kind === 'file', files: [], skipped: [] };
  for await (const names of namesOf({ place, home }, source, listing.skipped)) {
    signal?.throwIfAborted();
    await look(place.folder, names, listing);
  }
  return { ...listing, files: sortByName(listing.files), skipped: sortByName(listing.skipped) };
}

/** In batches: a step through an async generator for each of many thousand names would take longer than all else. */
async function* namesOf(
  { place, home }: { place: ResolvedPath; home: string },
  source: Pick<LocalSource, 'path' | 'include'>,
  skipped: SkippedFile[],
): AsyncGenerator<string[]> {
  if (place.kind === 'file') {
    yield [place.name];
    return;
  }
  const match = matchNames(place.kind === 'glob' ? place.glob : null, source.include);
  try {
    yield* walkFolder({ root: place.folder, home, prefix: '', depth: match.depth }, match, skipped);
  } catch (error) {
    if (error instanceof TerminalError) throw error;
    const shown = JSON.stringify(source.path);
    throw new PathRefused('PATH_UNREADABLE', `path: expected to list ${shown}, got ${systemCode(error)}`);
  }
}

interface Walk {
  root: string;
  /** The service's own folder, which is not gone into. */
  home: string;
  /** Path of the folder below the root, empty or ending in `/`. */
  prefix: string;
  /** Levels that are left to go down. */
  depth: number;
}

async function* walkFolder(at: Walk, match: NameMatch, skipped: SkippedFile[]): AsyncGenerator<string[]> {
  const folders: string[] = [];
  let names: string[] = [];
  // As bytes: a name that is not UTF-8 has no string that would open it again.
  const entries = await opendir(join(at.root, at.prefix), {
    encoding: 'buffer' as BufferEncoding,
    bufferSize: 1024,
  });
  for await (const entry of entries as unknown as AsyncIterable<Dirent<Buffer>>) {
    const bytes = entry.name;
    if (!isUtf8(bytes)) {
      skipped.push({
        name: at.prefix + escapeBytes(bytes),
        reason: 'expected a name in UTF-8, got other bytes',
      });
      continue;
    }
    const baseName = bytes.toString();
    const name = at.prefix + baseName;
    const isFolder = entry.isDirectory();
    if (isUnfinishedName(baseName) || (isFolder && join(at.root, name) === at.home)) continue;
    if (isFolder && at.depth > 0) folders.push(name);
    else if (match.matches(name)) names.push(name);
    else if (entry.isSymbolicLink() && at.depth > 0) skipped.push(linkSkipped(name));
    if (names.length < statBatch) continue;
    yield names;
    names = [];
  }
  yield names;
  for (const folder of folders)
    yield* walkSubFolder({ ...at, prefix: `${folder}/`, depth: at.depth - 1 }, match, skipped);
}

async function* walkSubFolder(at: Walk, match: NameMatch, skipped: SkippedFile[]): AsyncGenerator<string[]> {
  try {
    yield* walkFolder(at, match, skipped);
  } catch (error) {
    if (error instanceof TerminalError) throw error;
    skipped.push({
      name: at.prefix,
      reason: `expected a folder to list, got ${systemCode(error)}`,
      isUnread: true,
    });
  }
}

function linkSkipped(name: string): SkippedFile {
  return { name, reason: 'expected a regular file, got a symbolic link' };
}

async function look(folder: string, names: string[], listing: Listing): Promise<void> {
  if (listing.files.length + names.length > mostFiles) {
    throw new TerminalError('TOO_MANY_FILES', `path: expected at most ${mostFiles} files, got more`);
  }
  const prefix = folder.endsWith('/') ? folder : `${folder}/`;
  const states = await statAll(names.map((name) => prefix + name));
  for (const [index, name] of names.entries()) {
    const stats = states[index]!;
    if (stats instanceof Error) {
      const reason = `expected a file to look at, got ${systemCode(stats)}`;
      listing.skipped.push({ name, reason, isUnread: true });
      continue;
    }
    const kind = oddKind(stats);
    if (kind === null) listing.files.push({ name, path: prefix + name, stamp: stampOf(stats) });
    else listing.skipped.push({ name, reason: `expected a regular file, got ${kind}` });
  }
}

/** All at once by callbacks: a promise for each of many thousand files takes twice the time. */
function statAll(paths: string[]): Promise<(BigIntStats | Error)[]> {
  return new Promise((resolve) => {
    const found: (BigIntStats | Error)[] = [];
    let left = paths.length;
    if (left === 0) resolve(found);
    for (const [index, path] of paths.entries()) {
      lstat(path, { bigint: true }, (error, stats) => {
        found[index] = error ?? stats;
        if (--left === 0) resolve(found);
      });
    }
  });
}

/** Byte order, which no locale changes. */
function sortByName<T extends { name: string }>(items: T[]): T[] {
  const keyed = items.map((item) => ({ item, key: Buffer.from(item.name) }));
  keyed.sort((a, b) => Buffer.compare(a.key, b.key));
  return keyed.map(({ item }) => item);
}

function escapeBytes(bytes: Buffer): string {
  return Array.from(bytes, (byte) =>
    byte > 0x1f && byte < 0x7f ? String.fromCharCode(byte) : `\\x${byte.toString(16).padStart(2, '0')}`,
  ).join('');
}

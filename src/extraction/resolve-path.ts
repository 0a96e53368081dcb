import { lstat, realpath } from 'node:fs/promises';
import { isAbsolute, join, relative, resolve } from 'node:path';
import { PathRefused, systemCode } from './file-errors.js';
import { isGlob } from './match-glob.js';
import { oddKind } from './open-file.js';

/** Where a source's path leads. All paths are absolute and without symbolic links. */
export type ResolvedPath =
  | { kind: 'folder'; folder: string }
  | { kind: 'glob'; folder: string; glob: string }
  | { kind: 'file'; folder: string; name: string };

/** What configs may read. All folders are absolute. */
export interface ReadableFolders {
  roots: readonly string[];
  /** The service's own folder: nothing in it is data, though it may lie in a root. */
  home: string;
}

const globCharacter = /[*?[\]{}]/;

/**
 * Finds the folder, file or glob that `path` means, which must lie in one of the data roots, outside the service's own
 * folder and in nothing hidden. Throws PathRefused, whose message quotes the path as the config wrote it and tells
 * nothing about its surroundings.
 */
export async function resolvePath(path: string, { roots, home }: ReadableFolders): Promise<ResolvedPath> {
  const shown = JSON.stringify(path);
  if (path.includes('\0') || path.split('/').includes('..')) {
    throw refused('without ".."', shown);
  }
  const places = await placesInRoots(path, roots);
  if (places.length === 0) throw refused('inside the data roots', shown);
  const place = places.find(({ parts }) => !parts.some((part) => part.startsWith('.')));
  if (place === undefined) throw refused('without hidden files and folders', shown);
  const walk = { ...place, home: await realFolder(home), shown };
  const found = await walkParts(walk);
  // Again by its real name: a file system may take names in another case.
  refuseHome(found.folder, walk);
  return found;
}

/** The folder without symbolic links; as it stands where it does not exist. */
export async function realFolder(folder: string): Promise<string> {
  return realpath(folder).catch(() => resolve(folder));
}

/** Whether `path` is the folder or lies in it; both absolute and without symbolic links. */
export function isInside(folder: string, path: string): boolean {
  const way = relative(folder, path);
  return way.split('/')[0] !== '..' && !isAbsolute(way);
}

interface PlacedPath {
  root: string;
  parts: string[];
}

/** More than one where a data root lies in another. */
async function placesInRoots(path: string, roots: readonly string[]): Promise<PlacedPath[]> {
  const places: PlacedPath[] = [];
  for (const root of isAbsolute(path) ? roots : roots.slice(0, 1)) {
    const real = await realpath(root).catch(() => null);
    if (real === null) continue;
    const ways = isAbsolute(path) ? [relative(root, path), relative(real, path)] : [join('.', path)];
    const inside = ways.find((way) => way.split('/')[0] !== '..' && !isAbsolute(way));
    if (inside !== undefined)
      places.push({ root: real, parts: inside.split('/').filter((p) => p !== '' && p !== '.') });
  }
  return places;
}

interface Walk extends PlacedPath {
  home: string;
  shown: string;
}

/** Part by part, so that a symbolic link anywhere below the root is seen as one. */
async function walkParts(walk: Walk): Promise<ResolvedPath> {
  const { root, parts, shown } = walk;
  let folder = root;
  for (const [index, part] of parts.entries()) {
    const next = join(folder, part);
    refuseHome(next, walk);
    const stats = await lstat(next, { bigint: true }).catch((error: unknown) => systemCode(error));
    if (typeof stats === 'string') {
      const glob = parts.slice(index).join('/');
      if (stats === 'ENOENT' && globCharacter.test(part) && isGlob(glob))
        return { kind: 'glob', folder: await realpath(folder), glob };
      throw missing(stats, shown);
    }
    if (stats.isDirectory()) {
      folder = next;
      continue;
    }
    if (stats.isSymbolicLink()) throw refused('without symbolic links', shown);
    if (index < parts.length - 1) {
      throw new PathRefused(
        'PATH_MISSING',
        `path: expected a folder on the way to ${shown}, got ${oddKind(stats) ?? 'a file'}`,
      );
    }
    return { kind: 'file', folder: await realpath(folder), name: part };
  }
  return { kind: 'folder', folder: await realpath(folder) };
}

function refuseHome(path: string, { home, shown }: Walk): void {
  if (isInside(home, path)) throw refused("outside the service's own folder", shown);
}

function refused(expected: string, shown: string): PathRefused {
  return new PathRefused('PATH_REFUSED', `path: expected a path ${expected}, got ${shown}`);
}

function missing(code: string, shown: string): PathRefused {
  return code === 'ENOENT' || code === 'ENOTDIR'
    ? new PathRefused(
        'PATH_MISSING',
        `path: expected a folder, a file or a glob, got ${shown}, which does not exist`,
      )
    : new PathRefused('PATH_UNREADABLE', `path: expected to read ${shown}, got ${code}`);
}

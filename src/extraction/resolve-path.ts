import { lstat, realpath } from 'node:fs/promises';
import { isAbsolute, join, relative } from 'node:path';
import picomatch from 'picomatch';
import { PathRefused, systemCode } from './file-errors.js';
import { oddKind } from './open-file.js';

/** Where a source's path leads. All paths are absolute and without symbolic links. */
export type ResolvedPath =
  | { kind: 'folder'; folder: string }
  | { kind: 'glob'; folder: string; glob: string }
  | { kind: 'file'; folder: string; name: string };

const globCharacter = /[*?[\]{}()!]/;

/**
 * Finds the folder, file or glob that `path` means, which must lie in one of the data roots (absolute folders).
 * Throws PathRefused, whose message quotes the path as the config wrote it and tells nothing about its surroundings.
 */
export async function resolvePath(path: string, roots: readonly string[]): Promise<ResolvedPath> {
  const shown = JSON.stringify(path);
  if (path.includes('\0') || path.split('/').includes('..')) {
    throw new PathRefused('PATH_REFUSED', `path: expected a path without "..", got ${shown}`);
  }
  const place = await placeInRoots(path, roots);
  if (place === null)
    throw new PathRefused('PATH_REFUSED', `path: expected a path inside the data roots, got ${shown}`);
  return walk(place.root, place.parts, shown);
}

async function placeInRoots(
  path: string,
  roots: readonly string[],
): Promise<{ root: string; parts: string[] } | null> {
  const candidates = isAbsolute(path) ? roots : roots.slice(0, 1);
  for (const root of candidates) {
    const real = await realpath(root).catch(() => null);
    if (real === null) continue;
    const ways = isAbsolute(path) ? [relative(root, path), relative(real, path)] : [join('.', path)];
    const inside = ways.find((way) => way.split('/')[0] !== '..' && !isAbsolute(way));
    if (inside !== undefined)
      return { root: real, parts: inside.split('/').filter((p) => p !== '' && p !== '.') };
  }
  return null;
}

/** Part by part, so that a symbolic link anywhere below the root is seen as one. */
async function walk(root: string, parts: string[], shown: string): Promise<ResolvedPath> {
  let folder = root;
  for (const [index, part] of parts.entries()) {
    const next = join(folder, part);
    const stats = await lstat(next, { bigint: true }).catch((error: unknown) => systemCode(error));
    if (typeof stats === 'string') {
      const glob = parts.slice(index).join('/');
      const isGlob = globCharacter.test(part) && picomatch.scan(glob).isGlob;
      if (isGlob && stats === 'ENOENT') return { kind: 'glob', folder: await realpath(folder), glob };
      throw missing(stats, shown);
    }
    if (stats.isDirectory()) {
      folder = next;
      continue;
    }
    if (stats.isSymbolicLink()) {
      throw new PathRefused('PATH_REFUSED', `path: expected a path without symbolic links, got ${shown}`);
    }
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

function missing(code: string, shown: string): PathRefused {
  return code === 'ENOENT' || code === 'ENOTDIR'
    ? new PathRefused(
        'PATH_MISSING',
        `path: expected a folder, a file or a glob, got ${shown}, which does not exist`,
      )
    : new PathRefused('PATH_UNREADABLE', `path: expected to read ${shown}, got ${code}`);
}

import { globMatcher } from './match-glob.js';
import { knownEndings } from './settle-format.js';

const knownFiles = Object.keys(knownEndings).flatMap((ending) => [
  `*.${ending}`,
  `*.${ending}.gz`,
  `*.${ending}.zst`,
]);
const unfinished = /^\.|~$|\.(?:tmp|part|crdownload)$/i;

/** Which names below a source's folder are its files. */
export interface NameMatch {
  /** `name` is relative to the folder, `/` between parts. */
  matches(name: string): boolean;
  /** Levels of sub-folders to go down. */
  depth: number;
}

/** Hidden files and those that a program has not finished (`.tmp`, `.part`, `.crdownload`, `~`) are nobody's. */
export function isUnfinishedName(baseName: string): boolean {
  return unfinished.test(baseName);
}

/**
 * A folder means the files in it, not those in its sub-folders; a glob reaches as deep as it says. `include` (null: the known endings)
 * narrows both, regardless of case; a glob that names an ending itself needs no known one.
 */
export function matchNames(glob: string | null, include: string[] | null): NameMatch {
  const namesEnding = glob !== null && !/^\*+$/.test(glob.split('/').at(-1) ?? '');
  const patterns = include ?? (namesEnding ? ['*'] : knownFiles);
  const included = patterns.map((pattern) => globMatcher(pattern.toLowerCase()));
  const isIncluded = (name: string): boolean => {
    const baseName = name.slice(name.lastIndexOf('/') + 1).toLowerCase();
    return included.some((matches) => matches(baseName));
  };
  if (glob === null) return { matches: isIncluded, depth: 0 };
  const isMatch = globMatcher(glob);
  return {
    matches: (name) => isMatch(name) && isIncluded(name),
    depth: glob.includes('**') ? Infinity : glob.split('/').length - 1,
  };
}

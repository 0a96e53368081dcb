import type { FileChange } from './monitor-sight.js';

/** Where a file is: the number of its source, and its path there. */
type Place = Pick<ComparedFile, 'source' | 'name'>;

/** A file as a run or a look knows it. */
export interface ComparedFile {
  source: number;
  name: string;
  /** SHA-256 of its bytes, hex. */
  fingerprint: string;
  /** Size; null where it is not known any more. */
  bytes: number | null;
}

export interface FileDifference {
  source: number;
  name: string;
  change: FileChange;
  /** The name that a renamed or copied file's content had, or has too. */
  from: string | null;
  /** Of a modified file that became longer: what it was. Whether that is how it begins now, only its bytes tell. */
  shorter: { bytes: number; fingerprint: string } | null;
}

/**
 * Tells how the files of a stream changed, by content: a name means nothing once its bytes stand under another.
 * @param skipped files and folders whose content is not known now, and is therefore neither gone nor changed
 */
export function compareFiles(
  before: readonly ComparedFile[],
  now: readonly ComparedFile[],
  skipped: readonly Place[] = [],
): FileDifference[] {
  const then = byPlace(before);
  const present = byPlace(now);
  const isHidden = hiddenBy(skipped);
  const origins = new Origins(before, (file) => {
    return isHidden(file) || present.get(placeOf(file))?.fingerprint === file.fingerprint;
  });
  const differences: FileDifference[] = [];
  for (const file of now) {
    const earlier = then.get(placeOf(file));
    if (earlier?.fingerprint === file.fingerprint) continue;
    differences.push(earlier ? modified(file, earlier) : origins.trace(file));
  }
  for (const file of before) {
    if (present.has(placeOf(file)) || isHidden(file) || origins.isTaken(file)) continue;
    differences.push(differenceOf(file, 'deleted'));
  }
  return differences;
}

/** Finds where the content of a file with a new name comes from. */
class Origins {
  private readonly byContent = new Map<string, ComparedFile[]>();
  private readonly taken = new Set<ComparedFile>();

  constructor(
    before: readonly ComparedFile[],
    private readonly isThere: (file: ComparedFile) => boolean,
  ) {
    for (const file of before) {
      const same = this.byContent.get(file.fingerprint);
      if (same) same.push(file);
      else this.byContent.set(file.fingerprint, [file]);
    }
  }

  /** Renamed, where the content left a place that no other file has come from; else copied, where it was known at all. */
  trace(file: ComparedFile): FileDifference {
    const known = this.byContent.get(file.fingerprint) ?? [];
    const left = known.find((one) => !this.taken.has(one) && !this.isThere(one));
    if (left) this.taken.add(left);
    const from = left ?? known[0];
    if (!from) return differenceOf(file, 'new');
    return { ...differenceOf(file, left ? 'renamed' : 'copied'), from: from.name };
  }

  isTaken(file: ComparedFile): boolean {
    return this.taken.has(file);
  }
}

function modified(file: ComparedFile, { bytes, fingerprint }: ComparedFile): FileDifference {
  const isLonger = bytes !== null && bytes > 0 && file.bytes !== null && file.bytes > bytes;
  return { ...differenceOf(file, 'modified'), shorter: isLonger ? { bytes, fingerprint } : null };
}

function differenceOf({ source, name }: ComparedFile, change: FileChange): FileDifference {
  return { source, name, change, from: null, shorter: null };
}

function byPlace(files: readonly ComparedFile[]): Map<string, ComparedFile> {
  return new Map(files.map((file) => [placeOf(file), file]));
}

/** Tells which files are skipped, be it with the folder that they are in: the name of a skipped folder ends in `/`. */
export function hiddenBy(skipped: readonly Place[]): (file: Place) => boolean {
  const places = new Set(skipped.map(placeOf));
  const hasFolders = skipped.some(({ name }) => name.endsWith('/'));
  return ({ source, name }) => {
    if (places.has(placeOf({ source, name }))) return true;
    if (!hasFolders) return false;
    for (let end = name.indexOf('/') + 1; end > 0; end = name.indexOf('/', end) + 1) {
      if (places.has(placeOf({ source, name: name.slice(0, end) }))) return true;
    }
    return false;
  };
}

/** Unique in a stream. */
export function placeOf({ source, name }: Place): string {
  return `${source}/${name}`;
}

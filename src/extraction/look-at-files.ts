import { awaitStill, type Clock } from './await-still.js';
import { FileChanged, FileNotRegular, FileUnreadable, systemCode } from './file-errors.js';
import type { Look } from './file-look.entity.js';
import { fingerprintFile, type FileContent } from './fingerprint-file.js';
import type { ListedFile, Listing } from './list-files.js';
import { isSameStamp } from './open-file.js';
import { runConcurrently } from './run-concurrently.js';
import type { SeenFile, SkippedFile } from './seen-file.js';

/** Where looks are kept between runs. */
export interface LookStore {
  find(paths: string[]): Promise<Map<string, Look>>;
  remember(looks: Look[]): Promise<void>;
}

export interface LookOptions {
  /** Index of the source in its stream. */
  source: number;
  store: LookStore;
  clock: Clock;
  signal?: AbortSignal;
}

const readBatch = 1_000;
const readers = 4;

/**
 * Knows every listed file by its content. A file that the store has seen in the same state is not read; the others are
 * read once, after they stood still. Growing, vanished and forbidden files are skipped with a reason.
 */
export async function lookAtFiles(
  listing: Listing,
  options: LookOptions,
): Promise<{ files: SeenFile[]; skipped: SkippedFile[] }> {
  const { store, clock, signal } = options;
  const looks = await store.find(listing.files.map((file) => file.path));
  const contents = new Map<ListedFile, FileContent>();
  const skipped = [...listing.skipped];
  const unread: ListedFile[] = [];
  for (const file of listing.files) {
    const look = looks.get(file.path);
    if (look !== undefined && isSameStamp(look, file.stamp)) contents.set(file, contentOf(look));
    else unread.push(file);
  }
  const { still, growing } = await awaitStill(unread, clock, signal);
  for (const file of growing) skipped.push(stillGrowing(file));
  for (let from = 0; from < still.length; from += readBatch) {
    const batch = still.slice(from, from + readBatch);
    await readFiles(batch, contents, skipped, signal);
    await store.remember(batch.flatMap((file) => lookOf(file, contents.get(file))));
  }
  return { files: listing.files.flatMap((file) => seen(file, contents.get(file), options.source)), skipped };
}

async function readFiles(
  files: ListedFile[],
  contents: Map<ListedFile, FileContent>,
  skipped: SkippedFile[],
  signal?: AbortSignal,
): Promise<void> {
  await runConcurrently(files, readers, async (file) => {
    try {
      contents.set(file, await fingerprintFile(file, signal));
    } catch (error) {
      skipped.push(skippedFor(file, error, signal));
    }
  });
}

/** What concerns one file only is a reason to skip it; anything else goes on. */
function skippedFor(file: ListedFile, error: unknown, signal?: AbortSignal): SkippedFile {
  signal?.throwIfAborted();
  if (error instanceof FileChanged) return stillGrowing(file);
  if (error instanceof FileNotRegular) return { name: file.name, reason: error.message };
  const code = systemCode(error);
  if (['ENOENT', 'ELOOP', 'EACCES', 'EPERM'].includes(code)) {
    return { name: file.name, reason: `expected to read the file, got ${code}` };
  }
  throw new FileUnreadable(file.name, error);
}

function stillGrowing({ name }: ListedFile): SkippedFile {
  return { name, reason: 'expected a file that stands still, got one that is still growing' };
}

function contentOf({ fingerprint, isUtf8, hasNul, lineEnds }: Look): FileContent {
  return { fingerprint, text: { isUtf8, hasNul, lineEnds } };
}

function lookOf({ path, stamp }: ListedFile, content: FileContent | undefined): Look[] {
  return content === undefined ? [] : [{ path, ...stamp, fingerprint: content.fingerprint, ...content.text }];
}

function seen(
  { name, path, stamp }: ListedFile,
  content: FileContent | undefined,
  source: number,
): SeenFile[] {
  return content === undefined ? [] : [{ source, name, path, bytes: Number(stamp.size), stamp, ...content }];
}

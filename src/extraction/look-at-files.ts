import { awaitStill, type Clock } from './await-still.js';
import { FileChanged, FileNotRegular, FileUnreadable, systemCode } from './file-errors.js';
import { isFresh, isLinewise } from './ends-mid-line.js';
import type { KnownLook, Look } from './file-look.entity.js';
import { fingerprintBytes, fingerprintFile, type FileContent } from './fingerprint-file.js';
import type { ListedFile, Listing } from './list-files.js';
import type { LocalSource } from './local-source.js';
import { isSameStamp, smallPath, stampOf } from './open-file.js';
import { type Held, readWhole } from '../read-whole.js';
import { runConcurrently } from '../run-concurrently.js';
import type { SeenFile, SkippedFile } from './seen-file.js';

/** Where looks are kept between runs. */
export interface LookStore {
  find(paths: string[]): Promise<Map<string, KnownLook>>;
  remember(looks: Look[]): Promise<void>;
}

export interface LookOptions {
  /** Index of the source in its stream. */
  source: number;
  store: LookStore;
  clock: Clock;
  signal?: AbortSignal;
  /** Where given, a file that may be being written is left for a later look. */
  patience?: Patience;
}

/** For looks that come again: only what an earlier look found in the same state, and long enough ago, is taken. */
export interface Patience {
  stillForMs: number;
  /** How the source's files are read. */
  format: LocalSource['format'];
}

const readBatch = 1_000;
const readers = 4;

/** What is found out in the course of a look. */
interface Findings {
  contents: Map<ListedFile, FileContent>;
  skipped: SkippedFile[];
}

/**
 * Knows every listed file by its content. A file that the store has seen in the same state is not read; the others are
 * read once, after they stood still. Growing, vanished and forbidden files are skipped with a reason.
 */
export async function lookAtFiles(
  listing: Listing,
  options: LookOptions,
): Promise<{ files: SeenFile[]; skipped: SkippedFile[] }> {
  const { store, clock, signal, patience } = options;
  const looks = await store.find(listing.files.map((file) => file.path));
  const findings: Findings = { contents: new Map(), skipped: [...listing.skipped] };
  const { contents, skipped } = findings;
  const unread: ListedFile[] = [];
  const young: ListedFile[] = [];
  for (const file of listing.files) {
    const look = looks.get(file.path);
    if (look === undefined || !isSameStamp(look, file.stamp)) unread.push(file);
    else if (patience && look.knownMs < patience.stillForMs) young.push(file);
    else contents.set(file, contentOf(look));
  }
  const { still, growing } = await awaitStill(unread, clock, signal);
  for (const file of growing) skipped.push(stillGrowing(file));
  await readFiles(still, findings, options);
  if (patience) {
    for (const file of still) if (contents.delete(file)) young.push(file);
    for (const file of young) skipped.push(tooYoung(file));
    leaveHalfLines(findings, clock.now(), patience);
  }
  return { files: listing.files.flatMap((file) => seen(file, contents.get(file), options.source)), skipped };
}

function leaveHalfLines({ contents, skipped }: Findings, now: number, { format }: Patience): void {
  for (const [file, { endsMidLine }] of contents) {
    if (!endsMidLine || !isLinewise(file.name, format) || !isFresh(file.stamp, now)) continue;
    contents.delete(file);
    skipped.push(halfLine(file));
  }
}

/** Remembers them a batch at a time, so that a look that is interrupted has not read in vain. */
async function readFiles(
  files: ListedFile[],
  findings: Findings,
  { store, signal }: LookOptions,
): Promise<void> {
  let looks: Look[] = [];
  for await (const batch of readWhole(files, smallPath, signal)) {
    await runConcurrently(batch, readers, async (held) => readFile(held, findings, signal));
    looks.push(...batch.flatMap(({ file }) => lookOf(file, findings.contents.get(file))));
    if (looks.length < readBatch) continue;
    await store.remember(looks);
    looks = [];
  }
  if (looks.length > 0) await store.remember(looks);
}

async function readFile(
  { file, whole }: Held<ListedFile>,
  { contents, skipped }: Findings,
  signal?: AbortSignal,
): Promise<void> {
  try {
    const isListed = whole !== null && isSameStamp(stampOf(whole.state), file.stamp);
    contents.set(file, isListed ? fingerprintBytes(whole.bytes) : await fingerprintFile(file, signal));
  } catch (error) {
    skipped.push(skippedFor(file, error, signal));
  }
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
  const reason = 'expected a file that stands still, got one that is still growing';
  return { name, reason, isUnsettled: true };
}

function tooYoung({ name }: ListedFile): SkippedFile {
  const reason = 'expected a file that stands still over two looks, got one that changed since the last one';
  return { name, reason, isUnsettled: true };
}

function halfLine({ name }: ListedFile): SkippedFile {
  const reason = 'expected a line end at its end, got none, and it was written less than 2 minutes ago';
  return { name, reason, isUnsettled: true };
}

function contentOf({ fingerprint, isUtf8, hasNul, lineEnds, endsMidLine }: Look): FileContent {
  return { fingerprint, text: { isUtf8, hasNul, lineEnds }, endsMidLine };
}

function lookOf({ path, stamp }: ListedFile, content: FileContent | undefined): Look[] {
  if (content === undefined) return [];
  const { fingerprint, text, endsMidLine } = content;
  return [{ path, ...stamp, fingerprint, ...text, endsMidLine }];
}

function seen(
  { name, path, stamp }: ListedFile,
  content: FileContent | undefined,
  source: number,
): SeenFile[] {
  if (content === undefined) return [];
  const { fingerprint, text } = content;
  return [{ source, name, path, bytes: Number(stamp.size), stamp, fingerprint, text }];
}

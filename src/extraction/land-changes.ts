import { createHash } from 'node:crypto';
import { constants } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { compareLines, type LineStep } from './compare-lines.js';
import type { LandedFile } from './landed-file.js';
import { OpenFiles } from './landing.js';
import { openFile } from './open-file.js';
import { type ByteSource, readPart } from './read-chunks.js';

/** From this share of a file on, its new lines are not worth being told from the others. */
const WORTH = 0.5;
const HEADER_BYTES = 1 << 20;
const LF = 10;

/** A copy of what a file was. */
export interface EarlierText {
  path: string;
  /** SHA-256 of its bytes, hex: whatever is at the path, only this content is compared with. */
  fingerprint: string;
}

export interface LandedChanges {
  /** The file, at whose `path` are the lines that are new, behind the header. */
  landed: LandedFile;
  /** How the records of the file come about from those it had. One line is one record, or the counts do not agree. */
  steps: LineStep[];
}

/** Whether one line of a landed file is one record, as far as line ends tell, and the file is its own landed form. */
export function hasLines({ detected, dialect, format, shared, path, rawPath }: LandedFile): boolean {
  const { compression, encoding } = detected;
  if (format !== 'csv' || compression !== null || path !== rawPath || shared !== undefined) return false;
  // A byte order mark stays where it is when it stands before the header.
  const isPlain = encoding === 'utf-8' || (encoding === 'utf-8-bom' && dialect?.header === true);
  return isPlain && dialect !== null && dialect.isRegular;
}

/**
 * Lands the lines of a file that it did not have before.
 *
 * @param landed as `hasLines` wants it, and the text before had the same dialect
 * @param base absolute path without an ending, for what is written
 * @returns null where that is not what was there before, or where both have little in common
 */
export async function landChanges(
  landed: LandedFile,
  earlier: EarlierText,
  base: string,
  signal?: AbortSignal,
): Promise<LandedChanges | null> {
  const files = new OpenFiles(base);
  try {
    const before = await openEarlier(earlier.path, files);
    if (before === null) return null;
    const now = files.keep(await openFile(landed.path));
    const hasHeader = landed.dialect?.header ?? false;
    const changes = new ChangesFile(await files.create('.changes'));
    if (hasHeader) changes.add(await readHeader(now));
    const content = createHash('sha256');
    const steps = await compareLines(before, now, {
      sink: changes,
      onBefore: (bytes) => content.update(bytes),
      mostBytes: landed.bytes * WORTH,
      signal,
    });
    if (steps === null || content.digest('hex') !== earlier.fingerprint) return null;
    if (hasHeader && !takeHeader(steps)) return null;
    const knownRecords = steps.reduce((sum, [kept]) => sum + kept, 0);
    const { path } = changes.file;
    return { landed: { ...landed, path, rawPath: path, knownRecords }, steps };
  } finally {
    await files.close();
  }
}

/** null: it cannot be opened. What cannot be read of it is missing, as its fingerprint then tells. */
async function openEarlier(path: string, files: OpenFiles): Promise<ByteSource | null> {
  const flags = constants.O_RDONLY | constants.O_NONBLOCK | constants.O_NOFOLLOW;
  const handle = await open(path, flags).catch(() => null);
  if (handle === null) return null;
  files.keep(handle);
  return { read: (...args) => handle.read(...args).catch(() => ({ bytesRead: 0 })) };
}

class ChangesFile {
  private waiting: Buffer[] = [];

  constructor(readonly file: { path: string; handle: FileHandle }) {}

  add(lines: Buffer): void {
    this.waiting.push(Buffer.from(lines));
  }

  async flush(): Promise<void> {
    if (this.waiting.length === 0) return;
    await this.file.handle.writeFile(Buffer.concat(this.waiting));
    this.waiting = [];
  }
}

/** The first line; empty where it is longer than a header may be. */
async function readHeader(file: FileHandle): Promise<Buffer> {
  const head = await readPart(file, 0, HEADER_BYTES);
  return head.subarray(0, head.indexOf(LF) + 1);
}

/** Takes the header from the records; false: it is another one. */
function takeHeader([first]: LineStep[]): boolean {
  if (!first || first[0] === 0) return false;
  first[0] -= 1;
  return true;
}

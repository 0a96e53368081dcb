import { open, type FileHandle } from 'node:fs/promises';
import { join } from 'node:path';
import type { LandedFile } from '../../landed-file.js';
import type { MadePage } from '../decode/make-page.js';

/** Bytes that wait for the disk in one piece of memory, which is used again and again. */
const ROOM = 2 ** 20;

/** How far the files of `SharedPages` are filled, and the number of the last page in them. */
export interface SharedEnds {
  page: number;
  landed: number;
  raw: number;
}

/** Names of the files, in the folder of their source. */
export const SHARED = { landed: 'pages.ndjson', raw: 'pages.raw.ndjson' };

/**
 * The landed file, and the one with the records' texts, that all pages of a source share: a file for each page would cost more
 * than its records where pages are small, and the engine as much again to read it. Pages stand one after the other, each whole.
 */
export class SharedPages {
  private readonly files: { landed: SharedFile; raw: SharedFile };

  /** @param ends what comes after them is what an earlier attempt did not write down: it is cut off */
  constructor(
    folder: string,
    private readonly ends: SharedEnds,
  ) {
    this.files = {
      landed: new SharedFile(join(folder, SHARED.landed), ends.landed),
      raw: new SharedFile(join(folder, SHARED.raw), ends.raw),
    };
  }

  /** Bytes that `write` has still to write. */
  get waiting(): number {
    return this.files.landed.waiting + this.files.raw.waiting;
  }

  /** The number of the next page; none comes twice. */
  takeNumber(): number {
    return ++this.ends.page;
  }

  /** Adds a page that was made with a number from here. It is on disk when the next `write` has come to its end. */
  add({ parts }: MadePage, page: number): Pick<LandedFile, 'path' | 'rawPath' | 'rawStart' | 'shared'> {
    const { landed, raw } = this.files;
    const [start, rawStart] = [landed.end, raw.end];
    for (const part of parts) {
      landed.add(part.landed);
      raw.add(part.raw);
    }
    return { path: landed.path, rawPath: raw.path, rawStart, shared: { page, start, end: landed.end } };
  }

  /** Where the pages that were added so far end, by the names of the files. */
  sizes(): Record<string, number> {
    return { [SHARED.landed]: this.files.landed.end, [SHARED.raw]: this.files.raw.end };
  }

  /** Writes what was added before. One at a time. */
  async write(): Promise<void> {
    // Both come to their end before anybody closes them.
    const written = await Promise.allSettled([this.files.landed.write(), this.files.raw.write()]);
    const failed = written.find((each) => each.status === 'rejected');
    if (failed !== undefined) throw failed.reason;
  }

  async close(): Promise<void> {
    await Promise.all([this.files.landed.close(), this.files.raw.close()]);
  }
}

class SharedFile {
  private handle: FileHandle | null = null;
  private filling = new WaitingText();
  private spare = new WaitingText();

  /** @param end where it ends once all that was added is written */
  constructor(
    readonly path: string,
    public end: number,
  ) {}

  get waiting(): number {
    return this.filling.size;
  }

  add(text: string): void {
    this.end += this.filling.add(text);
  }

  async write(): Promise<void> {
    const text = this.filling;
    const start = this.end - text.size;
    [this.filling, this.spare] = [this.spare, text];
    if (text.size === 0) return;
    this.handle ??= await openAt(this.path, start);
    await text.writeTo(this.handle);
  }

  async close(): Promise<void> {
    await this.handle?.close();
  }
}

async function openAt(path: string, start: number): Promise<FileHandle> {
  const handle = await open(path, 'a', 0o600);
  await handle.truncate(start);
  return handle;
}

/** Encoded at once: the pieces that a text was put together from are garbage then, and not memory that has to be moved about. */
class WaitingText {
  size = 0;
  private bytes: Buffer | null = null;
  private used = 0;
  /** What has no room. */
  private readonly more: string[] = [];

  /** @returns its length in bytes */
  add(text: string): number {
    const length = Buffer.byteLength(text);
    this.size += length;
    if (this.more.length > 0 || this.used + length > ROOM) {
      this.more.push(text);
    } else {
      this.bytes ??= Buffer.allocUnsafeSlow(ROOM);
      this.used += this.bytes.write(text, this.used);
    }
    return length;
  }

  async writeTo(handle: FileHandle): Promise<void> {
    if (this.bytes !== null && this.used > 0) await handle.writeFile(this.bytes.subarray(0, this.used));
    for (const text of this.more.splice(0)) await handle.writeFile(text);
    this.size = 0;
    this.used = 0;
  }
}

import { appendFileSync, statSync } from 'node:fs';
import { open, readdir, rm, type FileHandle } from 'node:fs/promises';
import { join, relative } from 'node:path';
import type { LandedFile } from '../../landed-file.js';
import type { SkippedFile } from '../../seen-file.js';
import type { RecordsShape } from '../decode/page-decoder.js';
import type { PagePosition } from '../paging/paginator.js';
import { readWholeLines } from './read-whole-lines.js';

/** A page that is done with: its file, if it has records, is on disk. */
export interface SavedPage {
  partition: number;
  /** From 1. */
  page: number;
  /** Where the page after it is; null: it was the last one; undefined: that must not be written down, see `Secrets`. */
  next?: PagePosition | null;
  /** How many records all pages have together, as the last page that told it did. */
  known?: number | null;
  file: LandedFile | null;
  /** Tells its content from that of others. */
  digest: string;
  records: number;
  bytes: number;
  /** The highest value of the cursor in it; null: there is none. */
  highest: string | null;
  /** Records without a readable value of the cursor. */
  unreadable: number;
  /** See `SeriesShape`. */
  shape?: RecordsShape;
  names?: string[];
  /** Why the partition ended here without a page. */
  skipped: SkippedFile | null;
}

interface Header {
  version: 1;
  /** Of everything that decides what is asked for. */
  digest: string;
  /** Milliseconds since the epoch. */
  startedAt: number;
}

/** As it stands in the file. */
type Line = SavedPage & {
  /** Of the page's files, in bytes. */
  sizes: number[];
};

const NAME = 'checkpoints.ndjson';

/**
 * The pages of a source that are done with, one a line in a file that only grows: what a later attempt need not ask for
 * again. A line is written when the files of its page are.
 */
export class PageCheckpoints {
  private constructor(
    private readonly folder: string,
    private readonly handle: FileHandle,
    private readonly header: Header,
    private readonly saved: Map<number, Line[]>,
  ) {}

  /**
   * Opens those of a folder. Where there are none, or those of something else, the folder is emptied first.
   * @param digest of everything that decides what is asked for
   */
  static async open(folder: string, digest: string, now: number): Promise<PageCheckpoints> {
    const path = join(folder, NAME);
    const { header, saved, end } = await read(path);
    if (header?.version === 1 && header.digest === digest) {
      const handle = await open(path, 'a', 0o600);
      // What the last attempt did not write to its end must not become the beginning of a line.
      await handle.truncate(end);
      return new PageCheckpoints(folder, handle, header, saved);
    }
    for (const name of await readdir(folder)) await rm(join(folder, name), { recursive: true });
    const fresh: Header = { version: 1, digest, startedAt: now };
    const handle = await open(path, 'a', 0o600);
    await handle.appendFile(`${JSON.stringify(fresh)}\n`);
    return new PageCheckpoints(folder, handle, fresh, new Map());
  }

  /** Whether an earlier attempt has left pages. */
  get isResumed(): boolean {
    return this.saved.size > 0;
  }

  /** When the first attempt began, in milliseconds since the epoch. */
  get startedAt(): number {
    return this.header.startedAt;
  }

  /** The saved pages of a partition in their order, as far as their files are there. Each can be asked for once. */
  take(partition: number): SavedPage[] {
    const lines = this.saved.get(partition) ?? [];
    this.saved.delete(partition);
    const pages: SavedPage[] = [];
    for (const { sizes, ...page } of lines) {
      const file = page.file && this.resolve(page.file);
      // After a power cut a line may be there whose file is not.
      if (file !== null && String(sizesOf(file)) !== String(sizes)) break;
      pages.push({ ...page, file });
    }
    return pages;
  }

  /**
   * A page in the place of a kept one stands for it and for all after it. At once: a line takes less time than it would to
   * wait for another thread.
   */
  keep(page: SavedPage): void {
    const sizes = page.file === null ? [] : sizesOf(page.file);
    const line = { ...page, file: page.file && this.shorten(page.file), sizes };
    appendFileSync(this.handle.fd, `${JSON.stringify(line)}\n`);
  }

  async close(): Promise<void> {
    await this.handle.close();
  }

  /** Paths as they are inside the folder, which may move between attempts. */
  private shorten(file: LandedFile): LandedFile {
    return mapPaths(file, (path) => relative(this.folder, path));
  }

  private resolve(file: LandedFile): LandedFile {
    return mapPaths(file, (path) => join(this.folder, path));
  }
}

function mapPaths(file: LandedFile, change: (path: string) => string): LandedFile {
  const rejects = file.rejects && { ...file.rejects, path: change(file.rejects.path) };
  return { ...file, path: change(file.path), rawPath: change(file.rawPath), rejects };
}

function sizesOf({ path, rawPath, rejects }: LandedFile): number[] {
  const paths = new Set([path, rawPath, ...(rejects ? [rejects.path] : [])]);
  return [...paths].map((name) => statSync(name, { throwIfNoEntry: false })?.size ?? -1);
}

/** Everything up to the first line that is not whole. */
async function read(
  path: string,
): Promise<{ header: Header | null; saved: Map<number, Line[]>; end: number }> {
  let header: Header | null = null;
  let end = 0;
  const saved = new Map<number, Line[]>();
  for await (const { value, end: after } of readWholeLines(path)) {
    end = after;
    if (header === null) {
      header = value as Header;
      continue;
    }
    const line = value as Line;
    const lines = saved.get(line.partition) ?? [];
    lines.length = Math.min(lines.length, line.page - 1);
    lines.push(line);
    saved.set(line.partition, lines);
  }
  return { header, saved, end };
}

import { statSync } from 'node:fs';
import { open, readdir, rm, type FileHandle } from 'node:fs/promises';
import { join, relative } from 'node:path';
import type { LandedFile } from '../../landed-file.js';
import type { SkippedFile } from '../../seen-file.js';
import type { RecordsShape } from '../decode/page-decoder.js';
import type { PagePosition } from '../paging/paginator.js';
import { readWholeLines } from './read-whole-lines.js';
import { SHARED, SharedPages, type SharedEnds } from './shared-pages.js';

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
  version: 2;
  /** Of everything that decides what is asked for. */
  digest: string;
  /** Milliseconds since the epoch. */
  startedAt: number;
}

/** As it stands in the file. */
type Line = SavedPage & {
  /** How many bytes each of the page's files has at least, by path. */
  sizes: Record<string, number>;
};

interface Found {
  header: Header | null;
  saved: Map<number, Line[]>;
  /** Of what can be read, in bytes. */
  end: number;
  shared: SharedEnds;
}

const NAME = 'checkpoints.ndjson';

/**
 * The pages of a source that are done with, one a line in a file that only grows: what a later attempt need not ask for
 * again. A line is to be written when the files of its page are.
 */
export class PageCheckpoints {
  /** The files that pages share, as far as they were written down. */
  readonly shared: SharedPages;
  private readonly saved: Map<number, Line[]>;

  private constructor(
    private readonly folder: string,
    private readonly handle: FileHandle,
    private readonly header: Header,
    { saved, shared }: Pick<Found, 'saved' | 'shared'>,
  ) {
    this.saved = saved;
    this.shared = new SharedPages(folder, shared);
  }

  /**
   * Opens those of a folder. Where there are none, or those of something else, the folder is emptied first.
   * @param digest of everything that decides what is asked for
   */
  static async open(folder: string, digest: string, now: number): Promise<PageCheckpoints> {
    const path = join(folder, NAME);
    const found = await read(folder, path);
    if (found.header?.version === 2 && found.header.digest === digest) {
      const handle = await open(path, 'a', 0o600);
      // What the last attempt did not write to its end must not become the beginning of a line.
      await handle.truncate(found.end);
      return new PageCheckpoints(folder, handle, found.header, found);
    }
    for (const name of await readdir(folder)) await rm(join(folder, name), { recursive: true });
    const fresh: Header = { version: 2, digest, startedAt: now };
    const handle = await open(path, 'a', 0o600);
    await handle.appendFile(`${JSON.stringify(fresh)}\n`);
    return new PageCheckpoints(folder, handle, fresh, { saved: new Map(), shared: nothingShared() });
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
    return lines.map(({ sizes: _sizes, ...page }) => ({
      ...page,
      file: page.file && this.resolve(page.file),
    }));
  }

  /**
   * The line of a page that was just added to the shared files or has files of its own on disk. A page in the place of a
   * kept one stands for it and for all after it.
   */
  lineOf(page: SavedPage): string {
    const file = page.file && mapPaths(page.file, (path) => relative(this.folder, path));
    const line: Line = { ...page, file, sizes: page.file === null ? {} : this.sizesOf(page.file) };
    return `${JSON.stringify(line)}\n`;
  }

  /** Writes down lines whose pages are on disk. */
  async append(lines: string): Promise<void> {
    await this.handle.appendFile(lines);
  }

  async close(): Promise<void> {
    await Promise.all([this.handle.close(), this.shared.close()]);
  }

  private sizesOf({ path, rawPath, shared, rejects }: LandedFile): Line['sizes'] {
    const own = [...(shared ? [] : [path, rawPath]), ...(rejects ? [rejects.path] : [])];
    const sizes = own.map((name) => [relative(this.folder, name), sizeOf(name)] as const);
    return { ...(shared && this.shared.sizes()), ...Object.fromEntries(sizes) };
  }

  /** Paths are written as they are inside the folder, which may move between attempts. */
  private resolve(file: LandedFile): LandedFile {
    return mapPaths(file, (path) => join(this.folder, path));
  }
}

function mapPaths(file: LandedFile, change: (path: string) => string): LandedFile {
  const rejects = file.rejects && { ...file.rejects, path: change(file.rejects.path) };
  return { ...file, path: change(file.path), rawPath: change(file.rawPath), rejects };
}

function sizeOf(path: string): number {
  return statSync(path, { throwIfNoEntry: false })?.size ?? -1;
}

function nothingShared(): SharedEnds {
  return { page: 0, landed: 0, raw: 0 };
}

/** Everything up to the first line that is not whole; of a partition, up to the first page whose files are not. */
async function read(folder: string, path: string): Promise<Found> {
  const found: Found = { header: null, saved: new Map(), end: 0, shared: nothingShared() };
  const known = new Map<string, number>();
  const sizeNow = (name: string): number => {
    const size = known.get(name) ?? sizeOf(join(folder, name));
    // Only these stand in more lines than one.
    if (name === SHARED.landed || name === SHARED.raw) known.set(name, size);
    return size;
  };
  for await (const { value, end } of readWholeLines(path)) {
    found.end = end;
    if (found.header === null) found.header = value as Header;
    else note(found, value as Line, sizeNow);
  }
  return found;
}

function note({ saved, shared }: Found, line: Line, sizeNow: (name: string) => number): void {
  const lines = saved.get(line.partition) ?? [];
  lines.length = Math.min(lines.length, line.page - 1);
  shared.page = Math.max(shared.page, line.file?.shared?.page ?? 0);
  // After a power cut a line may be there whose page is not.
  const isThere = Object.entries(line.sizes).every(([name, size]) => sizeNow(name) >= size);
  if (!isThere || lines.length < line.page - 1) return;
  lines.push(line);
  saved.set(line.partition, lines);
  shared.landed = Math.max(shared.landed, line.sizes[SHARED.landed] ?? 0);
  shared.raw = Math.max(shared.raw, line.sizes[SHARED.raw] ?? 0);
}

import type { LandedFile } from '../../landed-file.js';
import type { SkippedFile } from '../../seen-file.js';
import { CursorTrack } from './api-cursor.js';
import type { FetchLog } from './fetch-log.js';
import type { CursorValue, Fetched, FetchProgress, FetchRequest } from '../fetch-request.js';
import type { SavedPage } from './page-checkpoints.js';

const MOST_LISTED = 1000;

/** What was fetched so far, of all partitions together. */
export class FetchTally {
  totalRecords: number | null = null;
  private pages = 0;
  private records = 0;
  private bytes = 0;
  private unreadable = 0;
  private readonly files = new Map<number, LandedFile[]>();
  private readonly tracks = new Map<string, CursorTrack>();
  private readonly withRecords = new Set<string>();
  private readonly skipped: SkippedFile[] = [];
  private skippedCount = 0;

  constructor(
    private readonly request: Pick<FetchRequest, 'source' | 'cursors' | 'onPage'>,
    private readonly log: FetchLog,
  ) {}

  get progress(): FetchProgress {
    const { pages, records, bytes, totalRecords } = this;
    return { pages, records, bytes, totalRecords };
  }

  /** Records whose value of the cursor could not be read. */
  get withoutCursor(): number {
    return this.unreadable;
  }

  /** The cursor of a partition's key, shared by its windows; null: the source has none. */
  trackOf(key: string): CursorTrack | null {
    const { source, cursors } = this.request;
    if (source.cursor === null) return null;
    const track = this.tracks.get(key) ?? new CursorTrack(source.cursor, cursors.get(key) ?? null);
    this.tracks.set(key, track);
    return track;
  }

  /** Counts a page that is on disk. */
  add(key: string, page: SavedPage): void {
    this.pages++;
    this.records += page.records;
    this.bytes += page.bytes;
    this.unreadable += page.unreadable;
    if (page.highest !== null) {
      this.trackOf(key)?.raise(page.highest);
      this.withRecords.add(key);
    }
    if (page.skipped !== null) this.skip(page.skipped);
    this.log.progress(this.progress);
    if (page.file === null) return;
    const files = this.files.get(page.partition);
    if (files === undefined) this.files.set(page.partition, [page.file]);
    else files.push(page.file);
    this.request.onPage?.(page.file, this.progress);
  }

  /** Something that nothing was fetched of. */
  skip(skipped: SkippedFile): void {
    this.skippedCount++;
    if (this.skipped.length < MOST_LISTED) this.skipped.push(skipped);
  }

  result(): Fetched {
    const files = [...this.files.keys()]
      .sort((a, b) => a - b)
      .flatMap((number) => this.files.get(number) ?? []);
    const cursors = [...this.withRecords].flatMap((partition): CursorValue[] => {
      const value = this.tracks.get(partition)?.value ?? null;
      return value === null ? [] : [{ partition, value }];
    });
    const skipped = this.skipped.sort((a, b) => (a.name < b.name ? -1 : a.name > b.name ? 1 : 0));
    const more = this.skippedCount - skipped.length;
    if (more > 0)
      skipped.push({ name: 'others', reason: `${more} more were skipped, of ${this.skippedCount}` });
    return { files, cursors, skipped };
  }
}

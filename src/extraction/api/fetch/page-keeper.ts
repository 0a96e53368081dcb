import type { MadePage } from '../decode/make-page.js';
import type { PageCheckpoints, SavedPage } from './page-checkpoints.js';

/** Pages, and bytes of them, that are written together at most. */
const MOST_PAGES = 16;
const MOST_BYTES = 2 ** 20;
/** A page waits no longer for others to be written with. One that comes later than this after the last is written at once. */
const MOST_MS = 50;

/** A page without the places that it gets here. */
export type UnplacedPage = Omit<SavedPage, 'file'>;

/** A page's lines and the file of its rejects. */
export interface LandedPage {
  made: MadePage;
  /** From `takeNumber`. */
  number: number;
  rejects: NonNullable<SavedPage['file']>['rejects'];
}

/**
 * Brings pages to the disk, several in one write where they come quickly, and writes them down as done with after that. What
 * dies with the process before it was written down is asked for again.
 */
export class PageKeeper {
  /** What went wrong; nothing is kept after that. */
  failure: { error: unknown } | null = null;
  private waiting: { key: string; page: SavedPage }[] = [];
  private lines = '';
  private writing: Promise<void> | null = null;
  private timer: NodeJS.Timeout | undefined;
  private lastAt = -Infinity;

  /**
   * @param told.onKept told of each page that is on disk, in the order of `keep`
   * @param told.onFailure told of the first failure
   */
  constructor(
    private readonly checkpoints: PageCheckpoints,
    private readonly told: { onKept: (key: string, page: SavedPage) => void; onFailure: () => void },
  ) {}

  /** See `SharedPages`. */
  takeNumber(): number {
    return this.checkpoints.shared.takeNumber();
  }

  /** Keeps a page in the shared files; waits while too many are on their way. Throws what went wrong with an earlier one. */
  async keep(key: string, page: UnplacedPage, landed: LandedPage | null): Promise<void> {
    if (landed === null) return this.keepPlaced(key, { ...page, file: null });
    const { made, number, rejects } = landed;
    const file = { ...made.about, ...this.checkpoints.shared.add(made, number), rejects };
    return this.keepPlaced(key, { ...page, file });
  }

  /** Keeps a page whose files are on disk. */
  async keepPlaced(key: string, page: SavedPage): Promise<void> {
    if (this.failure !== null) throw this.failure.error;
    this.waiting.push({ key, page });
    this.lines += this.checkpoints.lineOf(page);
    if (this.waiting.length < MOST_PAGES && this.checkpoints.shared.waiting < MOST_BYTES)
      return this.schedule();
    await this.writing;
    this.start();
  }

  /** Waits until all is on disk. Throws what went wrong. */
  async flush(): Promise<void> {
    while (this.failure === null && (this.waiting.length > 0 || this.writing !== null)) {
      this.start();
      await this.writing;
    }
    if (this.failure !== null) throw this.failure.error;
  }

  private schedule(): void {
    if (this.timer !== undefined || this.writing !== null) return;
    const ms = this.lastAt + MOST_MS - performance.now();
    if (ms <= 0) this.start();
    else this.timer = setTimeout(() => this.start(), ms);
  }

  private start(): void {
    clearTimeout(this.timer);
    this.timer = undefined;
    if (this.writing !== null || this.waiting.length === 0 || this.failure !== null) return;
    this.lastAt = performance.now();
    this.writing = this.write().catch((error: unknown) => this.fail(error));
  }

  private async write(): Promise<void> {
    const [pages, lines] = [this.waiting, this.lines];
    this.waiting = [];
    this.lines = '';
    await this.checkpoints.shared.write();
    await this.checkpoints.append(lines);
    this.writing = null;
    for (const { key, page } of pages) this.told.onKept(key, page);
    if (this.waiting.length > 0) this.schedule();
  }

  private fail(error: unknown): void {
    this.writing = null;
    this.failure = { error };
    this.told.onFailure();
  }
}

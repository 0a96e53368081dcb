import { createHash } from 'node:crypto';
import { PagingFailed } from '../api-errors.js';

/** A page that was read, as far as the guard must know. */
export interface GuardedPage {
  /** See `digestRecords`. */
  digest: string;
  records: number;
  /** Of the body without its compression. */
  bytes: number;
}

/** SHA-256, hex. */
export function digestBytes(bytes: Buffer): string {
  return createHash('sha256').update(bytes).digest('hex');
}

/** How much a source may give in a run, all its series of pages together. */
export class PageBudget {
  private pages = 0;
  private bytes = 0;

  constructor(private readonly limits: { maxPages: number; maxBytes: number }) {}

  /**
   * Throws PagingFailed `TOO_MANY_PAGES` before a page would be one too many.
   * @param empty pages without records that came last
   */
  checkPages(empty: number): void {
    const { maxPages } = this.limits;
    if (this.pages < maxPages) return;
    const hint =
      empty < 2
        ? ''
        : `; the last ${empty} had no records: where that is the end, pagination.empty_page_ends: true says so`;
    throw new PagingFailed(
      'TOO_MANY_PAGES',
      `max_pages: expected the pages to end after ${maxPages}, got more to come${hint}`,
    );
  }

  /** Counts a page. Throws PagingFailed `TOO_MANY_BYTES` where all together are too large. */
  spend(bytes: number): void {
    const { maxBytes } = this.limits;
    this.pages++;
    this.bytes += bytes;
    if (this.bytes <= maxBytes) return;
    throw new PagingFailed(
      'TOO_MANY_BYTES',
      `max_bytes: expected at most ${maxBytes} bytes in all pages, got ${this.bytes} in ${this.pages} pages`,
    );
  }
}

/**
 * Watches that one series of pages leads on and to an end. Of each page it keeps 8 bytes of two digests and its number, some
 * 100 bytes of memory for a page, so `max_pages` bounds it.
 */
export class PageGuard {
  private page = 0;
  /** Pages without records that came last. */
  private empty = 0;
  private readonly marks = new Map<bigint, number>();
  private readonly contents = new Map<bigint, number>();

  constructor(private readonly budget: PageBudget) {}

  /**
   * To be called in the order of the series before a page is asked for.
   * @param mark of its position
   * Throws PagingFailed `CURSOR_STUCK` where the series has been there, `TOO_MANY_PAGES`.
   */
  goTo(mark: string | null): void {
    this.budget.checkPages(this.empty);
    if (mark === null) return;
    const number = this.page + 1;
    const before = note(this.marks, digestBytes(Buffer.from(mark)), number);
    if (before === null) return;
    throw new PagingFailed(
      'CURSOR_STUCK',
      `page ${number}: expected page ${this.page} to lead on, got what had led to page ${before}`,
    );
  }

  /**
   * To be called in the order of the series for each page that was read. Throws PagingFailed `PAGE_REPEATED` where another
   * page had the same records, empty ones aside, and `TOO_MANY_BYTES`.
   */
  take({ digest, records, bytes }: GuardedPage): void {
    this.page++;
    this.budget.spend(bytes);
    this.empty = records === 0 ? this.empty + 1 : 0;
    if (records === 0) return;
    const before = note(this.contents, digest, this.page);
    if (before === null) return;
    throw new PagingFailed(
      'PAGE_REPEATED',
      `page ${this.page}: expected other records than before, got the same as page ${before}; ` +
        'does the API know the parameters of this pagination?',
    );
  }

  /** Counts what an earlier attempt has read: for each page its mark and its content. */
  restore(pages: Iterable<GuardedPage & { mark: string | null }>): void {
    for (const page of pages) {
      this.goTo(page.mark);
      this.take(page);
    }
  }
}

/** The number under which a digest was noted before; null: it is new, and noted now. */
function note(numbers: Map<bigint, number>, digest: string, number: number): number | null {
  const key = Buffer.from(digest.slice(0, 16), 'hex').readBigUInt64BE();
  const before = numbers.get(key);
  if (before === undefined) numbers.set(key, number);
  return before ?? null;
}

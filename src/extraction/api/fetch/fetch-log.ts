import type { FetchProgress, FetchRequest } from '../fetch-request.js';
import type { PageRemark } from '../paging/paginator.js';

const PROGRESS_MS = 5000;
/** Each of ten thousand parents may have the same to say. */
const MOST_REMARKS = 20;

/** What the run's log is told about the fetching from one source. */
export class FetchLog {
  private last: number;
  private remarks = 0;
  private parents = 0;

  /** @param now milliseconds that only grow */
  constructor(
    private readonly log: FetchRequest['log'],
    private readonly now: () => number = () => performance.now(),
  ) {
    this.last = now();
  }

  /** Every five seconds at most. */
  progress(progress: FetchProgress): void {
    if (this.now() - this.last < PROGRESS_MS) return;
    this.last = this.now();
    this.log?.('info', 'fetching pages', progress);
  }

  remark({ level, text }: PageRemark, partition: number): void {
    if (++this.remarks <= MOST_REMARKS) this.log?.(level, text, { partition });
  }

  /** Such a parent is skipped. */
  parentWithout(line: number, column: string): void {
    if (++this.parents <= MOST_REMARKS)
      this.log?.('warn', 'a parent without a value is skipped', { parent: line, column });
  }

  begunAnew(fields: { partition: number; page: number; status: number }): void {
    this.log?.('warn', 'the API does not go on at this page, the pages before it are fetched anew', fields);
  }

  begin(pagination: string, fields: { isSingle: boolean; isResumed: boolean }): void {
    this.log?.('info', 'begins to fetch pages', { pagination, ...fields });
  }

  /** The last word, and what was too much to be told one by one. */
  end(fields: object, recordsWithoutCursor: number): void {
    if (this.remarks > MOST_REMARKS)
      this.log?.('warn', 'more remarks were left out', { count: this.remarks - MOST_REMARKS });
    if (this.parents > 0) this.log?.('warn', 'parents without a value were skipped', { count: this.parents });
    if (recordsWithoutCursor > 0) {
      const message =
        'records without a value that the cursor can use (none, of another kind, a time ahead) were landed all the same';
      this.log?.('warn', message, { count: recordsWithoutCursor });
    }
    this.log?.('info', 'fetched pages', fields);
  }
}

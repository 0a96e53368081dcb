import { ApiRefused } from '../api-errors.js';
import { askPage, isAnswer, type AskedPage, type PageStatus } from './ask-page.js';
import { decodePage } from '../decode/decode-page.js';
import type { ApiAnswer } from '../api-request.js';
import type { FetchContext } from './fetch-context.js';
import { keepEnd, keepPage, type PagePlace, type ReadPage } from './keep-page.js';
import { OrderedWork } from './ordered-work.js';
import type { SavedPage } from './page-checkpoints.js';
import { digestRecords } from '../paging/digest-records.js';
import { PageGuard } from '../paging/page-guard.js';
import { PagesAhead } from './pages-ahead.js';
import type { PagePosition, SeenPage } from '../paging/paginator.js';
import type { Partition } from './partitions.js';
import { SeriesShape } from './series-shape.js';
import { TotalWatch } from './total-watch.js';

/** Read pages that may wait for the disk. */
const MOST_WAITING = 1;
const NOTHING = 'null or an empty object stands where the records should be: taken for no records';
/** How an API answers that knows a position no longer. */
const STATUSES_OF_GONE = [400, 404, 410, 416];

/** The API refused to go on from where an earlier attempt stopped. */
export class PositionGone extends Error {
  constructor(readonly status: number) {
    super('expected to go on from the last page, got a refusal');
  }
}

/** One attempt at a series of pages. */
export class PageSeries {
  /** Number of the last page that was read. */
  private page: number;
  /** In all pages read so far. */
  private records: number;
  private readonly pages: PagesAhead<AskedPage>;
  private readonly landing: OrderedWork;
  private readonly guard: PageGuard;
  private readonly shape = new SeriesShape();
  private readonly totals = new TotalWatch();
  /** Records of all pages together, as the last page that told it did. */
  private known: number | null;

  /** @param saved pages of an earlier attempt; they count once the API goes on from them */
  constructor(
    private readonly partition: Partition,
    private readonly context: FetchContext,
    private readonly saved: SavedPage[],
  ) {
    const { paginator } = context;
    this.guard = new PageGuard(context.budget);
    this.page = saved.length;
    this.records = saved.reduce((sum, { records }) => sum + records, 0);
    this.known = saved.at(-1)?.known ?? null;
    this.pages = new PagesAhead(
      async (position, signal) => askPage(context, partition.base, { position, signal }),
      paginator.ahead ? (position) => paginator.ahead?.(position) ?? position : null,
    );
    this.landing = new OrderedWork(MOST_WAITING, () => void this.pages.close());
  }

  /** Fetches the pages from a position on. What was read before an error is kept. Throws PositionGone. */
  async follow(first: PagePosition): Promise<void> {
    try {
      if (this.saved.length === 0) this.guard.goTo(this.context.paginator.mark(first));
      this.pages.start(first, 1);
      for (let position: PagePosition | null = first; position !== null;)
        position = await this.step(position);
    } finally {
      await this.pages.close();
      // A page that could not be landed has stopped the others: then it is what went wrong.
      await this.landing.finish();
    }
  }

  private async step(position: PagePosition): Promise<PagePosition | null> {
    const { context } = this;
    const asked = await this.takePage(position);
    const place: PagePlace = { partition: this.partition, page: ++this.page, next: null, known: null };
    if (!isAnswer(asked)) {
      // One that the config ignores is an end as well, and may come before a total that pages before it told.
      if (asked.meaning === 'end' || this.known !== null) this.checkEnd(asked, position);
      await this.landing.add(async () => keepEnd(asked, place, context));
      return null;
    }
    const read = await this.read(asked);
    place.next = this.findNext(read, asked, position);
    place.known = this.known;
    // The next page travels while this one is landed.
    if (place.next !== null)
      this.pages.start(place.next, context.isSingle ? context.request.source.parallel : 1);
    await this.landing.add(async () => keepPage(read, place, context));
    return place.next;
  }

  /** The next page in turn. The first one after an earlier attempt decides whether that one's pages count. */
  private async takePage(position: PagePosition): Promise<AskedPage> {
    if (this.saved.length === 0) return this.pages.take();
    try {
      const page = await this.pages.take();
      if (!isAnswer(page) && page.meaning === 'ignored') throw new PositionGone(page.status);
      this.restore(position);
      return page;
    } catch (error) {
      const isGone = error instanceof ApiRefused && STATUSES_OF_GONE.includes(error.status ?? 0);
      throw isGone ? new PositionGone(error.status ?? 0) : error;
    }
  }

  private restore(position: PagePosition): void {
    const { paginator, tally } = this.context;
    let at = paginator.first();
    let before = 0;
    for (const saved of this.saved.splice(0)) {
      this.totals.take(saved.known, before);
      before += saved.records;
      this.guard.restore([{ ...saved, mark: paginator.mark(at) }]);
      this.shape.restore([saved]);
      tally.add(this.partition.key, saved);
      at = saved.next ?? position;
    }
    this.guard.goTo(paginator.mark(position));
  }

  /** Pages that were fetched ahead are decoded when it is their turn, so that few are in memory as values. */
  private async read(answer: ApiAnswer): Promise<ReadPage> {
    const { request, session } = this.context;
    const { secrets } = session;
    const url = secrets.showUrl(answer.url);
    const show = { url: () => url, text: (text: string) => secrets.hide(text) };
    const decoded = await decodePage(answer, request.source, show);
    const { records: path } = request.source;
    const digest = await digestRecords(decoded, { path, body: answer.bytes });
    const page = { decoded, url, digest };
    this.look(page, answer.status);
    return page;
  }

  /** Throws ApiRefused for what is no page of this series. */
  private look({ decoded: { shape, names }, url }: ReadPage, status: number): void {
    if ((this.page === 1 && shape === 'none' && status !== 204 && status !== 205) || shape === 'null')
      this.context.log.remark({ level: 'warn', text: NOTHING }, this.partition.number);
    this.shape.take({ shape, names, status, url });
  }

  private findNext(
    { decoded, digest }: ReadPage,
    { status, headers, url }: ApiAnswer,
    position: PagePosition,
  ): PagePosition | null {
    const { paginator, log, tally, isSingle } = this.context;
    const records = decoded.records.length + decoded.broken.length;
    this.records += records;
    this.guard.take({ digest, records, bytes: decoded.bytes });
    const of = { body: decoded.body, records, given: decoded.records, total: this.records };
    const seen: SeenPage = { status, headers, url, ...of, known: this.known };
    const next = paginator.next(seen, position);
    for (const remark of paginator.remarks?.(seen, position) ?? []) log.remark(remark, this.partition.number);
    if (next !== null) this.guard.goTo(paginator.mark(next));
    const total = paginator.totalOf?.(seen) ?? null;
    this.known = total || this.known;
    if (isSingle) tally.totalRecords = total ?? tally.totalRecords;
    const text = paginator.ahead ? this.totals.take(total, this.records - records) : null;
    if (text !== null) log.remark({ level: 'warn', text }, this.partition.number);
    return next;
  }

  /** A status that stands for the end may say all the same that there is more. Throws PagingFailed. */
  private checkEnd({ status, headers, url }: PageStatus, position: PagePosition): void {
    const of = { body: undefined, records: 0, given: [], total: this.records, known: this.known };
    this.context.paginator.next({ status, headers, url, ...of }, position);
  }
}

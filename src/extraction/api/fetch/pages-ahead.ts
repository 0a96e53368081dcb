import { isDeepStrictEqual } from 'node:util';
import type { PagePosition } from '../paging/paginator.js';

/** Asks for the page at a position. */
export type AskPage<T> = (position: PagePosition, signal: AbortSignal) => Promise<T>;

interface Asked<T> {
  position: PagePosition;
  page: Promise<T>;
  stop: AbortController;
}

/**
 * The pages of one series that are under way, in their order. Where positions are known before the pages are there, some
 * are asked for ahead; those that turn out not to belong to the series are stopped.
 */
export class PagesAhead<T> {
  private readonly asked: Asked<T>[] = [];
  private count = 1;
  /** Everything that has not come to an end, what was stopped included. */
  private readonly open = new Set<Promise<unknown>>();

  constructor(
    private readonly ask: AskPage<T>,
    private readonly ahead: ((position: PagePosition) => PagePosition) | null,
  ) {}

  /** Asks for the page at a position, unless it is under way, and for those after it until `count` pages are. */
  start(position: PagePosition, count: number): void {
    const [first] = this.asked;
    if (first !== undefined && !isDeepStrictEqual(first.position, position)) this.stop();
    if (this.asked.length === 0) this.add(position);
    this.count = count;
    this.fill();
  }

  /** The page that was started first. Where others are under way already, one more takes its place before anybody looks at it. */
  async take(): Promise<T> {
    const [first] = this.asked;
    if (first === undefined) throw new Error('expected a page under way, got none');
    const page = await first.page;
    this.asked.shift();
    this.fill();
    return page;
  }

  /** Ends all that is under way, and waits for it. */
  async close(): Promise<void> {
    this.stop();
    await Promise.all(this.open);
  }

  private fill(): void {
    const { ahead } = this;
    if (ahead === null) return;
    for (let last = this.asked.at(-1); last !== undefined && this.asked.length < this.count;)
      last = this.add(ahead(last.position));
  }

  private add(position: PagePosition): Asked<T> {
    const stop = new AbortController();
    const page = this.ask(position, stop.signal);
    // One that is stopped or never taken must not end the process.
    const end: Promise<unknown> = page.catch(() => undefined).finally(() => this.open.delete(end));
    this.open.add(end);
    const asked = { position, page, stop };
    this.asked.push(asked);
    return asked;
  }

  private stop(): void {
    for (const { stop } of this.asked.splice(0)) stop.abort();
  }
}

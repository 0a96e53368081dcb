import { setTimeout as delay } from 'node:timers/promises';

const patienceMs = 2_000;

/** Something that costs to look at and that many ask for: those who ask at the same time share one look. */
export class SharedLook<T> {
  private looking: Promise<T | null> | null = null;
  private last: { seen: T; at: number } | null = null;

  /** @param look null when it is not to be known now */
  constructor(
    private readonly look: () => Promise<T | null>,
    private readonly keptMs: number,
  ) {}

  /** What was seen not longer ago than the time it is kept; null when it is not to be known in two seconds. */
  async fresh(): Promise<T | null> {
    return this.isFresh() ? this.last!.seen : this.wait();
  }

  /** What was seen last, without waiting; where it is too old, a look begins that is for those who ask next. */
  async known(): Promise<T | null> {
    if (!this.last) return this.wait();
    if (!this.isFresh()) void this.lookOnce();
    return this.last.seen;
  }

  private isFresh(): boolean {
    return this.last !== null && performance.now() - this.last.at < this.keptMs;
  }

  private wait(): Promise<T | null> {
    return Promise.race([this.lookOnce(), delay(patienceMs, null, { ref: false })]);
  }

  private lookOnce(): Promise<T | null> {
    this.looking ??= this.remember().finally(() => (this.looking = null));
    return this.looking;
  }

  private async remember(): Promise<T | null> {
    const seen = await this.look();
    if (seen !== null) this.last = { seen, at: performance.now() };
    return seen;
  }
}

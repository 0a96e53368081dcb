import type { ApiTimeouts } from '../../../config-history/api-source-config.js';
import { ApiUnavailable } from '../api-errors.js';

export type Wait = 'connect' | 'headers' | 'idle';

const AWAITED = {
  connect: 'a connection',
  headers: 'the headers of an answer',
  idle: 'more of the body',
  total: 'the whole answer',
};

/** Beyond it a timer fires at once. */
const LONGEST_TIMER = 2 ** 31 - 1;

/** Ends a request when it has waited too long, or when whoever asked for it says so: its `signal` is aborted then. */
export class Deadlines {
  readonly #controller = new AbortController();
  readonly #total: NodeJS.Timeout;
  #current: NodeJS.Timeout | undefined;
  #last: NodeJS.Immediate | undefined;

  /** @param where what the errors name: origin and path */
  constructor(
    private readonly timeouts: ApiTimeouts,
    private readonly where: string,
    private readonly outer?: AbortSignal,
  ) {
    this.#total = this.#start('total');
    outer?.addEventListener('abort', this.#onOuter, { once: true });
  }

  /** Its reason is the error to throw. */
  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  /** Begins this wait in place of the one before. */
  await(wait: Wait): void {
    this.pause();
    if (!this.signal.aborted) this.#current = this.#start(wait);
  }

  /** Nothing is waited for but the end of the whole. */
  pause(): void {
    clearTimeout(this.#current);
    clearImmediate(this.#last);
  }

  /** Whatever comes now is of no account any more. */
  end(): void {
    this.pause();
    clearTimeout(this.#total);
    this.outer?.removeEventListener('abort', this.#onOuter);
  }

  /** Ends what is under way. */
  abort(reason: Error): void {
    this.end();
    this.#controller.abort(reason);
  }

  #start(wait: Wait | 'total'): NodeJS.Timeout {
    const seconds = this.timeouts[`${wait}Seconds`];
    const error = () =>
      new ApiUnavailable(
        'API_TIMEOUT',
        `${this.where}: expected ${AWAITED[wait]} within ${seconds} s (${wait} deadline), got none`,
      );
    const end = () => this.abort(error());
    const over = wait === 'total' ? end : () => this.#readFirst(end);
    return setTimeout(over, Math.min(seconds * 1000, LONGEST_TIMER));
  }

  /** What came while this process was held up lies unread, and ends the wait after all. */
  #readFirst(end: () => void): void {
    this.#last = setImmediate(end);
  }

  readonly #onOuter = () => this.abort(this.outer?.reason as Error);
}

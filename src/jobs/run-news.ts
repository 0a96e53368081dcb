import { Injectable } from '@nestjs/common';

/** Wakes those who follow a run when this process has written something of it; of other processes they hear by looking. */
@Injectable()
export class RunNews {
  private readonly watches = new Map<string, Set<RunWatch>>();

  /** What was written is durable now. */
  tell(runId: string): void {
    for (const watch of this.watches.get(runId) ?? []) watch.wake();
  }

  /** Notices from now on what is told of a run; to be ended. */
  watch(runId: string): RunWatch {
    const others = this.watches.get(runId) ?? new Set();
    const watch = new RunWatch(() => {
      others.delete(watch);
      if (others.size === 0) this.watches.delete(runId);
    });
    this.watches.set(runId, others.add(watch));
    return watch;
  }
}

/** Of one who follows. */
export class RunWatch {
  private hasNews = false;
  private onNews = () => {};

  constructor(readonly end: () => void) {}

  wake(): void {
    this.hasNews = true;
    this.onNews();
  }

  /** Until there is news, which may have come since the last wait; until the time is over, or the signal aborts. */
  async wait(milliseconds: number, signal: AbortSignal): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.onNews = resolve;
    const timer = setTimeout(resolve, milliseconds);
    const leave = () => resolve();
    signal.addEventListener('abort', leave);
    if (this.hasNews || signal.aborted) resolve();
    await promise;
    clearTimeout(timer);
    signal.removeEventListener('abort', leave);
    this.hasNews = false;
  }
}

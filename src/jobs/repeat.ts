import type { SchedulerRegistry } from '@nestjs/schedule';

export interface RepeatOptions {
  everyMs: number;
  /** Called again only after it has ended. */
  work: (signal: AbortSignal) => Promise<void>;
  /** Told of each failure; the next call comes all the same. */
  onError: (error: unknown) => void;
}

export interface Repetition {
  /** Calls no more, aborts the call under way, and resolves when it has ended. */
  stop(): Promise<void>;
}

/** Calls `work` every so often, as an interval of the registry. */
export function repeat(registry: SchedulerRegistry, name: string, options: RepeatOptions): Repetition {
  const { everyMs, work, onError } = options;
  const abort = new AbortController();
  let current: Promise<void> | null = null;
  const timer = setInterval(() => {
    current ??= work(abort.signal)
      .catch((error: unknown) => abort.signal.aborted || onError(error))
      .then(() => void (current = null));
  }, everyMs);
  registry.addInterval(name, timer);
  return {
    async stop() {
      registry.deleteInterval(name);
      abort.abort();
      await current;
    },
  };
}

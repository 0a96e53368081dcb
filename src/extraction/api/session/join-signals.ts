/** A signal that is aborted as soon as one of several is, for as long as it is of use. */
export interface JoinedSignal {
  signal: AbortSignal;
  /** Lets go of the others. */
  release(): void;
}

/**
 * `AbortSignal.any` for one piece of work: what that gives is held by the signals that live on, with all that listens to it,
 * until a full garbage collection. Call `release` when the work is done.
 */
export function joinSignals(signals: readonly AbortSignal[]): JoinedSignal {
  const controller = new AbortController();
  const listeners = signals.map((signal) => {
    const onAbort = () => controller.abort(signal.reason);
    if (signal.aborted) onAbort();
    signal.addEventListener('abort', onAbort, { once: true });
    return () => signal.removeEventListener('abort', onAbort);
  });
  return { signal: controller.signal, release: () => listeners.forEach((remove) => remove()) };
}

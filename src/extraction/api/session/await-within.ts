/**
 * What a promise gives, unless the signal is aborted or the time is over before: then the signal's reason or `late()` is
 * thrown. What the promise stands for goes on.
 */
export async function awaitWithin<T>(
  promise: Promise<T>,
  { signal, ms, late }: { signal?: AbortSignal; ms?: number; late?: () => Error },
): Promise<T> {
  signal?.throwIfAborted();
  const { promise: ended, reject } = Promise.withResolvers<never>();
  const stop = () => reject(signal?.reason as Error);
  signal?.addEventListener('abort', stop, { once: true });
  const timer = ms === undefined ? undefined : setTimeout(() => reject(late?.() ?? new Error('late')), ms);
  try {
    return await Promise.race([promise, ended]);
  } finally {
    signal?.removeEventListener('abort', stop);
    clearTimeout(timer);
  }
}

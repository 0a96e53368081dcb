/** Runs `work` on every item, at most `limit` at a time; the results keep the order. Stops taking items at the first error. */
export async function runConcurrently<T, R>(
  items: readonly T[],
  limit: number,
  work: (item: T) => Promise<R>,
): Promise<R[]> {
  const results: R[] = [];
  let next = 0;
  let isStopped = false;
  const lane = async (): Promise<void> => {
    while (next < items.length && !isStopped) {
      const index = next++;
      try {
        results[index] = await work(items[index] as T);
      } catch (error) {
        isStopped = true;
        throw error;
      }
    }
  };
  // Settled, not all: a lane that still holds a file open must have closed it before the error goes on.
  const lanes = await Promise.allSettled(Array.from({ length: Math.min(limit, items.length) }, lane));
  for (const { status, reason } of lanes as PromiseRejectedResult[]) if (status === 'rejected') throw reason;
  return results;
}

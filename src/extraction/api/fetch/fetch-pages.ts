import type { FetchContext } from './fetch-context.js';
import { PageSeries, PositionGone } from './page-series.js';
import type { Partition } from './partitions.js';

/**
 * Fetches one series of pages to its end, or goes on where an earlier attempt stopped. When it throws, what was landed until
 * then is kept. A position that the API refuses to go on from is given up once: then the series begins anew.
 */
export async function fetchPages(partition: Partition, context: FetchContext): Promise<void> {
  const saved = context.checkpoints.take(partition.number);
  const last = saved.at(-1);
  if (last?.next === null) {
    for (const page of saved) context.tally.add(partition.key, page);
    return;
  }
  // A position that could not be written down without a secret cannot be gone on from.
  if (last?.next === undefined)
    return new PageSeries(partition, context, []).follow(context.paginator.first());
  try {
    await new PageSeries(partition, context, saved).follow(last.next);
  } catch (error) {
    if (!(error instanceof PositionGone)) throw error;
    context.log.begunAnew({ partition: partition.number, page: saved.length + 1, status: error.status });
    await new PageSeries(partition, context, []).follow(context.paginator.first());
  }
}

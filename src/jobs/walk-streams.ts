import { orderStreams } from './order-streams.js';
import { applySkipped, type RunPart } from './part-failures.js';
import type { StreamWalk } from './run-walk.js';
import { tryPart } from './try-part.js';
import { walkGraph } from './walk-graph.js';

/**
 * Walks the streams of a run, each after those that it needs, others side by side. One that fails skips those that need
 * it, the others go on; what each failed with stands in its report.
 * @throws what ends the whole run at once, such as a cancel
 */
export async function walkStreams(
  walks: readonly StreamWalk[],
  limit: number,
  walk: (at: StreamWalk) => Promise<void>,
): Promise<void> {
  const [first] = walks;
  if (!first) return;
  const tables = walks.map(({ stream }) => stream.table);
  const streams = walks.map(({ stream: { table, needs = [] } }) => ({ table, needs }));
  await walkGraph({
    order: orderStreams(streams),
    needs: streams.map(({ needs }) => needs.map((table) => tables.indexOf(table)).filter((at) => at >= 0)),
    // A worker that dies shows which file it is at: one at a time then.
    limit: first.journal.run.deaths > 0 ? 1 : limit,
    walk: async (node) => {
      const at = walks[node]!;
      return !isLost(at) && tryStream(at, () => walk(at));
    },
    skip: (node, parent) => skip(walks[node]!, walks[parent]!),
  });
}

/** Does a part of a stream's work, see `tryPart`. */
export function tryStream(at: StreamWalk, work: () => Promise<unknown>): Promise<boolean> {
  const { stream, report, journal, signals, streams } = at;
  const record = () => journal.record(streams);
  const keepFailure = (failure: unknown) => (at.failure = failure);
  const part = {
    what: 'stream' as const,
    name: stream.table,
    report,
    log: journal.log,
    signals,
    keepFailure,
    record,
  };
  return tryPart(part, work);
}

/** The stream as one part of its run. */
export function partOf({ stream, report, failure }: StreamWalk): RunPart {
  return { name: stream.table, report, failure };
}

/** It failed in this attempt, or for good in an earlier one. */
function isLost({ failure, report }: StreamWalk): boolean {
  return failure !== undefined || report.state === 'failed';
}

async function skip(at: StreamWalk, parent: StreamWalk): Promise<void> {
  applySkipped(partOf(at), partOf(parent));
  const { report, journal } = at;
  journal.log.warn({ stream: report.table, reason: report.error?.message }, 'stream skipped');
  await journal.record(at.streams);
}

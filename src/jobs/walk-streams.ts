import { describeFailure, foresee } from './describe-failure.js';
import { orderStreams } from './order-streams.js';
import { RunTakenOver } from './run-journal.js';
import type { StreamWalk } from './run-walk.js';
import { applySkipped, isGivenUp, runFailure, toStreamError } from './stream-failures.js';
import { walkGraph } from './walk-graph.js';

/**
 * Walks the streams of a run, each after those that it needs, others side by side. One that fails skips those that need
 * it, the others go on.
 * @throws what ends the whole run at once, such as a cancel; at the end an error that names the streams that failed
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
      return !isLost(at) && tryStream(at, walk);
    },
    skip: (node, parent) => skip(walks[node]!, walks[parent]!),
  });
  const failure = runFailure(walks);
  if (failure) throw failure;
}

/**
 * Does a part of a stream's work. A failure is the stream's own and goes into its report.
 * @returns whether it succeeded
 * @throws what ends the whole run at once
 */
export async function tryStream(
  at: StreamWalk,
  work: (at: StreamWalk) => Promise<unknown>,
): Promise<boolean> {
  at.report.error = null;
  try {
    await work(at);
    return true;
  } catch (thrown) {
    at.failure = thrown;
    const error = foresee(thrown);
    if (endsRun(at, error)) throw error;
    const { journal, stream, report } = at;
    const fields = { stream: stream.table, state: report.state };
    const known = describeFailure(error, 'stream', { log: journal.log, fields });
    at.failure = known;
    report.error = toStreamError(known);
    if (isGivenUp(known)) report.state = 'failed';
    await journal.record(at.streams);
    return false;
  }
}

/** It failed in this attempt, or for good in an earlier one. */
function isLost({ failure, report }: StreamWalk): boolean {
  return failure !== undefined || report.state === 'failed';
}

/** What is no fault of the stream: the run is taken away from this worker, or its own database does not answer. */
function endsRun({ signals }: StreamWalk, error: unknown): boolean {
  if (signals.work.aborted || error instanceof RunTakenOver) return true;
  return error instanceof Error && 'code' in error && error.code === 'SERVICE_DATABASE';
}

async function skip(at: StreamWalk, parent: StreamWalk): Promise<void> {
  applySkipped(at.report, parent.report);
  const { report, journal } = at;
  journal.log.warn({ stream: report.table, reason: report.error?.message }, 'stream skipped');
  await journal.record(at.streams);
}

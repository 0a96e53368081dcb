import { Injectable } from '@nestjs/common';
import type { LoadToTry, TriedLoad } from '../../loader/try-loads.js';
import { LoaderService } from '../../loader/loader.service.js';
import { closeStages } from '../close-stages.js';
import { LoadSteps } from '../load-steps.js';
import { orderStreams } from '../order-streams.js';
import { applySkipped, toStreamError } from '../part-failures.js';
import { partOf } from '../walk-streams.js';
import type { PlannedStream } from './describe-stream.js';

/** Finds out what the loads of a plan would do. */
@Injectable()
export class PlanLoads {
  constructor(
    private readonly loader: LoaderService,
    private readonly steps: LoadSteps,
  ) {}

  /** Tries the loads of all streams that have a stage, and notes in each stream what came of it. */
  async try(planned: PlannedStream[]): Promise<void> {
    const [first] = planned;
    const loads: LoadToTry[] = [];
    for (const one of inOrder(planned)) {
      const { at, stage } = one;
      if (stage && !at.report.error)
        loads.push({ request: await this.steps.loadRequest(at, stage), needs: at.stream.needs ?? [] });
    }
    if (!first || loads.length === 0) return;
    const trying = this.loader.tryLoads(first.at.target(), loads, first.at.signals.work);
    const stages = loads.flatMap(({ request }) => [request, ...(request.children ?? [])]);
    const tried = await trying.finally(() => closeStages(stages));
    const byTable = new Map(tried.map((one): [string, TriedLoad] => [one.table, one]));
    for (const one of inOrder(planned)) applyTried(one, byTable.get(one.at.stream.table) ?? null);
  }
}

function inOrder(planned: PlannedStream[]): PlannedStream[] {
  const streams = planned.map(({ at: { stream } }) => ({ table: stream.table, needs: stream.needs ?? [] }));
  return orderStreams(streams).map((index) => planned[index]!);
}

/** A run skips what needs a stream that failed, before it finds out what there is to load and whether it can be. */
function applyTried(one: PlannedStream, tried: TriedLoad | null): void {
  const { report, walks, stream } = one.at;
  const lost = walks.find((other) => stream.needs?.includes(other.stream.table) && other.report.error);
  if (lost) {
    report.state = 'waiting';
    applySkipped(partOf(one.at), partOf(lost));
    return;
  }
  one.tried = tried;
  if (tried?.error) Object.assign(report, { state: 'failed', error: toStreamError(tried.error) });
}

import { Injectable } from '@nestjs/common';
import { TransientError } from '../../errors.js';
import { Settings } from '../../settings/settings.js';
import type { StreamWalk } from '../run-walk.js';
import { runFailure } from '../part-failures.js';
import { StageStream } from '../stage-stream.js';
import { partOf, tryStream, walkStreams } from '../walk-streams.js';
import { describeStream, type PlannedStream } from './describe-stream.js';
import { findStale, type PlanBasis } from './plan-basis.js';
import { planFolder } from './plan-folder.js';
import { PlanLoads } from './plan-loads.js';
import type { PlanReport } from './plan-report.js';
import type { PlanRequest } from './plan-request.js';
import { PlanWalks } from './plan-walks.js';
import { PlanWorld } from './plan-world.js';
import { warningsOf } from './warnings-of.js';

/** What a plan found out, and what that holds for. */
export interface Planned {
  report: PlanReport;
  basis: PlanBasis;
}

/**
 * Does what a run does, by the same steps, up to the loads, which are done in a transaction that is rolled back. What
 * lies on disk meanwhile is the plan's own, and goes with it.
 */
@Injectable()
export class PlanPipeline {
  constructor(
    private readonly world: PlanWorld,
    private readonly walks: PlanWalks,
    private readonly stages: StageStream,
    private readonly loads: PlanLoads,
    private readonly settings: Settings,
  ) {}

  /**
   * @throws TerminalError where no run could begin; TransientError where it may work later, `PLAN_OVERTAKEN` among them:
   *   files or tables became others meanwhile
   */
  async walk(request: PlanRequest): Promise<Planned> {
    const folder = planFolder(this.settings.home, request.id);
    await folder.open();
    try {
      const basis = await this.world.read(request, request.signal);
      const limit = request.opened.config.concurrency ?? this.settings.streamsAtOnce;
      const streams = await this.planStreams(this.walks.open(request, folder), limit);
      const changed = findStale(basis, await this.world.read(request, request.signal));
      if (changed.length > 0) throw overtaken(changed.map(({ message }) => message));
      return { basis, report: reportOf(request, streams) };
    } finally {
      await folder.remove();
    }
  }

  private async planStreams(planned: PlannedStream[], limit: number): Promise<PlannedStream[]> {
    const walks = planned.map(({ at }) => at);
    for (const at of walks) await tryStream(at, () => this.stages.look(at));
    const stage = async (at: StreamWalk) => {
      planned[at.index]!.stage = await this.stages.make(at, at.look!);
    };
    await walkStreams(walks, limit, stage);
    throwPassing(walks);
    await this.loads.try(planned);
    return planned;
  }
}

/** Streams that would fail are part of the plan; what may pass by itself ends it. */
function throwPassing(walks: StreamWalk[]): void {
  const failure = runFailure(walks.map(partOf));
  if (failure instanceof TransientError) throw failure;
}

function reportOf({ opened }: PlanRequest, planned: PlannedStream[]): PlanReport {
  const streams = planned.map(describeStream);
  return {
    isComplete: true,
    wouldFail: streams.some(({ state }) => state === 'failed' || state === 'skipped'),
    streams,
    warnings: warningsOf(opened.config),
  };
}

function overtaken(changes: string[]): TransientError {
  const message = `expected nothing to change while the plan was made, got: ${changes.join('; ')}; plan again`;
  return new TransientError('PLAN_OVERTAKEN', message);
}

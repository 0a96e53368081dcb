import { Injectable } from '@nestjs/common';
import { InjectPinoLogger, PinoLogger } from 'nestjs-pino';
import { TransientError } from '../../errors.js';
import type { LoadToTry, TriedLoad } from '../../loader/try-loads.js';
import { LoaderService } from '../../loader/loader.service.js';
import type { ColumnLoss } from '../../schema/column-loss.js';
import { Settings } from '../../settings/settings.js';
import { openWalks } from '../open-walks.js';
import { orderStreams } from '../order-streams.js';
import { PipelinesService } from '../pipelines.service.js';
import type { RunFolder } from '../run-folder.js';
import type { RunProgress } from '../run-report.js';
import type { StreamWalk } from '../run-walk.js';
import { applySkipped, runFailure, toStreamError } from '../part-failures.js';
import { StageStream } from '../stage-stream.js';
import { StreamSteps } from '../stream-steps.js';
import { partOf, tryStream, walkStreams } from '../walk-streams.js';
import { describeStream, type PlannedStream } from './describe-stream.js';
import { findStale, type PlanBasis } from './plan-basis.js';
import { planFolder } from './plan-folder.js';
import { PlanJournal } from './plan-journal.js';
import type { PlanReport } from './plan-report.js';
import { type PlannedConfig, PlanWorld } from './plan-world.js';
import { warningsOf } from './warnings-of.js';

export interface PlanRequest extends PlannedConfig {
  id: string;
  signal: AbortSignal;
  onProgress: (progress: RunProgress) => Promise<void>;
}

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
    private readonly pipelines: PipelinesService,
    private readonly world: PlanWorld,
    private readonly stages: StageStream,
    private readonly steps: StreamSteps,
    private readonly loader: LoaderService,
    private readonly settings: Settings,
    @InjectPinoLogger(PlanPipeline.name) private readonly logger: PinoLogger,
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
      const streams = await this.planStreams(this.begin(request, folder), limit);
      const changed = findStale(basis, await this.world.read(request, request.signal));
      if (changed.length > 0) throw overtaken(changed.map(({ message }) => message));
      return { basis, report: reportOf(request, streams) };
    } finally {
      await folder.remove();
    }
  }

  private begin({ opened, id, signal, onProgress }: PlanRequest, folder: RunFolder): PlannedStream[] {
    const { pipeline, version: configVersion } = opened;
    const log = this.logger.logger.child({ planId: id, pipeline });
    const journal = new PlanJournal({ id, pipeline, configVersion, log, onProgress });
    const never = new AbortController().signal;
    const signals = { work: signal, uncancelled: signal, load: signal, committed: signal, cancel: never };
    const target = { ...this.pipelines.target(opened), isTrial: true };
    const secrets = this.pipelines.secrets(opened);
    const walk = { journal, folder, signals, target: () => target, secrets };
    const losses = new Map<string, ColumnLoss[]>();
    const onLosses = (table: string, found: ColumnLoss[]) => void losses.set(table, found);
    const walks = openWalks(this.pipelines.streams(opened), { ...walk, onLosses });
    return walks.map((at) => ({ at, stage: null, tried: null, losses }));
  }

  private async planStreams(planned: PlannedStream[], limit: number): Promise<PlannedStream[]> {
    const walks = planned.map(({ at }) => at);
    for (const at of walks) await tryStream(at, () => this.stages.look(at));
    const stage = async (at: StreamWalk) => {
      planned[at.index]!.stage = await this.stages.make(at, at.look!);
    };
    await walkStreams(walks, limit, stage);
    throwPassing(walks);
    await this.tryLoads(planned);
    return planned;
  }

  private async tryLoads(planned: PlannedStream[]): Promise<void> {
    const [first] = planned;
    const loads: LoadToTry[] = [];
    for (const one of inOrder(planned)) {
      const { at, stage } = one;
      if (stage && !at.report.error)
        loads.push({ request: await this.steps.loadRequest(at, stage), needs: at.stream.needs ?? [] });
    }
    if (!first || loads.length === 0) return;
    const tried = await this.loader.tryLoads(first.at.target(), loads, first.at.signals.work);
    const byTable = new Map(tried.map((one): [string, TriedLoad] => [one.table, one]));
    for (const one of inOrder(planned)) applyTried(one, byTable.get(one.at.stream.table) ?? null);
  }
}

/** Streams that would fail are part of the plan; what may pass by itself ends it. */
function throwPassing(walks: StreamWalk[]): void {
  const failure = runFailure(walks.map(partOf));
  if (failure instanceof TransientError) throw failure;
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

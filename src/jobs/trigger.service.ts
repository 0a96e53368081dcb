import { Injectable } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import { TerminalError } from '../errors.js';
import { MonitorsService } from './monitors.service.js';
import { PlannedRuns } from './plan/planned-runs.js';
import { type OpenPipeline, PipelinesService } from './pipelines.service.js';
import type { Run } from './run.entity.js';
import { RunsService } from './runs.service.js';
import { sentKey, SentKeys } from './sent-keys.js';
import { hasLocalSource } from './stream-sources.js';

export interface TriggerRequest {
  pipeline?: string;
  version?: number;
  monitor?: boolean;
  /** The run shall do what this plan says, or is refused; names pipeline and version. */
  planId?: string;
}

/** Adds runs that somebody asked for. */
@Injectable()
export class TriggerService {
  constructor(
    private readonly pipelines: PipelinesService,
    private readonly runs: RunsService,
    private readonly monitors: MonitorsService,
    private readonly keys: SentKeys,
    private readonly planned: PlannedRuns,
  ) {}

  /**
   * Adds a run, or joins the one that is under way, and monitors the pipeline unless the request or the config says no,
   * or it has no files to look at.
   * @param key of an earlier request that may or may not have arrived: the same key is the same run
   * @throws what `PlannedRuns.open` throws; TerminalError `IDEMPOTENCY_CONFLICT` when the key came with a different request before, `RUN_UNDER_WAY` when
   *   a run of another config version is
   */
  async trigger(request: TriggerRequest, key?: string): Promise<Run> {
    const { pipeline = null, version = null, monitor: wantsMonitor = null, planId } = request;
    const sent = sentKey(key, [pipeline, version, wantsMonitor, ...(planId === undefined ? [] : [planId])]);
    const earlier = await this.keys.earlier(sent);
    if (earlier) return earlier;
    const opened = await this.open(request);
    const { monitor, streams } = opened.config;
    const isMonitored = monitor !== null && request.monitor !== false && hasLocalSource(streams);
    return this.runs.exclusively(opened.pipeline, async (manager) => {
      // On this connection: the others may all be waiting for their turn.
      const sentMeanwhile = await this.keys.earlier(sent, manager);
      if (sentMeanwhile) return sentMeanwhile;
      const run = await this.addOrJoin(opened, planId, manager);
      await this.keys.remember(sent, run, manager);
      if (isMonitored) await this.monitors.begin(opened.pipeline, monitor.everySeconds, manager);
      return run;
    });
  }

  private async open({ pipeline, version, planId }: TriggerRequest): Promise<OpenPipeline> {
    if (planId === undefined) return this.pipelines.open(await this.pipelines.nameOr(pipeline), version);
    if (pipeline === undefined && version === undefined) return this.planned.open(planId);
    const message = 'planId: expected neither pipeline nor version beside it, for the plan names both';
    throw new TerminalError('INVALID_REQUEST', message, [{ path: 'planId', message }]);
  }

  /** What is under way may do something else than a plan says, and is not joined for one. */
  private async addOrJoin(
    { pipeline, version }: OpenPipeline,
    planId: string | undefined,
    manager: EntityManager,
  ): Promise<Run> {
    const open = await this.runs.findOpen(pipeline, manager);
    if (!open) return this.runs.add({ pipeline, configVersion: version, trigger: 'manual' }, manager);
    if (planId !== undefined) {
      const got = `run ${open.id}, which is ${open.state}`;
      throw new TerminalError(
        'RUN_UNDER_WAY',
        `${pipeline}: expected no run beside a plan, got ${got}; plan again after it`,
      );
    }
    if (open.configVersion === version) return this.runs.askAgain(open, manager);
    throw new TerminalError(
      'RUN_UNDER_WAY',
      `${pipeline}: expected no run of another config version, got run ${open.id} of version ${open.configVersion}, ` +
        `which is ${open.state}; wait for its end or cancel it to run version ${version}`,
    );
  }
}

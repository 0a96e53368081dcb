import { Injectable } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import { TerminalError } from '../errors.js';
import { MonitorsService } from './monitors.service.js';
import { type OpenPipeline, PipelinesService } from './pipelines.service.js';
import type { Run } from './run.entity.js';
import { RunsService } from './runs.service.js';
import { sentKey, SentKeys } from './sent-keys.js';
import { hasLocalSource } from './stream-sources.js';

export interface TriggerRequest {
  pipeline?: string;
  version?: number;
  monitor?: boolean;
}

/** Adds runs that somebody asked for. */
@Injectable()
export class TriggerService {
  constructor(
    private readonly pipelines: PipelinesService,
    private readonly runs: RunsService,
    private readonly monitors: MonitorsService,
    private readonly keys: SentKeys,
  ) {}

  /**
   * Adds a run, or joins the one that is under way, and monitors the pipeline unless the request or the config says no,
   * or it has no files to look at.
   * @param key of an earlier request that may or may not have arrived: the same key is the same run
   * @throws TerminalError `IDEMPOTENCY_CONFLICT` when the key came with a different request before, `RUN_UNDER_WAY` when
   *   a run of another config version is
   */
  async trigger(request: TriggerRequest, key?: string): Promise<Run> {
    const { pipeline = null, version = null, monitor: wantsMonitor = null } = request;
    const sent = sentKey(key, [pipeline, version, wantsMonitor]);
    const earlier = await this.keys.earlier(sent);
    if (earlier) return earlier;
    const opened = await this.pipelines.open(await this.pipelines.nameOr(request.pipeline), request.version);
    const { monitor, streams } = opened.config;
    const isMonitored = monitor !== null && request.monitor !== false && hasLocalSource(streams);
    return this.runs.exclusively(opened.pipeline, async (manager) => {
      // On this connection: the others may all be waiting for their turn.
      const sentMeanwhile = await this.keys.earlier(sent, manager);
      if (sentMeanwhile) return sentMeanwhile;
      const run = await this.addOrJoin(opened, manager);
      await this.keys.remember(sent, run, manager);
      if (isMonitored) await this.monitors.begin(opened.pipeline, monitor.everySeconds, manager);
      return run;
    });
  }

  private async addOrJoin({ pipeline, version }: OpenPipeline, manager: EntityManager): Promise<Run> {
    const open = await this.runs.findOpen(pipeline, manager);
    if (!open) return this.runs.add({ pipeline, configVersion: version, trigger: 'manual' }, manager);
    if (open.configVersion === version) return this.runs.askAgain(open, manager);
    throw new TerminalError(
      'RUN_UNDER_WAY',
      `${pipeline}: expected no run of another config version, got run ${open.id} of version ${open.configVersion}, ` +
        `which is ${open.state}; wait for its end or cancel it to run version ${version}`,
    );
  }
}

import { Injectable } from '@nestjs/common';
import { InjectRepository } from '@nestjs/typeorm';
import type { Repository } from 'typeorm';
import { TerminalError } from '../errors.js';
import { LoaderService } from '../loader/loader.service.js';
import { Settings } from '../settings/settings.js';
import { findOver, findRunStates } from './find-run-states.js';
import { findOutputs, findPipelines, findRunsInUse } from './find-runs-in-use.js';
import { addToGroup, type TargetGroup } from './group-by-target.js';
import { listLiveSources, type LiveSources } from './live-sources.js';
import { type OpenPipeline, PipelinesService } from './pipelines.service.js';
import { sweepPlans } from './plan/sweep-plans.js';
import { logsFolder } from './run-log-file.js';
import { Run } from './run.entity.js';
import { RunsService } from './runs.service.js';
import { sweepKept } from './sweep-kept.js';
import { sweepLeftovers } from './sweep-leftovers.js';
import { limitsAt, type SweepLimits } from './sweep-limits.js';
import { sweepLogs } from './sweep-logs.js';
import { pipelinesWithOutputs, sweepOutputs } from './sweep-outputs.js';
import { attempt, emptyReport, type Removed, type SweepReport } from './sweep-report.js';
import { sweepTokens } from './sweep-tokens.js';
import { sweepRuns, sweepSetAside } from './sweep-runs.js';

/** A sweep under way. */
interface Sweep {
  limits: SweepLimits;
  signal: AbortSignal;
  report: SweepReport;
}

/** Removes what is older or more than the settings keep: of runs, and then of what only those runs were kept for. */
@Injectable()
export class RetentionSweep {
  constructor(
    @InjectRepository(Run) private readonly rows: Repository<Run>,
    private readonly runs: RunsService,
    private readonly pipelines: PipelinesService,
    private readonly loader: LoaderService,
    private readonly settings: Settings,
  ) {}

  async sweep(signal: AbortSignal): Promise<SweepReport> {
    const { home, keep } = this.settings;
    const { manager } = this.rows;
    const at = { limits: limitsAt(new Date(), keep), signal, report: emptyReport() };
    const pipelines = await findPipelines(manager);
    for (const pipeline of pipelines) {
      await attempt(at, `runs of ${pipeline}`, () => sweepRuns(manager, { ...at, pipeline }));
    }
    await attempt(at, 'leftovers', async () => ({ leftovers: await this.sweepLeftovers() }));
    await attempt(at, 'plans', () => sweepPlans(manager, home));
    await attempt(at, 'logs', async () => ({ logs: await this.sweepLogs(at) }));
    for (const pipeline of await pipelinesWithOutputs(home)) {
      await attempt(at, `outputs of ${pipeline}`, async () => ({
        outputs: await this.sweepOutputs(at, pipeline),
      }));
    }
    await attempt(at, 'copies of files', async () => ({ copies: await sweepKept(home, at.limits.before) }));
    await attempt(at, 'kept tokens', async () => ({ tokens: await this.sweepTokens(at) }));
    await this.sweepTargets(at, await this.openTargets(at, pipelines));
    return at.report;
  }

  private sweepLeftovers(): Promise<Removed> {
    return sweepLeftovers(this.settings.home, (ids) => findOver(this.rows.manager, ids));
  }

  private sweepLogs({ limits, signal }: Sweep): Promise<Removed> {
    const statesOf = (ids: string[]) => findRunStates(this.rows.manager, ids);
    return sweepLogs(logsFolder(this.settings.home), { ...limits, statesOf, signal });
  }

  /** While the pipeline has no run and can get none, so that no file is removed that was written just now. */
  private sweepOutputs({ limits }: Sweep, pipeline: string): Promise<Removed> {
    return this.runs.exclusively(pipeline, async (manager) => {
      const outputs = await findOutputs(manager, pipeline);
      if (!outputs) return { count: 0, bytes: 0 };
      return sweepOutputs(this.settings.home, { ...outputs, pipeline, before: limits.before });
    });
  }

  /** The databases that the newest config versions load into. */
  private async openTargets(at: Sweep, pipelines: string[]): Promise<TargetGroup[]> {
    const groups = new Map<string, TargetGroup>();
    for (const pipeline of pipelines) {
      await attempt(at, `config of ${pipeline}`, async () => {
        const opened = await this.pipelines.open(pipeline);
        const group = addToGroup(groups, pipeline, this.pipelines.target(opened));
        const live = this.liveSources(opened);
        if (live !== null) group.cursors.push({ pipeline, live: live.cursors });
        const { version } = opened;
        const { before } = at.limits;
        return { setAsideFiles: await sweepSetAside(this.rows.manager, { pipeline, version, before }) };
      });
    }
    return [...groups.values()];
  }

  /** Only where every config can be read: a token that is still in use must stay, or nobody gets in any more. */
  private async sweepTokens({ limits: { before } }: Sweep): Promise<number> {
    const owners: string[] = [];
    for (const pipeline of await this.pipelines.names()) {
      const live = this.liveSources(await this.pipelines.open(pipeline));
      if (live === null) return 0;
      owners.push(...live.tokenOwners);
    }
    return sweepTokens(this.rows.manager, { live: owners, before });
  }

  /** null: a variable is not set, so that nobody knows what its sources are. */
  private liveSources(opened: OpenPipeline): LiveSources | null {
    try {
      return listLiveSources(this.pipelines.streams(opened));
    } catch (error) {
      if (error instanceof TerminalError) return null;
      throw error;
    }
  }

  private async sweepTargets(at: Sweep, groups: TargetGroup[]): Promise<void> {
    const { limits, signal } = at;
    const { before, firstId: firstRunId, runs: keepLoads, rejects: keepRejects } = limits;
    const spare = await findRunsInUse(this.rows.manager);
    for (const { target, pipelines, cursors } of groups) {
      await attempt(at, `target of ${pipelines.join(', ')}`, () =>
        this.loader.prune(target, {
          pipelines,
          cursors,
          before,
          firstRunId,
          keepLoads,
          keepRejects,
          spare,
          signal,
        }),
      );
    }
  }
}

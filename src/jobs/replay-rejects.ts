import { Injectable } from '@nestjs/common';
import type { StreamConfig } from '../config-history/pipeline-config.js';
import type { Target } from '../loader/load.js';
import { LoaderService } from '../loader/loader.service.js';
import type { ReplayableTable } from '../loader/replay.js';
import { Settings } from '../settings/settings.js';
import { runFailure } from './part-failures.js';
import { PipelinesService } from './pipelines.service.js';
import { ProgressMeter } from './progress-meter.js';
import { refuseReplay } from './refuse-replay.js';
import { ReplaySteps } from './replay-steps.js';
import { RunFolder } from './run-folder.js';
import type { RunJournal } from './run-journal.js';
import type { Replay, StreamReport } from './run-report.js';
import type { RunSignals } from './run-signals.js';
import { logStep, type StreamWalk } from './run-walk.js';
import { emptyReport, isFinished } from './stream-report.js';
import { partOf, walkStreams } from './walk-streams.js';

/**
 * Walks a run that takes up the rejects of an earlier one, table by table: take up, stage, load. Nothing of a table is
 * changed before its load is committed, and that tells what became of each reject: a run that was interrupted begins
 * anew with the tables that are not loaded.
 */
@Injectable()
export class ReplayRejects {
  constructor(
    private readonly pipelines: PipelinesService,
    private readonly loader: LoaderService,
    private readonly steps: ReplaySteps,
    private readonly settings: Settings,
  ) {}

  /** As `RunPipeline.walk`. */
  async walk(journal: RunJournal, replay: Replay, signals: RunSignals): Promise<void> {
    let walks: StreamWalk[] | null = null;
    try {
      walks = await this.begin(journal, replay, signals);
      await walkStreams(walks, 1, (at) => this.walkTable(at, replay.runId));
      const failure = runFailure(walks.map(partOf));
      if (failure) throw failure;
    } catch (error) {
      if (!signals.cancel.aborted) throw error;
      if (!walks || !(await this.settleCancelled(walks))) throw signals.cancel.reason;
    }
  }

  private async begin(journal: RunJournal, replay: Replay, signals: RunSignals): Promise<StreamWalk[]> {
    const { run } = journal;
    const opened = await this.pipelines.open(run.pipeline, run.configVersion);
    const target = () => this.pipelines.target(opened);
    const configs = this.pipelines.streams(opened);
    const isBegun = journal.reached.length > 0;
    const streams = isBegun ? journal.reached : await this.plan(configs, target(), replay);
    if (!isBegun) await journal.record(streams);
    const folder = new RunFolder(this.settings.home, run.id);
    const progress = new ProgressMeter({ streams, tell: (now) => journal.progress(now) });
    return streams.flatMap((report, index) => {
      const stream = configs.find(({ table }) => table === report.table);
      const begun = { look: null, hasBegunLoad: false, walks: [] };
      const walk = {
        journal,
        target,
        secrets: [],
        folder,
        streams,
        signals,
        progress,
        index,
        report,
        ...begun,
      };
      return stream ? [{ ...walk, stream }] : [];
    });
  }

  /** The tables that have rejects, those of the config in its order. */
  private async plan(configs: StreamConfig[], target: Target, replay: Replay): Promise<StreamReport[]> {
    const counted = await this.loader.countReplayable(target, replay.runId);
    const wanted = counted.filter(({ table }) => replay.table === null || table === replay.table);
    return [
      ...configs.flatMap((stream) => {
        const found = wanted.find(({ table }) => table === stream.table);
        return found ? [planStream(stream, found)] : [];
      }),
      ...wanted
        .filter(({ table }) => !configs.some((one) => one.table === table))
        .map((one) => leaveAll(one, 'expected a stream of the table in the config, there is none')),
    ];
  }

  private async walkTable(at: StreamWalk, runId: string): Promise<void> {
    const { report, signals, journal } = at;
    if (isFinished(report)) return;
    const started = performance.now();
    if (report.state !== 'loading' || !(await this.steps.takeOverLoad(at))) {
      signals.work.throwIfAborted();
      await this.takeUp(at, runId);
    } else {
      report.state = 'succeeded';
    }
    report.durationMs = Math.round(performance.now() - started);
    await journal.record(at.streams);
    logStep(at, 'finish', 'stream finished', { state: report.state, durationMs: report.durationMs });
  }

  private async takeUp(at: StreamWalk, runId: string): Promise<void> {
    await at.folder.clear(at.index);
    const files = await this.steps.takeUp(at, runId);
    if (files.length > 0) {
      const stage = await this.steps.stage(at, files);
      await this.steps.load(at, stage, runId);
    }
    at.report.state = files.length > 0 ? 'succeeded' : 'empty';
  }

  /** What was committed before the cancel came stays; whether that is all there is. */
  private async settleCancelled(walks: StreamWalk[]): Promise<boolean> {
    for (const at of walks) {
      // The loader throws the signal's reason only before it commits.
      const isRolledBack = at.hasBegunLoad && at.failure === at.signals.cancel.reason;
      if (at.report.state !== 'loading' || isRolledBack || !(await this.steps.takeOverLoad(at))) continue;
      at.report.state = 'succeeded';
      await at.journal.record(at.streams);
    }
    return walks.length > 0 && walks.every(({ report }) => isFinished(report));
  }
}

function planStream(stream: StreamConfig, rejects: ReplayableTable): StreamReport {
  const refusal = refuseReplay(stream);
  return refusal === null ? emptyReport({ table: stream.table, output: null }) : leaveAll(rejects, refusal);
}

function leaveAll({ table, total }: ReplayableTable, why: string): StreamReport {
  const reason = `${total} rejects stay in the list: ${why}`;
  return {
    ...emptyReport({ table, output: null }),
    state: 'empty',
    skipped: [{ source: 0, name: table, reason }],
  };
}

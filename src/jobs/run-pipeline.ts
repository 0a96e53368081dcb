import { Injectable } from '@nestjs/common';
import type { Stage } from '../schema/stage.js';
import { Settings } from '../settings/settings.js';
import { inOrder, openWalks } from './open-walks.js';
import { type OpenPipeline, PipelinesService } from './pipelines.service.js';
import { runSignature } from './plan-files.js';
import { RunFolder } from './run-folder.js';
import type { RunJournal } from './run-journal.js';
import type { RunSignals } from './run-signals.js';
import { logStep, type StreamWalk } from './run-walk.js';
import { StageStream } from './stage-stream.js';
import { StreamLooks } from './stream-looks.js';
import { isFinished, isStaged } from './stream-report.js';
import { apiSources, hasApiSource } from './stream-sources.js';
import { StreamSteps } from './stream-steps.js';

/**
 * Walks the stages of a run in order, stream by stream: look, fetch, land, stage, load, combined CSV. The only place that
 * knows their order. A stream whose rows others are asked for comes before them. Each step's result is durable before the next begins, in the run row, on disk or in the target's
 * ledger, so a run that was interrupted goes on from its last finished step.
 */
@Injectable()
export class RunPipeline {
  constructor(
    private readonly pipelines: PipelinesService,
    private readonly looks: StreamLooks,
    private readonly stages: StageStream,
    private readonly steps: StreamSteps,
    private readonly settings: Settings,
  ) {}

  /**
   * Runs until the end, or throws; what was reached stands in the run row either way. A cancelled run throws the
   * signal's reason, unless all its loads were committed before.
   */
  async walk(journal: RunJournal, signals: RunSignals): Promise<void> {
    const opened = await this.pipelines.open(journal.run.pipeline, journal.run.configVersion);
    const walks = await this.begin(journal, opened, signals);
    try {
      signals.work.throwIfAborted();
      await this.lookAtAll(walks);
      for (const at of inOrder(walks)) await this.walkStream(at);
    } catch (error) {
      if (!signals.cancel.aborted) throw error;
      await this.settleCancelled(walks, error);
    }
  }

  /** Whether the sources hold what the run saw when it looked; nobody knows that of an API. */
  async isAsBefore({ run }: RunJournal, signal: AbortSignal): Promise<boolean> {
    const opened = await this.pipelines.open(run.pipeline, run.configVersion);
    if (hasApiSource(opened.config.streams)) return false;
    const looks = await this.looks.lookAtAll(opened, signal);
    return runSignature(looks.map((look) => look.signature)) === run.signature;
  }

  private async begin(journal: RunJournal, opened: OpenPipeline, signals: RunSignals): Promise<StreamWalk[]> {
    const folder = new RunFolder(this.settings.home, journal.run.id);
    await folder.open();
    const target = () => this.pipelines.target(opened);
    const secrets = this.pipelines.secrets(opened);
    return openWalks(this.pipelines.streams(opened), { journal, folder, signals, target, secrets });
  }

  /** Looks at every stream that is not past that yet, so that the run knows from the start what it is about. */
  private async lookAtAll(walks: StreamWalk[]): Promise<void> {
    const [first] = walks;
    if (!first) return;
    const toLookAt = walks.filter(({ report }) => !isFinished(report) && !isStaged(report));
    // Where a stream is past its look, what came since is still to be taken in by another run.
    if (toLookAt.length === walks.length) await first.journal.beginLook();
    for (const at of toLookAt) await this.stages.look(at);
    await recordLooks(first);
  }

  private async walkStream(at: StreamWalk): Promise<void> {
    const { report } = at;
    if (isFinished(report)) return;
    const started = performance.now();
    const stage = isStaged(report) ? await this.resume(at) : await this.stageAnew(at);
    if (stage) {
      await this.steps.load(at, stage);
      await this.steps.writeCombined(at, stage);
    }
    report.durationMs = Math.round(performance.now() - started);
    await at.journal.record(at.streams);
    const fetched = apiSources(at.stream).map(({ index }) => index);
    await at.folder.dropFetched(at.index, fetched);
    logStep(at, 'finish', 'stream finished', { state: report.state, durationMs: report.durationMs });
  }

  /** null: the load is committed, and its stage is gone, so that only the next run can write the combined CSV. */
  private async resume(at: StreamWalk): Promise<Stage | null> {
    const stage = await this.steps.reopen(at);
    if (stage) return stage;
    if (await this.steps.takeOverLoad(at)) {
      at.report.state = 'succeeded';
      return null;
    }
    return this.stageAnew(at);
  }

  /** null when there is nothing to load. */
  private async stageAnew(at: StreamWalk): Promise<Stage | null> {
    if (!at.look) {
      await this.stages.look(at);
      await recordLooks(at);
    }
    const stage = await this.stages.make(at, at.look!);
    if (stage) await this.steps.beginLoading(at, stage);
    return stage;
  }

  /** A load that was committed before the cancel came stays, and is finished; if that is all there is, the run is. */
  private async settleCancelled(walks: StreamWalk[], error: unknown): Promise<void> {
    for (const at of walks) {
      if (!isStaged(at.report)) continue;
      // The loader throws the signal's reason only before it commits.
      const isRolledBack = at.hasBegunLoad && error === at.signals.cancel.reason;
      if (at.report.state === 'loading' && (isRolledBack || !(await this.steps.takeOverLoad(at)))) continue;
      const stage = await this.steps.reopen(at);
      if (stage) await this.steps.writeCombined(at, stage);
      at.report.state = 'succeeded';
      await at.journal.record(at.streams);
    }
    const [first] = walks;
    if (!walks.every(({ report }) => isFinished(report))) throw first?.signals.cancel.reason;
  }
}

/** Makes durable what the looks have seen. */
async function recordLooks({ journal, streams }: StreamWalk): Promise<void> {
  const seen = streams.map(({ lookSignature, signature }) => lookSignature ?? signature);
  await journal.record(streams, { signature: runSignature(seen) });
}

import { Injectable } from '@nestjs/common';
import type { Stage } from '../schema/stage.js';
import { KeepSteps } from './keep-steps.js';
import { LoadSteps } from './load-steps.js';
import type { StreamLook } from './look-at-stream.js';
import { runSignature } from './plan-files.js';
import { endSteps, logStep, type StreamWalk } from './run-walk.js';
import { StageSteps } from './stage-steps.js';
import { StageStream } from './stage-stream.js';
import { isFinished, isStaged } from './stream-report.js';
import { apiSources } from './stream-sources.js';
import { OutputSteps } from './output-steps.js';

/**
 * Walks one stream of a run: look, fetch, land, stage, load, combined CSV. Each step's result is durable before the next
 * begins, so that a stream which was interrupted goes on from its last finished step.
 */
@Injectable()
export class StreamWalker {
  constructor(
    private readonly stages: StageStream,
    private readonly steps: StageSteps,
    private readonly loads: LoadSteps,
    private readonly outputs: OutputSteps,
    private readonly keeps: KeepSteps,
  ) {}

  /** Sees what the sources hold; not durable before `recordLooks`. */
  look(at: StreamWalk): Promise<StreamLook> {
    return this.stages.look(at);
  }

  /** From where it stands to its end. */
  async walk(at: StreamWalk): Promise<void> {
    const { report } = at;
    if (isFinished(report)) return;
    const started = performance.now();
    const stage = isStaged(report) ? await this.resume(at) : await this.stageAnew(at);
    if (stage) await this.bringIn(at, stage);
    report.durationMs = Math.round(performance.now() - started);
    // What was loaded has told of its files already.
    await (stage ? at.journal.recordStep(at.streams) : at.journal.record(at.streams));
    const fetched = apiSources(at.stream).map(({ index }) => index);
    await at.folder.dropFetched(at.index, fetched);
    logStep(at, 'finish', 'stream finished', { state: report.state, durationMs: report.durationMs });
  }

  /**
   * Finishes a stream of a cancelled run whose load was committed before the cancel came. One that has not come that far
   * is left as it is.
   */
  async settleCancelled(at: StreamWalk): Promise<void> {
    if (!isStaged(at.report)) return;
    // The loader throws the signal's reason only before it commits.
    const isRolledBack = at.hasBegunLoad && at.failure === at.signals.cancel.reason;
    if (at.report.state === 'loading' && (isRolledBack || !(await this.loads.takeOverLoad(at)))) return;
    const stage = await this.steps.reopen(at);
    if (stage) await this.outputs.write(at, stage).finally(() => stage.close());
    await endSteps(at);
    await at.journal.record(at.streams);
  }

  private async bringIn(at: StreamWalk, stage: Stage): Promise<void> {
    try {
      if (!isStaged(at.report)) await this.loads.beginLoading(at, stage);
      await this.loads.load(at, stage);
      await this.outputs.write(at, stage);
      await this.keeps.settle(at);
    } finally {
      // Nothing is written to the stream's folder any more, which may go now.
      await Promise.all([this.keeps.drop(at), this.outputs.dropCopy(at), stage.close()]);
    }
  }

  /** null: the load is committed, and its stage is gone, so that only the next run can write the combined CSV. */
  private async resume(at: StreamWalk): Promise<Stage | null> {
    const stage = await this.steps.reopen(at);
    if (stage) return stage;
    if (await this.loads.takeOverLoad(at)) {
      await endSteps(at);
      return null;
    }
    return this.stageAnew(at);
  }

  private async stageAnew(at: StreamWalk): Promise<Stage | null> {
    return this.stages.make(at, at.look ?? (await this.lookAgain(at)));
  }

  private async lookAgain(at: StreamWalk): Promise<StreamLook> {
    const look = await this.stages.look(at);
    await recordLooks(at);
    return look;
  }
}

/** Makes durable what the looks have seen. */
export async function recordLooks({ journal, streams }: StreamWalk): Promise<void> {
  const seen = streams.map(({ lookSignature, signature }) => lookSignature ?? signature);
  await journal.record(streams, { signature: runSignature(seen) });
}

import { Injectable } from '@nestjs/common';
import { Settings } from '../settings/settings.js';
import { openWalks } from './open-walks.js';
import { runFailure } from './part-failures.js';
import { type OpenPipeline, PipelinesService } from './pipelines.service.js';
import { runSignature } from './plan-files.js';
import { RunFolder } from './run-folder.js';
import type { RunJournal } from './run-journal.js';
import type { RunSignals } from './run-signals.js';
import type { StreamWalk } from './run-walk.js';
import { StreamLooks } from './stream-looks.js';
import { isFinished, isOver, isStaged } from './stream-report.js';
import { hasApiSource } from './stream-sources.js';
import { recordLooks, StreamWalker } from './stream-walker.js';
import { openTransforms, transformPart, type TransformWalk } from './transform-walk.js';
import { type TransformPlace, TransformWalker } from './transform-walker.js';
import { partOf, tryStream, walkStreams } from './walk-streams.js';

/**
 * Walks a run: looks at all streams, then brings each from its look to its end, those first that others need, and streams
 * that do not need each other side by side; then come the transforms. The only place that knows their order. What each
 * has reached is durable in the run row, on disk or in the target's ledger, so a run that was interrupted goes on there.
 */
@Injectable()
export class RunPipeline {
  constructor(
    private readonly pipelines: PipelinesService,
    private readonly looks: StreamLooks,
    private readonly walker: StreamWalker,
    private readonly transforms: TransformWalker,
    private readonly settings: Settings,
  ) {}

  /**
   * Runs until the end, or throws; what was reached stands in the run row either way. A cancelled run throws the
   * signal's reason, unless all its loads were committed before.
   */
  async walk(journal: RunJournal, signals: RunSignals): Promise<void> {
    const opened = await this.pipelines.open(journal.run.pipeline, journal.run.configVersion);
    const walks = await this.begin(journal, opened, signals);
    const transforms = openTransforms(opened.config.transforms ?? [], journal.run.transforms);
    const limit = opened.config.concurrency ?? this.settings.streamsAtOnce;
    try {
      signals.work.throwIfAborted();
      await this.lookAtAll(walks);
      await walkStreams(walks, limit, (at) => this.walker.walk(at));
      await this.transforms.walk(transforms, walks.map(partOf), this.placeOf(journal, opened, signals));
      const failure = runFailure([...walks.map(partOf), ...transforms.map(transformPart)]);
      if (failure) throw failure;
    } catch (error) {
      if (!signals.cancel.aborted) throw error;
      await this.settleCancelled(walks, transforms, signals);
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

  private placeOf(journal: RunJournal, opened: OpenPipeline, signals: RunSignals): TransformPlace {
    const isServiceDatabase = opened.config.target?.host === undefined;
    return { journal, signals, target: () => this.pipelines.target(opened), isServiceDatabase };
  }

  /** Looks at every stream that is not past that yet, so that the run knows from the start what it is about. */
  private async lookAtAll(walks: StreamWalk[]): Promise<void> {
    const [first] = walks;
    if (!first) return;
    const toLookAt = walks.filter(({ report }) => !isOver(report) && !isStaged(report));
    // Where a stream is past its look, what came since is still to be taken in by another run.
    if (toLookAt.length === walks.length) await first.journal.beginLook();
    for (const at of toLookAt) await tryStream(at, () => this.walker.look(at));
    await recordLooks(first);
  }

  /** Loads that were committed before the cancel came stay; if that is all there is, the run is finished. */
  private async settleCancelled(
    walks: StreamWalk[],
    transforms: TransformWalk[],
    { cancel }: RunSignals,
  ): Promise<void> {
    for (const at of walks) await this.walker.settleCancelled(at);
    const isDone = transforms.every(
      ({ report }) => report.state === 'succeeded' || report.state === 'unchanged',
    );
    if (!isDone || !walks.every(({ report }) => isFinished(report))) throw cancel.reason;
  }
}

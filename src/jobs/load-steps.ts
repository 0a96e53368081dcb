import { Injectable } from '@nestjs/common';
import { LoadOvertaken } from '../loader/check-carried.js';
import type { LastLoad, LoadProgress, LoadRequest } from '../loader/load.js';
import { LoaderService } from '../loader/loader.service.js';
import type { Stage } from '../schema/stage.js';
import { ChildSteps } from './child-steps.js';
import { closeStages } from './close-stages.js';
import { keepRejects } from './keep-rejects.js';
import { KeepSteps } from './keep-steps.js';
import { OutputSteps } from './output-steps.js';
import { enterWithFiles, logStep, type StreamWalk } from './run-walk.js';
import { shareOfLoad } from './share-of-load.js';
import { apiSources } from './stream-sources.js';
import { applyLoad, applyStage } from './stream-report.js';
import { bearRejects, declaredConstraints, mostRejects } from './table-constraints.js';
import { writeRule } from './write-rule.js';

/** The steps of a stream that have to do with its table: what is loaded already, and the load of its stage. */
@Injectable()
export class LoadSteps {
  constructor(
    private readonly loader: LoaderService,
    private readonly children: ChildSteps,
    private readonly outputs: OutputSteps,
    private readonly keeps: KeepSteps,
  ) {}

  /** The stream's latest load into the table that is there. */
  lastLoad({ target, journal, stream }: StreamWalk): Promise<LastLoad | null> {
    return this.loader.lastLoad(target(), journal.run.pipeline, stream.table);
  }

  /** Whether the table has been loaded with just this, and the combined CSV shows it. */
  async isUnchanged(at: StreamWalk, last: LastLoad | null): Promise<boolean> {
    const { signature } = at.report;
    const { run } = at.journal;
    // A load of this very run means that an earlier attempt committed it: its counts are this run's.
    if (signature === null || last?.signature !== signature || last.runId === run.id) return false;
    if (last.mayTakeMore) return false;
    if (!(await this.outputs.isShown(at, signature))) return false;
    await this.children.noteUnchanged(at);
    return true;
  }

  /** Whether a load without a record would change the table, or has to be refused because it would. */
  async mayEmpty({ stream, target }: StreamWalk): Promise<boolean> {
    return stream.write === 'replace' && (await this.loader.describe(target(), stream.table)) !== null;
  }

  async beginLoading(at: StreamWalk, stage: Stage): Promise<void> {
    applyStage(at.report, stage);
    await enterWithFiles(at, 'loading');
  }

  async load(at: StreamWalk, stage: Stage): Promise<void> {
    const { report } = at;
    at.hasBegunLoad = true;
    const request = await this.loadRequest(at, stage);
    await this.keeps.begin(at, stage);
    const ahead = this.outputs.ahead(at, stage);
    const onProgress = (sent: LoadProgress) => {
      // Its identities are out of the way, and the database is at work on them.
      ahead?.begin();
      request.onProgress?.(sent);
    };
    const loading = this.loader.load({ ...request, onProgress });
    const closed = loading.finally(() => closeStages(request.children ?? []));
    const loaded = await closed.catch(async (error: unknown) => {
      await ahead?.drop();
      if (error instanceof LoadOvertaken) await this.forget(at, stage);
      await keepRejects(this.loader, at, error);
      throw error;
    });
    if (ahead && loaded.rejected === stage.rejected) at.ahead = ahead;
    else await ahead?.drop();
    applyLoad(report, loaded);
    await enterWithFiles(at, 'writing');
    const { loadId: _loadId, files: _files, ...counts } = loaded;
    logStep(at, 'load', 'loaded', counts);
  }

  /** The stage is nothing to go on from. */
  private async forget(at: StreamWalk, stage: Stage): Promise<void> {
    await stage.close();
    await at.folder.clear(at.index);
  }

  /** What is asked of the loader, the same for runs and for plans. */
  async loadRequest(at: StreamWalk, stage: Stage): Promise<LoadRequest> {
    const { stream, report, signals, folder, progress } = at;
    const { id: runId, attempt, pipeline, configVersion } = at.journal.run;
    const children = await this.children.loads(at);
    const shareOf = shareOfLoad(stage, report);
    return {
      target: at.target(),
      runId,
      attempt,
      pipeline,
      configVersion,
      stage,
      signal: signals.load,
      folder: folder.stream(at.index),
      table: stream.table,
      signature: report.signature ?? '',
      ...(apiSources(stream).length > 0 ? { cursors: await folder.cursors(at.index) } : {}),
      write: writeRule(stream),
      ...(children.length > 0 && { children }),
      addColumns: stream.contract.newColumns === 'evolve',
      ...(at.entered && { known: at.entered }),
      constraints: declaredConstraints(stream),
      mostRejects: mostRejects(stream, stage),
      bearRejects: bearRejects(stream),
      ...(stream.managedBy && { managedBy: stream.managedBy }),
      onProgress: (sent) => progress.advance(at.index, ...shareOf(sent)),
    };
  }

  /** Takes over a load of this run that the target has committed; false when it has none. */
  async takeOverLoad(at: StreamWalk): Promise<boolean> {
    const loaded = await this.loader.committed(at.target(), {
      runId: at.journal.run.id,
      table: at.stream.table,
      signal: at.signals.committed,
    });
    if (!loaded) return false;
    applyLoad(at.report, loaded);
    await enterWithFiles(at, 'writing');
    return true;
  }
}

import { Injectable } from '@nestjs/common';
import type { Stage } from '../schema/stage.js';
import { checkComplete } from './check-complete.js';
import { FetchSteps, type StreamPages } from './fetch-steps.js';
import type { StreamLook } from './look-at-stream.js';
import { LoadSteps } from './load-steps.js';
import { findMissingParents, isParent, writeParentRows } from './parent-rows.js';
import { logSkipped, logStep, type StreamWalk } from './run-walk.js';
import { StageFresh } from './stage-fresh.js';
import { StageSteps } from './stage-steps.js';
import { StreamLooks } from './stream-looks.js';
import { applyLook, applyUnchanged, emptyReport, inSourceOrder } from './stream-report.js';

/** Brings a stream from its sources to a stage on disk, the same way for runs and for plans: look, fetch, land, stage. */
@Injectable()
export class StageStream {
  constructor(
    private readonly looks: StreamLooks,
    private readonly fetches: FetchSteps,
    private readonly steps: StageSteps,
    private readonly loads: LoadSteps,
    private readonly fresh: StageFresh,
  ) {}

  async look(at: StreamWalk): Promise<StreamLook> {
    at.since = performance.now();
    at.look = await this.looks.lookFor(at.journal.run, at.stream, at.signals.work);
    applyLook(at.report, at.look);
    const { files, copies, skipped } = at.look;
    const counts = { files: files.length, copies: copies.length, skipped: skipped.length };
    logStep(at, 'extract', 'looked at the sources', counts);
    logSkipped(at, skipped);
    return at.look;
  }

  /**
   * null when there is nothing to load: no record, or no file and page that changed. The streams whose rows this one is
   * asked for come before it.
   */
  async make(at: StreamWalk, look: StreamLook): Promise<Stage | null> {
    for (const parent of await findMissingParents(at)) await this.readAgain(parent);
    checkComplete(at.stream, look);
    const pages = await this.fetches.fetch(at, look);
    const isEmpty = look.files.length === 0 && pages.files.length === 0;
    if (isEmpty && !(await this.loads.mayEmpty(at))) {
      await writeParentRows(at, null);
      at.report.state = 'empty';
      return null;
    }
    const last = await this.loads.lastLoad(at);
    const isUnchanged = await this.loads.isUnchanged(at, last);
    // Others are asked for its rows, which are the same as before, once more.
    const isAsked = !isUnchanged || isParent(at);
    const stage = isAsked
      ? ((await this.fresh.make(at, look, last)) ?? (await this.stageFiles(at, look, pages)))
      : null;
    if (!isUnchanged) return stage;
    applyUnchanged(at.report);
    return null;
  }

  private async stageFiles(at: StreamWalk, look: StreamLook, pages: StreamPages): Promise<Stage> {
    // What an attempt that died left half done is not to be told from what is whole.
    await at.folder.clear(at.index);
    await at.folder.keepCursors(at.index, pages.cursors);
    const files = inSourceOrder([...(await this.steps.land(at, look)), ...pages.files]);
    await this.steps.probe(at, files);
    const stage = await this.steps.stage(at, look, files);
    await this.steps.verify(look);
    await writeParentRows(at, stage);
    return stage;
  }

  /**
   * Brings back the rows of a stream that is finished, for those that are asked for each: another worker has had them on
   * its disk. What was loaded stays, and what the run reports of it. Once for all that need them at the same time.
   */
  private readAgain(parent: StreamWalk): Promise<void> {
    parent.readingAgain ??= this.makeRowsAgain(parent).finally(() => (parent.readingAgain = undefined));
    return parent.readingAgain;
  }

  private async makeRowsAgain(parent: StreamWalk): Promise<void> {
    const again = { ...parent, report: emptyReport(parent.stream), look: null };
    await this.make(again, await this.look(again));
  }
}

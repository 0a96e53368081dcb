import { Injectable } from '@nestjs/common';
import type { LastLoad } from '../loader/load.js';
import { RejectLimit } from '../schema/reject-limit.js';
import type { Stage } from '../schema/stage.js';
import { type Carrying, CarrySteps } from './carry-steps.js';
import type { PartlyLanded } from './change-steps.js';
import { checkComplete } from './check-complete.js';
import { FetchSteps, type StreamPages } from './fetch-steps.js';
import type { StreamLook } from './look-at-stream.js';
import { findMissingParents, isParent, writeParentRows } from './parent-rows.js';
import { OutputSteps } from './output-steps.js';
import { logSkipped, logStep, type StreamWalk } from './run-walk.js';
import { StreamLooks } from './stream-looks.js';
import { applyLook, applyUnchanged, emptyReport, inSourceOrder } from './stream-report.js';
import { StreamSteps } from './stream-steps.js';

/** Brings a stream from its sources to a stage on disk, the same way for runs and for plans: look, fetch, land, stage. */
@Injectable()
export class StageStream {
  constructor(
    private readonly looks: StreamLooks,
    private readonly fetches: FetchSteps,
    private readonly steps: StreamSteps,
    private readonly carries: CarrySteps,
    private readonly outputs: OutputSteps,
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
    if (isEmpty && !(await this.steps.mayEmpty(at))) {
      await writeParentRows(at, null);
      at.report.state = 'empty';
      return null;
    }
    const last = await this.steps.lastLoad(at);
    const isUnchanged = await this.steps.isUnchanged(at, last);
    // Others are asked for its rows, which are the same as before, once more.
    const stage = isUnchanged && !isParent(at) ? null : await this.stageChanged(at, look, { pages, last });
    if (!isUnchanged) return stage;
    applyUnchanged(at.report);
    return null;
  }

  /** Only the new files, where that comes to the same. */
  private async stageChanged(
    at: StreamWalk,
    look: StreamLook,
    { pages, last }: { pages: StreamPages; last: LastLoad | null },
  ): Promise<Stage> {
    const carrying = await this.carries.find(at, look, last);
    const stage = carrying && (await this.stageFresh(at, look, carrying));
    return stage ?? this.stageFiles(at, look, pages);
  }

  /** null: with these files the others are to be staged, too. */
  private async stageFresh(at: StreamWalk, look: StreamLook, carrying: Carrying): Promise<Stage | null> {
    const fresh = { ...look, originals: carrying.fresh };
    await at.folder.clear(at.index);
    const { from } = carrying.carried;
    if (carrying.changed.length === 0) this.outputs.beginCopy(at, from);
    const files = await this.steps.land(at, fresh);
    const landed = await this.carries.landChanges(at, carrying, files).catch(async (error: unknown) => {
      // That a file is gone, or something else is at its path, is for the next attempt to see.
      await this.steps.verify(fresh);
      throw error;
    });
    if (!landed) return null;
    if (carrying.changed.length > 0) this.outputs.beginCopy(at, from);
    const partly = { ...carrying, ...landed };
    const stage = await this.stageOnTop(at, fresh, partly);
    if (!stage) return null;
    // The others were not read: they are what they were when they were looked at.
    await this.steps.verify(fresh);
    return this.carries.holds(at, partly, stage) ? stage : null;
  }

  /** null: so many records are refused that the run fails, and is to show the rejects of all files. */
  private async stageOnTop(
    at: StreamWalk,
    fresh: StreamLook,
    { files, parts, ...carrying }: Carrying & PartlyLanded,
  ): Promise<Stage | null> {
    return this.steps.stage(at, fresh, files, carrying).catch((error: unknown) => {
      const haveRejects = carrying.carried.files.some(({ rejected }) => rejected > 0);
      if (!(error instanceof RejectLimit) || !(haveRejects || parts.length > 0)) throw error;
      return this.carries.stagesAll(at, carrying.carried.from.loadId, 'the contract bears no more rejects');
    });
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

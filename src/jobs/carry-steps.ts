import { Injectable } from '@nestjs/common';
import type { LandedFile } from '../extraction/landed-file.js';
import type { SeenFile } from '../extraction/seen-file.js';
import type { LastLoad } from '../loader/load.js';
import { LoaderService } from '../loader/loader.service.js';
import type { Stage, StageColumn } from '../schema/stage.js';
import { type CarriedFiles, carryFiles, goesOn, isCarriable } from './carry-files.js';
import { ChangeSteps, isLinePerRecord, type PartlyLanded } from './change-steps.js';
import { KeepSteps } from './keep-steps.js';
import type { StreamLook } from './look-at-stream.js';
import { mayRefuse } from './may-refuse.js';
import { OutputSteps } from './output-steps.js';
import { isParent } from './parent-rows.js';
import { logStep, type StreamWalk } from './run-walk.js';

/** What a stage goes on from, and what it is made of. */
export interface Carrying extends CarriedFiles<SeenFile> {
  /** The table's columns. */
  existing: StageColumn[];
}

/** Finds out what of a stream's files need not be staged, because the stream's latest load has done it. */
@Injectable()
export class CarrySteps {
  constructor(
    private readonly loader: LoaderService,
    private readonly outputs: OutputSteps,
    private readonly keeps: KeepSteps,
    private readonly changes: ChangeSteps,
  ) {}

  /** null: everything is to be staged. */
  async find(at: StreamWalk, look: StreamLook, last: LastLoad | null): Promise<Carrying | null> {
    if (!last || !this.mayCarry(at, last)) return null;
    const { stream, target } = at;
    const contents = await this.loader.contents(target(), last.loadId);
    const existing = contents.columns && (await this.loader.describe(target(), stream.table));
    if (!existing) return null;
    const { loadId, signature } = last;
    const kept = await this.keeps.keptFor(at).list();
    const found = carryFiles({ stream, look, last: { loadId, signature, ...contents }, existing, kept });
    if (typeof found === 'string') return this.stagesAll(at, loadId, found);
    if (!(await this.outputs.canExtend(at, signature)))
      return this.stagesAll(at, loadId, 'the combined CSV is not as that load has left it');
    // Rows that the table refuses are to be told with their places.
    if (await mayRefuse(this.loader, at, existing))
      return this.stagesAll(at, loadId, 'the table may refuse rows');
    const counts = { loadId, unchanged: found.carried.files.length, toStage: found.fresh.length };
    logStep(at, 'stage', 'takes over the counts of the files that did not change', counts);
    return { ...found, existing };
  }

  /** Lands only what is new in files that have changed; null: everything is to be staged. */
  async landChanges(at: StreamWalk, carrying: Carrying, files: LandedFile[]): Promise<PartlyLanded | null> {
    const landed = await this.changes.land(at, carrying, files);
    return typeof landed === 'string' ? this.stagesAll(at, carrying.carried.from.loadId, landed) : landed;
  }

  /** Whether the stage of what is new can stand for one of all. */
  holds(at: StreamWalk, { columns, carried, parts }: Carrying & PartlyLanded, stage: Stage): boolean {
    const faults = [
      !goesOn(columns, stage.columns, at.stream.output) && 'the new files have changed the columns',
      !parts.every((part) => isLinePerRecord(part, stage)) && 'not every new line is a good record',
    ];
    const because = faults.find((fault) => fault !== false);
    if (because !== undefined) this.stagesAll(at, carried.from.loadId, because);
    return because === undefined;
  }

  private mayCarry(at: StreamWalk, { runId, mayTakeMore }: LastLoad): boolean {
    const { run } = at.journal;
    // A load of this run means that an earlier attempt committed it; plans are asked about every file.
    if (mayTakeMore || runId === run.id || run.deaths > 0 || at.onLosses) return false;
    return isCarriable(at.stream) && !isParent(at);
  }

  /** Says so, and why. */
  stagesAll(at: StreamWalk, loadId: string, because: string): null {
    logStep(at, 'stage', 'stages every file', { because, loadId });
    return null;
  }
}

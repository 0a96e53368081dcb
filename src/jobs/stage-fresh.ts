import { Injectable } from '@nestjs/common';
import type { LastLoad } from '../loader/load.js';
import { RejectLimit } from '../schema/reject-limit.js';
import type { Stage } from '../schema/stage.js';
import { type Carrying, CarrySteps } from './carry-steps.js';
import type { PartlyLanded } from './change-steps.js';
import type { StreamLook } from './look-at-stream.js';
import { OutputSteps } from './output-steps.js';
import type { StreamWalk } from './run-walk.js';
import { StageSteps } from './stage-steps.js';

/** Stages what is new since the stream's latest load, where a stage of that can stand for one of everything. */
@Injectable()
export class StageFresh {
  constructor(
    private readonly steps: StageSteps,
    private readonly carries: CarrySteps,
    private readonly outputs: OutputSteps,
  ) {}

  /** null: everything is to be staged. */
  async make(at: StreamWalk, look: StreamLook, last: LastLoad | null): Promise<Stage | null> {
    const carrying = await this.carries.find(at, look, last);
    if (!carrying) return null;
    let stage: Stage | null = null;
    try {
      stage = await this.stage(at, look, carrying);
      return stage;
    } finally {
      if (!stage) await this.outputs.dropCopy(at);
    }
  }

  /** null: with these files the others are to be staged, too. */
  private async stage(at: StreamWalk, look: StreamLook, carrying: Carrying): Promise<Stage | null> {
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
}

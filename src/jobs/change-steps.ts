import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Injectable } from '@nestjs/common';
import { ExtractionService } from '../extraction/extraction.service.js';
import { hasLines, type LandedChanges } from '../extraction/land-changes.js';
import type { LandedFile } from '../extraction/landed-file.js';
import type { Stage } from '../schema/stage.js';
import type { CarriedFiles, ChangedFile } from './carry-files.js';
import { placeOf } from './compare-files.js';
import { KeepSteps } from './keep-steps.js';
import type { KnownFile } from './plan-files.js';
import { logStep, type StreamWalk } from './run-walk.js';

const NOT_IN_PART = 'a file cannot be compared with what it was, or too much of it has changed';

/** What is new in a file that has changed. */
export interface ChangedPart extends LandedChanges {
  /** Lines that are new. */
  added: number;
  /** All of them come behind the lines that the file had. */
  isLonger: boolean;
}

/** Files of which some only have what is new in them. */
export interface PartlyLanded {
  files: LandedFile[];
  parts: ChangedPart[];
}

/** Lands only the new lines of files that have changed, where their rows can take the place of those before. */
@Injectable()
export class ChangeSteps {
  constructor(
    private readonly extraction: ExtractionService,
    private readonly keeps: KeepSteps,
  ) {}

  /**
   * @param files the new ones, as they are landed
   * @returns why every file has to be staged, in words
   */
  async land(
    at: StreamWalk,
    carrying: CarriedFiles<KnownFile>,
    files: LandedFile[],
  ): Promise<PartlyLanded | string> {
    const hasOutput = at.stream.output !== null;
    const parts: ChangedPart[] = [];
    for (const change of carrying.changed) {
      const part = await this.landPart(at, change, files);
      if (part) parts.push(part);
      // The combined CSV has the rows of what it was.
      else if (hasOutput) return NOT_IN_PART;
    }
    if (parts.length + carrying.carried.files.length === 0) return NOT_IN_PART;
    const isInside = parts.some(({ isLonger }) => !isLonger);
    if (hasOutput && isInside) {
      if (carrying.fresh.length > 1 || carrying.carried.files.length > 0)
        return 'one of several files has changed inside';
      await writeFile(at.folder.steps(at.index), JSON.stringify(parts[0]!.steps), { flush: true });
    }
    const byPlace = new Map(parts.map(({ landed }) => [placeOf(landed), landed]));
    return { files: files.map((file) => byPlace.get(placeOf(file)) ?? file), parts };
  }

  private async landPart(
    at: StreamWalk,
    { file, before }: ChangedFile<KnownFile>,
    files: LandedFile[],
  ): Promise<ChangedPart | null> {
    const index = files.findIndex((one) => placeOf(one) === placeOf(file));
    const landed = files[index]!;
    const kept = this.keeps.keptFor(at);
    const { fingerprint } = before;
    if (!hasLines(landed) || !(await kept.isReadAlike(fingerprint, landed))) return null;
    const earlier = { path: kept.pathOf(fingerprint), fingerprint };
    const base = join(at.folder.stream(at.index), 'changes', String(index));
    const part = await this.extraction.landChanges(landed, earlier, base, at.signals.work);
    if (part === null) return null;
    const { same, gone, added } = sumSteps(part.steps);
    // A record of several lines, or a line without one.
    if (same + gone !== before.read) return null;
    logStep(at, 'stage', 'stages only the new lines of a file', { file: landed.name, same, gone, added });
    return { ...part, added, isLonger: gone === 0 && part.steps.length <= 1 };
  }
}

/** Whether every new line has become a good record, and nothing else has. */
export function isLinePerRecord({ landed, added }: ChangedPart, { files }: Stage): boolean {
  const staged = files.find((file) => placeOf(file) === placeOf(landed));
  return staged?.rejected === 0 && staged.read === added + (staged.knownRecords ?? 0);
}

function sumSteps(steps: LandedChanges['steps']) {
  const sum = { same: 0, gone: 0, added: 0 };
  for (const [same, gone, added] of steps) {
    sum.same += same;
    sum.gone += gone;
    sum.added += added;
  }
  return sum;
}

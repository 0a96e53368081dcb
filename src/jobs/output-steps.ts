import { join } from 'node:path';
import { Injectable } from '@nestjs/common';
import { defaultOutput } from '../config-history/stream-names.js';
import type { EarlierLoad, Stage } from '../schema/stage.js';
import { Settings } from '../settings/settings.js';
import { ChildSteps } from './child-steps.js';
import { CombinedAhead } from './combined-ahead.js';
import { type CombinedDraft, combinedPath, isAsPublished, isPublished, publish } from './combined-csv.js';
import { ExtendedCsv } from './extended-csv.js';
import { endSteps, logStep, type StreamWalk } from './run-walk.js';

/** Rows from which on the combined CSV is written while they travel. */
const WORTH_AHEAD = 50_000;

/** Writes the combined CSVs of streams, anew or by adding to what lies there. */
@Injectable()
export class OutputSteps {
  constructor(
    private readonly children: ChildSteps,
    private readonly settings: Settings,
  ) {}

  /** Whether there is none to be, or the one that lies there is that of the load with this signature. */
  async isShown(at: StreamWalk, signature: string): Promise<boolean> {
    const { output } = at.stream;
    return output === null || isPublished(this.pathOf(at, output), signature);
  }

  /** Whether rows can be added to it, where there is to be one. */
  async canExtend(at: StreamWalk, signature: string): Promise<boolean> {
    const { output } = at.stream;
    return output === null || isAsPublished(this.pathOf(at, output), signature);
  }

  /** Whether a stage can still become a combined CSV, where it goes on from the one of an earlier load. */
  async canFinish(at: StreamWalk, { goesOnFrom }: Stage): Promise<boolean> {
    const { output } = at.stream;
    return !goesOnFrom || output === null || this.copyOf(at, output, goesOnFrom).isPossible();
  }

  /** Begins to copy the combined CSV of the load that a stage goes on from, where there is to be one. */
  beginCopy(at: StreamWalk, from: EarlierLoad): void {
    const { output } = at.stream;
    // A plan shows nothing.
    if (output === null || at.target().isTrial) return;
    at.extended = this.copyOf(at, output, from);
    at.extended.begin();
  }

  /** Ends that copy: it has its place, or nobody goes on with it. */
  async dropCopy(at: StreamWalk): Promise<void> {
    await at.extended?.drop();
    at.extended = undefined;
  }

  /** One that is written while the rows travel; null where there is none to be, or so little that it can wait for the commit. */
  ahead(at: StreamWalk, stage: Stage): CombinedDraft | null {
    const { output } = at.stream;
    if (output === null) return null;
    if (stage.goesOnFrom) return this.extended(at, output, stage);
    if (stage.rows < WORTH_AHEAD) return null;
    return new CombinedAhead(draftPath(at), (to, signal) => stage.writeCombined(to, signal));
  }

  /** The load is committed: nothing but the end of the process keeps the CSV from following. */
  async write(at: StreamWalk, stage: Stage): Promise<void> {
    const { output } = at.stream;
    // What is loaded is known before it is shown.
    await at.entered;
    if (output !== null) {
      for (const { table, stage: child } of await this.children.loads(at)) {
        await this.publish(at, defaultOutput(table), (tmp) => writeAnew(at, child, tmp));
      }
      const draft = at.ahead ?? this.extended(at, output, stage);
      await this.publish(at, output, async (tmp) => {
        if (!(await draft?.moveTo(tmp))) await writeAnew(at, stage, tmp);
      });
      logStep(at, 'output', 'wrote the combined CSV');
    }
    await endSteps(at);
  }

  /** null: the stage holds all rows by itself. */
  private extended(at: StreamWalk, output: string, stage: Stage): ExtendedCsv | null {
    if (!stage.goesOnFrom) return null;
    const csv = at.extended ?? this.copyOf(at, output, stage.goesOnFrom);
    csv.add((signal) => stage.combinedRows(signal));
    return csv;
  }

  private copyOf(at: StreamWalk, output: string, { signature }: EarlierLoad): ExtendedCsv {
    const before = { path: this.pathOf(at, output), signature };
    return new ExtendedCsv(draftPath(at), before, at.folder.steps(at.index));
  }

  private async publish(
    at: StreamWalk,
    output: string,
    write: (tmp: string) => Promise<void>,
  ): Promise<void> {
    const signature = at.report.signature ?? '';
    const aside = join(at.folder.stream(at.index), `before-${output}`);
    await publish(this.pathOf(at, output), { runId: at.journal.run.id, signature, write, aside });
  }

  private pathOf(at: StreamWalk, output: string): string {
    return combinedPath(this.settings.home, at.journal.run.pipeline, output);
  }
}

function draftPath(at: StreamWalk): string {
  return join(at.folder.stream(at.index), 'combined.csv');
}

function writeAnew(at: StreamWalk, stage: Stage, to: string): Promise<void> {
  return stage.writeCombined(to, at.signals.committed);
}

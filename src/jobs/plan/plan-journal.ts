import type { PinoLogger } from 'nestjs-pino';
import type { RunProgress, StreamReport } from '../run-report.js';
import type { Run } from '../run.entity.js';
import type { WalkJournal } from '../run-walk.js';

export interface PlanJournalOptions {
  id: string;
  pipeline: string;
  configVersion: number;
  log: PinoLogger['logger'];
  onProgress: (progress: RunProgress) => Promise<void>;
}

/** The journal of a run that never was: nothing but progress is written down. */
export class PlanJournal implements WalkJournal {
  readonly run: Run;
  readonly log: PinoLogger['logger'];
  readonly reached: StreamReport[] = [];
  private readonly onProgress: PlanJournalOptions['onProgress'];

  constructor({ id, pipeline, configVersion, log, onProgress }: PlanJournalOptions) {
    const now = new Date();
    this.run = {
      id,
      pipeline,
      configVersion,
      trigger: 'manual',
      state: 'running',
      attempt: 1,
      deaths: 0,
      suspects: {},
      queuedAt: now,
      startedAt: now,
    } as Run;
    this.log = log;
    this.onProgress = onProgress;
  }

  async beginLook(): Promise<void> {}
  async record(): Promise<void> {}
  async recordStep(): Promise<void> {}
  async suspect(): Promise<void> {}

  progress(progress: RunProgress): Promise<void> {
    return this.onProgress(progress);
  }
}

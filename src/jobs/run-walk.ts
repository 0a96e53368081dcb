import type { StreamConfig } from '../config-history/pipeline-config.js';
import type { LandedFile } from '../extraction/landed-file.js';
import type { Target } from '../loader/load.js';
import type { ColumnLoss } from '../schema/column-loss.js';
import type { CombinedDraft } from './combined-csv.js';
import type { ExtendedCsv } from './extended-csv.js';
import type { Keeping } from './kept-files.js';
import type { StreamLook } from './look-at-stream.js';
import type { ProgressMeter } from './progress-meter.js';
import type { RunFolder } from './run-folder.js';
import type { RunJournal } from './run-journal.js';
import type { SkippedFile, StreamReport, StreamState } from './run-report.js';
import type { RunSignals } from './run-signals.js';

/** What a walk needs of a journal; that of a plan writes nothing down. */
export type WalkJournal = Pick<
  RunJournal,
  'run' | 'log' | 'reached' | 'beginLook' | 'record' | 'recordStep' | 'progress' | 'suspect'
>;

/** A run at work. */
export interface Walk {
  journal: WalkJournal;
  /** Resolved only after the looks, so that a run that fails on it has still seen what it is about. */
  target: () => Target;
  /** Values of variables that the config names and that may be secrets. */
  secrets: readonly string[];
  folder: RunFolder;
  streams: StreamReport[];
  signals: RunSignals;
  progress: ProgressMeter;
  /** Told for each table what typing loses; absent: nobody asks, and nobody looks. */
  onLosses?: (table: string, losses: ColumnLoss[]) => void;
}

/** One stream of it. */
export interface StreamWalk extends Walk {
  index: number;
  /** All streams of the run, this one among them. */
  walks: readonly StreamWalk[];
  stream: StreamConfig;
  report: StreamReport;
  look: StreamLook | null;
  /** When the step that is logged next began. */
  since?: number;
  /** Settles when the step that it is at is durable; absent: it has not begun one. */
  entered?: Promise<void>;
  /** What ended its walk in this attempt. */
  failure?: unknown;
  /** This worker has handed the stage to the loader, so that it knows whether a load that was ended was committed. */
  hasBegunLoad: boolean;
  /** Its combined CSV, as it was written while the rows travelled; absent: it is still to be written. */
  ahead?: CombinedDraft;
  /** The combined CSV that its stage adds to, while it is being copied; absent: that is not begun, or it adds to none. */
  extended?: ExtendedCsv;
  /** Its local files as this worker landed them for the stage. */
  landed?: LandedFile[];
  /** Copies of them that are being made; absent: none are. */
  keeping?: Keeping;
  /** Its rows, once more for those that are asked for each, while they are being brought back. */
  readingAgain?: Promise<void>;
}

/**
 * Tells that the stream is at a step now. That is durable before the next step begins, and before a load is committed: with
 * a step that has only begun there is nothing to lose.
 */
export async function enter(at: StreamWalk, state: StreamState): Promise<void> {
  await begin(at, state, () => at.journal.recordStep(at.streams));
}

/** The same, with what the step before has told of the files. */
export async function enterWithFiles(at: StreamWalk, state: StreamState): Promise<void> {
  await begin(at, state, () => at.journal.record(at.streams));
}

async function begin(at: StreamWalk, state: StreamState, record: () => Promise<void>): Promise<void> {
  await at.entered;
  at.report.state = state;
  at.entered = record();
  // Thrown where it is waited for.
  at.entered.catch(() => {});
  at.progress.begin(at.index, state);
  if (state === 'extracting') at.since = performance.now();
}

/** The stream has done all its steps. */
export async function endSteps(at: StreamWalk): Promise<void> {
  await at.entered;
  at.report.state = 'succeeded';
}

/** Counts and names only, and how long it took: no row's data, no secret. */
export function logStep(at: StreamWalk, stage: string, message: string, fields: object = {}): void {
  const now = performance.now();
  const durationMs = at.since === undefined ? undefined : Math.round(now - at.since);
  at.since = now;
  at.journal.log.info({ stream: at.stream.table, stage, durationMs, ...fields }, message);
}

const shownSkipped = 20;

/** The run's report has them all. */
export function logSkipped({ journal, stream }: StreamWalk, skipped: SkippedFile[]): void {
  if (skipped.length === 0) return;
  const first = skipped.slice(0, shownSkipped);
  const fields = { stream: stream.table, stage: 'extract', count: skipped.length, first };
  journal.log.warn(fields, 'files were skipped');
}

import type { RunError, Counts, FileReport, SkippedFile } from '../run-report.js';
import type { ColumnLoss } from '../../schema/column-loss.js';
import type { SampleRow } from '../../loader/sample-rows.js';

/** `lost`: the process that worked on it is gone. */
export type PlanState = 'running' | 'ready' | 'failed';

/**
 * What a run would do with a stream. `loads`: it has something to load, though perhaps no row is new. `skipped`: a stream
 * that it needs would fail.
 */
export type StreamOutcome = 'loads' | 'unchanged' | 'empty' | 'failed' | 'skipped';

export interface PlannedColumn {
  name: string;
  type: string;
  /** The table has no such column yet. */
  isNew: boolean;
  /** Where the type comes from. */
  origin: 'declared' | 'table' | 'inferred';
  /** The table's type until then, where the run would change it. */
  from?: string;
}

export interface PlannedCounts extends Counts {
  deleted: number;
}

/** A record that would be refused. */
export interface RejectSample {
  file: string;
  line: number | null;
  column: string | null;
  reason: string;
  raw: string;
}

export interface PlanSamples {
  inserted: SampleRow[];
  updated: { before: SampleRow; after: SampleRow }[];
  deleted: SampleRow[];
  rejected: RejectSample[];
}

/** A table for arrays inside the stream's records. */
export interface PlannedChild extends PlannedCounts {
  table: string;
}

export interface StreamPlan {
  table: string;
  state: StreamOutcome;
  columns: PlannedColumn[];
  /** Statements that the run would execute on the user's schema, in order. */
  ddl: string[];
  /** The same and what else becomes another, in words. */
  changes: string[];
  losses: ColumnLoss[];
  counts: PlannedCounts;
  /** Absent: there are none. */
  children?: PlannedChild[];
  fileCount: number;
  /** The first ones; `fileCount` counts all. */
  files: Pick<FileReport, 'source' | 'name' | 'bytes' | 'copyOf' | keyof Counts>[];
  skipped: SkippedFile[];
  samples: PlanSamples;
  /** Why the run would fail at it. */
  error: RunError | null;
}

export interface PlanReport {
  /** Everything was read that a run would read now. */
  isComplete: boolean;
  /** A run would end as failed. */
  wouldFail: boolean;
  streams: StreamPlan[];
  warnings: string[];
}

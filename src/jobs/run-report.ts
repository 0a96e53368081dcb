import type { ErrorDetail } from '../errors.js';
import type { DetectedFormat } from '../extraction/landed-file.js';
import type { ColumnChange } from '../loader/load.js';
import type { NulledColumn } from '../schema/stage.js';

export type RunState = 'queued' | 'running' | 'succeeded' | 'failed' | 'cancelled';
/** `replay`: takes up the rejects of an earlier run again, not the files. */
export type RunTrigger = 'manual' | 'schedule' | 'monitor' | 'replay';

/**
 * What a stream is at. `loading` says that its stage is finished on disk and checked, `writing` that its load is
 * committed; a run that was interrupted goes on from there. `empty`: its sources hold no file and no page with records.
 * `failed`, while the run is at work: it is not tried again in this run. `skipped`: a stream that it needs failed so.
 */
export type StreamState =
  | 'waiting'
  | 'extracting'
  | 'staging'
  | 'loading'
  | 'writing'
  | 'succeeded'
  | 'unchanged'
  | 'empty'
  | 'failed'
  | 'skipped'
  | 'cancelled';

/** `copy`: same content as an earlier file of the run, so it was not read a second time. */
export type FileState = 'waiting' | 'landed' | 'loaded' | 'copy' | 'unchanged';

/** Records by what became of them. read = inserted + updated + duplicate + rejected. */
export interface Counts {
  read: number;
  inserted: number;
  updated: number;
  duplicate: number;
  rejected: number;
}

/** A file, or a page of an API. */
export interface FileReport extends Counts {
  /** Index of the source in its stream. */
  source: number;
  name: string;
  /** SHA-256 of its bytes, of a page that of its records, hex. */
  fingerprint: string;
  /** Size in bytes; null where it is not known any more. */
  bytes: number | null;
  /** Where a page of an API came from, without secrets; absent for files. */
  url?: string;
  state: FileState;
  /** The file that this one is a copy of. */
  copyOf: string | null;
  /** How the file was read; null when it was not read. */
  detected: DetectedFormat | null;
  /** Time to make the file ready to be read; null when it was not read. */
  durationMs: number | null;
}

/** A file that was seen and left alone. */
export interface SkippedFile {
  source: number;
  name: string;
  reason: string;
}

/** A stream's report without what may be thousands. */
export interface StreamSummary extends Counts {
  table: string;
  state: StreamState;
  /** Digest of the stream's config and what its files and pages hold; equal ones mean that nothing changed. */
  signature: string | null;
  /** The same without pages: what monitors compare. Absent in runs from before there were any. */
  lookSignature?: string | null;
  /** Rows that left the table. Absent in runs from before there were any. */
  deleted?: number;
  /** Bytes of row data that were sent to the target; 0 when nothing was new. */
  rowBytes: number;
  /** File name of the combined CSV; null when none is written. */
  output: string | null;
  columns: { name: string; type: string }[];
  /** Values that were made NULL because they did not fit, by column. Absent in runs from before there were any. */
  nulled?: NulledColumn[];
  /** What the load has changed about the columns of a table that was there before; as `nulled`. */
  changes?: ColumnChange[];
  /** Absent: it has no child tables. */
  children?: ChildReport[];
  fileCount: number;
  skippedCount: number;
  durationMs: number | null;
  /** What it failed with last, or why it was skipped. Absent in runs from before streams had errors of their own. */
  error?: StreamError | null;
}

/** A table for arrays inside the stream's records, which was loaded together with it. */
export interface ChildReport extends Counts {
  table: string;
  deleted: number;
  /** File name of its combined CSV; null when none is written. */
  output: string | null;
}

export interface StreamFiles {
  files: FileReport[];
  skipped: SkippedFile[];
}

export type StreamReport = Omit<StreamSummary, 'fileCount' | 'skippedCount'> & StreamFiles;

/** A file that a worker is at, so that it is known what the worker died of. */
export interface Suspect {
  table: string;
  name: string;
  fingerprint: string;
}

/** `unchanged`: neither its SQL nor the rows that it is made of have changed since it ran last. */
export type TransformState =
  'waiting' | 'running' | 'succeeded' | 'unchanged' | 'failed' | 'skipped' | 'cancelled';

/** What became of SQL that runs after the loads. */
export interface TransformReport {
  name: string;
  as: 'view' | 'table' | 'statement';
  state: TransformState;
  /** Rows that it wrote; null where it wrote none by itself, as a view. */
  rows: number | null;
  durationMs: number | null;
  error: StreamError | null;
}

/** Which rejects a replay takes up again. */
export interface Replay {
  runId: string;
  /** null: those of all tables. */
  table: string | null;
}

/** How far a run is. Of all its streams together; a number that is not known yet is null. */
export interface RunProgress {
  /** The stream that is at work, and what it is at. */
  table: string;
  stage: StreamState;
  streamsDone: number;
  streamsTotal: number;
  filesDone: number;
  filesTotal: number;
  bytesDone: number;
  bytesTotal: number;
  rowsDone: number;
  /** Over the last few seconds. */
  rowsPerSecond: number | null;
  bytesPerSecond: number | null;
  etaSeconds: number | null;
}

export type RunEventType = 'state' | 'stream' | 'transform';

export interface RunError {
  code: string;
  message: string;
  details: ErrorDetail[];
}

export interface StreamError extends RunError {
  /** It may pass by itself. */
  isPassing: boolean;
}

/** Counts of nothing at all. */
export function noCounts(): Counts {
  return { read: 0, inserted: 0, updated: 0, duplicate: 0, rejected: 0 };
}

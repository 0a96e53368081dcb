/** How a file differs from what the newest run had. */
export type FileChange = 'new' | 'modified' | 'appended' | 'renamed' | 'copied' | 'deleted';

/** In the order that they are told in. */
export const FILE_CHANGES: readonly FileChange[] = [
  'new',
  'modified',
  'appended',
  'renamed',
  'copied',
  'deleted',
];

/** What a look saw: how many files there are, and how they differ from those of the newest run. */
export interface MonitorSight {
  /** The run that it is compared with; null when none has looked yet. */
  runId: string | null;
  files: number;
  bytes: number;
  /** Files that may still be being written; a later look takes them. */
  unsettled: number;
  /** Files that are left alone for another reason. */
  skipped: number;
  /** How many files changed in which way; a way that is not listed did not occur. */
  changes: Partial<Record<FileChange, number>>;
  /** The first twenty of them. */
  examples: ChangeExample[];
  /** The first twenty that are unsettled or skipped. */
  skippedExamples: SkippedExample[];
  /** Since when a change waits for files of the newest run that are being written, ISO 8601; null when none does. */
  waitingSince: string | null;
}

export interface ChangeExample {
  table: string;
  source: number;
  name: string;
  change: FileChange;
  /** The name that a renamed or copied file's content had, or has too. */
  from: string | null;
}

export interface SkippedExample {
  table: string;
  source: number;
  name: string;
  reason: string;
}

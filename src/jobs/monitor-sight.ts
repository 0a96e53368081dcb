/** How a file differs from what the newest run had. */
export type FileChange = 'new' | 'modified' | 'appended' | 'renamed' | 'copied' | 'deleted';

/** What a look saw: how many files there are, and how they differ from those of the newest run. */
export interface MonitorSight {
  files: number;
  bytes: number;
  skipped: number;
  /** How many files changed in which way; a way that is not listed did not occur. */
  changes: Partial<Record<FileChange, number>>;
  /** The first twenty of them. */
  examples: { table: string; source: number; name: string; change: FileChange; from: string | null }[];
}

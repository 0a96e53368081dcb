import type { ApiSourceConfig } from '../../config-history/api-source-config.js';
import type { LandedFile } from '../landed-file.js';
import type { SkippedFile } from '../seen-file.js';

/** What is to be fetched from an API for one source of a stream. */
export interface FetchRequest {
  /** With every variable resolved. */
  source: ApiSourceConfig;
  /** Texts that must not be shown wherever they turn up: what the config has from variables. */
  secrets?: readonly string[];
  /** Index of the source in its stream. */
  index: number;
  /** Folder of this source alone; exists. Pages and checkpoints are kept there, and an attempt goes on from what it finds. */
  folder: string;
  /** The highest values of the cursor that earlier loads have committed, by partition. */
  cursors: ReadonlyMap<string, string>;
  /** With `forEach`: path of a file with one row of the parent a line, a JSON object of texts and nulls; else null. */
  parents: string | null;
  signal: AbortSignal;
  /** Told of each page that is on disk, in no particular order. */
  onPage?: (page: LandedFile, progress: FetchProgress) => void;
  /** Takes what goes to the run's log; no secret is in it. */
  log?: (level: 'info' | 'warn', message: string, fields: object) => void;
}

export interface FetchProgress {
  pages: number;
  records: number;
  bytes: number;
  /** Where the API tells how many there are. */
  totalRecords: number | null;
}

/** What was fetched. */
export interface Fetched {
  /** A file for each page, in the order of parents, windows and pages. */
  files: LandedFile[];
  /** The highest value of the cursor in each partition that had records, to be kept when they are loaded. */
  cursors: CursorValue[];
  /** Answers that were ignored because the config says so. */
  skipped: SkippedFile[];
}

export interface CursorValue {
  /** The parent's values as JSON; empty without `forEach`. */
  partition: string;
  /** As the API wrote it. */
  value: string;
}

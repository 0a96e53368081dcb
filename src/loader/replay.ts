import type { RawFlaw, RecordLayout } from '../schema/stage.js';

/** Which rejects: those of one run for one table. */
export interface RejectsOf {
  runId: string;
  table: string;
}

/** How many rejects a run has for a table. */
export interface ReplayableTable {
  table: string;
  total: number;
  /** Of these, how many can be read again. */
  replayable: number;
}

/** A file with rejects. */
export interface RejectFile {
  source: number;
  file: string;
  fingerprint: string;
  layout: RecordLayout;
}

/** Rejects of one file that cannot be read again. */
export interface RejectsLeft {
  source: number;
  file: string;
  /** null: nobody noted how the file was read. */
  flaw: RawFlaw | null;
  count: number;
}

/** What a replay begins with. */
export interface ReplayableRejects {
  files: RejectFile[];
  left: RejectsLeft[];
}

/** The rejects that a stage was made of. */
export interface ReplayedRejects {
  /** The run that has them. */
  runId: string;
  /** CSV of their ids, each with the place of its record in the stage's files: id, source, file, line. */
  records: string;
}

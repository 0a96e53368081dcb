import type { AfterRefusal, Stage, StageColumn } from '../schema/stage.js';
import type { ChildOf } from './child-tables.js';
import type { LoadCursors } from './cursors.js';
import type { ReplayedRejects } from './replay.js';
import type { DeclaredConstraints } from './rules/declared.js';
import type { WriteRule } from './write/write-rule.js';

/** A resolved connection to the database that holds the user's tables. Never logged. */
export interface Target {
  host: string;
  port: number;
  user: string;
  password: string;
  database: string;
  /** Schema of the user's tables. */
  schema: string;
  ssl: boolean | { rejectUnauthorized: boolean };
  /** Whatever is done there is rolled back, the making of the loader's own tables included: for plans. */
  isTrial?: boolean;
}

export interface LoadRequest {
  target: Target;
  runId: string;
  /** Which attempt of the run this is: loads of earlier ones that are still under way are ended. */
  attempt: number;
  pipeline: string;
  configVersion: number;
  table: string;
  /**
   * Digest of the stream's config and of the contents of its files and pages; equal signatures mean nothing changed.
   * Empty for a replay, which says nothing about the files.
   */
  signature: string;
  stage: Stage;
  /** How the stage's rows and the table's come together. */
  write: WriteRule;
  /** The constraints that the table shall have; absent: none are declared. */
  constraints?: DeclaredConstraints;
  /** The most rejects that the contract bears, those of the stage included; absent: any number. */
  mostRejects?: number;
  /** Throws when the contract does not bear what is left of a stage of which rows were `refused`. */
  bearRejects?: (refused: number, after: AfterRefusal) => void;
  /** The rejects that the stage was made of; absent: it was made of the stream's files. */
  replay?: ReplayedRejects;
  /** How far the APIs of the stream were read; absent: it has none with a cursor. */
  cursors?: LoadCursors;
  /** Tables for arrays inside the stage's records, each behind its parent: loaded with it or not at all. Absent: none. */
  children?: ChildLoad[];
  /** Whether a column that the table lacks may be added. */
  addColumns: boolean;
  /** `user`: no statement changes the user's schema; what the stage needs must be there. Default: `millrace`. */
  managedBy?: 'millrace' | 'user';
  /** Settles when the load may be committed, because whoever asks for it will know of it; absent: at once. */
  known?: Promise<void>;
  /** Folder for temporary files of this load; exists. */
  folder: string;
  signal?: AbortSignal;
  /** Told now and again while identities and rows travel. */
  onProgress?: (progress: LoadProgress) => void;
}

/** A stage that is loaded together with that of its parent. */
export interface ChildLoad extends Pick<
  LoadRequest,
  'table' | 'stage' | 'write' | 'constraints' | 'mostRejects' | 'bearRejects'
> {
  of: ChildOf;
}

/** How far a load is: identities and the rows that are new travel one after the other. */
export interface LoadProgress {
  identitiesSent: number;
  /** Rows that are new; 0 until that is known. */
  unseen: number;
  rowBytesSent: number;
}

/** Counts of one file. read = inserted + updated + duplicate + rejected, always. */
export interface FileCounts {
  source: number;
  name: string;
  fingerprint: string;
  read: number;
  inserted: number;
  updated: number;
  duplicate: number;
  rejected: number;
  copyOf: string | null;
}

/** What a load has changed about a column of a table that was there before. Types in the words of the YAML. */
export interface ColumnChange {
  kind: 'add' | 'widen';
  column: string;
  /** null: there was no such column. */
  from: string | null;
  to: string;
}

export interface LoadResult {
  loadId: string;
  read: number;
  inserted: number;
  updated: number;
  duplicate: number;
  rejected: number;
  /** Of the rejects, those that the database would not take. */
  refused: number;
  /** Rows that left the table; they are no records of this load. */
  deleted: number;
  files: FileCounts[];
  changes: ColumnChange[];
  /** Bytes of row data that travelled through COPY; 0 when nothing was new. Identities are not counted. */
  rowBytes: number;
  /** The load had been committed by an earlier attempt of the same run. */
  alreadyCommitted: boolean;
  /** Of the child tables; absent: there are none. */
  children?: ChildLoadResult[];
}

export interface ChildLoadResult extends LoadResult {
  table: string;
}

/** The table as it stands; null when there is none. */
export type ExistingColumns = StageColumn[] | null;

/** The latest committed load of a pipeline into a table. */
export interface LastLoad {
  loadId: string;
  runId: string;
  configVersion: number;
  signature: string;
  committedAt: Date;
  /** The database refused rows of it that it may take now. */
  mayTakeMore: boolean;
}

/** What a committed load was made of. */
export interface LoadContents {
  /** Of its stage, in their order; null where nothing can go on from it: they were not kept, or its rows were forgotten. */
  columns: StageColumn[] | null;
  files: LoadedFile[];
}

export interface LoadedFile extends FileCounts {
  /** How many of its rejects are still there as the load has told them. */
  keptRejects: number;
}

/** The rejects of a stream whose run fails because of them. */
export interface RejectsToRecord {
  runId: string;
  pipeline: string;
  configVersion: number;
  table: string;
  /** NDJSON of StageReject. */
  rejectsPath: string;
}

/** A stored reject. */
export interface Reject {
  pipeline: string;
  configVersion: number;
  table: string;
  source: number;
  file: string;
  line: number | null;
  column: string | null;
  reason: string;
  raw: string;
}

export interface RejectFilter {
  table?: string;
  file?: string;
  column?: string;
  /** A part of the reason, in upper or lower case. */
  reason?: string;
}

export interface RejectPageRequest extends RejectFilter {
  /** `nextCursor` of the page before. */
  cursor?: string;
  /** 1 to 500; default 100. */
  limit?: number;
}

export interface RejectPage {
  items: Reject[];
  nextCursor: string | null;
  /** On all pages together. */
  total: number;
}

import type { Target } from '../load.js';
import type { TablePlace } from '../quote-name.js';
import type { SchemaChanges } from '../schema-changes.js';
import type { Session } from '../session.js';

export type TransformKindName = 'view' | 'table' | 'statement';

/** SQL that runs in the target after loads, in one transaction. */
export interface TransformRequest {
  target: Target;
  /** The target is the database that the service keeps its own tables in. */
  isServiceDatabase: boolean;
  /** Whether a superuser may run it on the service's own database. */
  allowSuperuser: boolean;
  runId: string;
  /** Which attempt of the run this is, see `LoadRequest`. */
  attempt: number;
  pipeline: string;
  configVersion: number;
  name: string;
  as: TransformKindName;
  /** Checked; one for a view or a table. */
  statements: readonly string[];
  /** Tables and transforms whose rows it is made of. */
  needs: readonly string[];
  signal?: AbortSignal;
}

export interface TransformResult {
  /** Nothing that it is made of has changed since it ran last, neither rows nor SQL. */
  isUnchanged: boolean;
  /** Rows that it wrote; null where it wrote none by itself, as a view. */
  rows: number | null;
}

/** What a kind of transform works with: one transaction, in which nothing else makes the same view or table. */
export interface TransformStep {
  session: Session;
  place: TablePlace;
  statements: readonly string[];
  changes: SchemaChanges;
}

/** A kind of transform. */
export interface TransformKind {
  /** New rows of what it is made of are a reason to run it again. */
  followsRows: boolean;
  /** Whether what it has made is still there. */
  isThere(step: TransformStep): Promise<boolean>;
  /** @returns rows that were written; null: none are written */
  apply(step: TransformStep): Promise<number | null>;
}

import type { AfterRefusal, StageColumn } from '../../schema/stage.js';
import type { TableColumn } from '../describe-table.js';
import type { LoadRequest } from '../load.js';
import type { TablePlace } from '../quote-name.js';
import type { TableRules } from '../rules/table-rules.js';
import type { SchemaChanges } from '../schema-changes.js';
import type { Session } from '../session.js';
import type { TableLock, WriteModeName, WriteRule } from './write-rule.js';

/**
 * The stage's rows in `pg_temp.incoming`, a table of the load's transaction: `"#row"` (place in the stage), `"#file"`
 * (index of its file), `"#hash"` (identity; NULL where none was asked for), and the stage's columns with the types that the target's have.
 */
export interface Incoming {
  /** The stage's columns as the target has them, in the stage's order. */
  columns: TableColumn[];
  /** Rows that were copied, those included that were taken out since. */
  copied: number;
  /** Rows that are still there. */
  left: number;
  bytes: number;
  /** What the stage is without the rows that were taken out; null: none was. */
  screened: AfterRefusal | null;
}

/**
 * Takes rows that the table would refuse out of `pg_temp.incoming`, before the mode's own statements, and refuses them in
 * the stage (`Stage.refuse`), so that they are rejects with place and text.
 *
 * @returns the stage without them; null: there was none
 */
export type Screen = (step: WriteStep, incoming: Incoming) => Promise<AfterRefusal | null>;

/** What a mode works with: the load's own transaction, in which the table is locked and takes the stage's columns. */
export interface WriteStep {
  session: Session;
  request: LoadRequest;
  rule: WriteRule;
  place: TablePlace;
  /** The registry's id of the table. */
  tableId: number;
  /** How the table was written last; null: never, so that its rows are the user's own. */
  before: WriteModeName | null;
  changes: SchemaChanges;
  /** What rows of the stage may break, so that the table would refuse them; null: nothing. */
  rules: TableRules | null;
  /** Takes out rows that the table would refuse; null: it refuses none. */
  screen: Screen | null;
}

/** What became of the rows of one file that passed every check. */
export interface FileOutcome {
  /** Index in the stage's files. */
  file: number;
  inserted: number;
  updated: number;
  duplicate: number;
}

/** A number that two parties counted. */
export type Agreement = [what: string, expected: number, got: number];

export interface Written {
  /** Files without rows may be missing. */
  files: FileOutcome[];
  /** Rows that left the table. */
  deleted: number;
  /** Bytes of row data that travelled through COPY. */
  rowBytes: number;
  /** Counts that must agree, or the load is undone. */
  agreements: Agreement[];
  /** What the stage is without the rows that a screen took out; absent: no row was. */
  screened?: AfterRefusal | null;
}

/** One way in which a load treats what the table already holds. */
export interface WriteMode {
  /** Taken before anything is looked at. A mode that goes by what the table holds lets nobody else write meanwhile. */
  readonly lock: TableLock;
  /** Columns that the table has besides the stage's; absent: none. */
  ownColumns?(rule: WriteRule): StageColumn[];
  /** Begins what takes a while and asks nothing of the database, while the load waits for its turn. Absent: nothing does. */
  begin?(request: LoadRequest): void;
  /**
   * Writes a stage into the table. Again is the same as once: of a stage that the table has had nothing is changed.
   *
   * @throws TerminalError when the table is not to be written in this way; nothing is changed then
   */
  write(step: WriteStep): Promise<Written>;
  /** Why rejects cannot be taken up again in this mode; null: they can. */
  refuseReplay(rule: WriteRule): string | null;
}

import type { TablePlace } from '../quote-name.js';
import type { Session } from '../session.js';

/** Something that every row of a table must keep. */
export interface Rule {
  /** Its name in the catalog, by which errors tell it; null: it has none. */
  name: string | null;
  /** Columns of the table that it looks at. */
  columns: string[];
  /** Why a row that breaks it is refused; holds no value of a row. */
  reason: string;
  /**
   * SQL of the rows (`"#row"`, `"#file"`, `reason`) that break it, each once; it may fail on a row. null: only an attempt
   * to write them shows.
   */
  findBroken(search: Search): string | null;
  /** It holds rows against each other: which of them breaks it is known when all others that are refused are. */
  comparesRows?: true;
  /**
   * No row with these columns can break it, whatever it holds.
   *
   * @param key of rows with the same values there no two will be in the table; absent: nothing is known of that
   */
  isIdle(columns: IncomingColumns, key?: readonly string[]): boolean;
}

/** The columns of the rows that come in, and whether each always has a value. */
export type IncomingColumns = ReadonlyMap<string, { required: boolean }>;

/** A table and what is known of it. */
export interface RuledTable {
  place: TablePlace;
  oid: number;
}

/** What a search for rows that break a rule goes by. */
export interface Search {
  place: TablePlace;
  /** SQL of the rows that may come in: `pg_temp.incoming` without those that are refused already. */
  rows: string;
  /** Names of the columns that they have; the others get what the table has for them by default. */
  columns: IncomingColumns;
  /** SQL of those of some rows that will be in the table, unless they are refused: not all are that have one key. */
  contenders(rows: string): string;
  /** SQL that holds for a row of the table, by its alias, that will still be there as it is. */
  kept(alias: string): string;
  /** SQL that holds for an incoming row, by its alias, that takes the place of none in the table. */
  fresh(alias: string): string;
}

/** One kind of rule: finds those of a table. */
export type ListRules = (session: Session, table: RuledTable) => Promise<Rule[]>;

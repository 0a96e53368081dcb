/** The keys of the rows that a parent's load has brought: a table of the session, while its child tables are loaded. */
export const PARENT_KEYS = 'parent_keys';

export type WriteModeName = 'append' | 'insert' | 'replace' | 'upsert' | 'scd2';

/** A stream's write mode with what it goes by. */
export interface WriteRule {
  mode: WriteModeName;
  /** Columns that tell rows apart; absent: none. */
  key?: string[];
  /** Of rows with one key that with the greatest value here counts, NULL being the least; absent: the last one. */
  orderBy?: string;
  /** `replace`: the fewest rows that it may leave; absent: one, where there are some. */
  minRows?: number;
  /** `replace`: the greatest share of the rows by which it may make the table smaller; absent: no bound. */
  maxShrink?: number;
  /** `scd2`: the columns that say since and until when a version of a row holds. */
  history?: { from: string; to: string };
  /**
   * `replace` of a child table: only the rows that these columns lead from to one of `PARENT_KEYS` are replaced; absent:
   * all.
   */
  within?: string[];
}

/** What others may still do to the table while a load writes it. */
export type TableLock = 'ROW EXCLUSIVE' | 'SHARE ROW EXCLUSIVE';

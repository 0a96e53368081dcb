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
   * `replace` of a child table: only rows that belong to one that the load of `root` has brought are replaced, and
   * `columns` lead to its key. Absent: all.
   */
  within?: { columns: string[]; root: string };
}

/** What others may still do to the table while a load writes it. */
export type TableLock = 'ROW EXCLUSIVE' | 'SHARE ROW EXCLUSIVE';

/** The key of which the write mode brings one row each, and puts it in the place of the table's; undefined: of none. */
export function keyOfOne({ mode, key }: Pick<WriteRule, 'mode' | 'key'>): string[] | undefined {
  return mode === 'upsert' || mode === 'replace' ? key : undefined;
}

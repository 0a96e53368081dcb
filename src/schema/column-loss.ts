/** Something of a column's values that does not come through as it was written. */
export interface ColumnLoss {
  /** The column; of one that is left out, or whose name was cut, its name in the source. */
  column: string;
  kind: LossKind;
  /** `altered`: the value is loaded in another form. `rejected`: its record is refused. `nulled`: it becomes NULL. `left_out`: the column is. */
  effect: 'altered' | 'rejected' | 'nulled' | 'left_out';
  /** What is lost, in a sentence. */
  says: string;
  /** Records that it happens to; null where it is the column's and not its values'. */
  count: number | null;
  /** A few of the texts, cut to 200 characters. */
  samples: string[];
}

export type LossKind =
  | 'leading_zeros'
  | 'plus_sign'
  | 'precision'
  | 'ambiguous_date'
  | 'length'
  | 'nul'
  | 'long_name'
  | 'column_left_out';

/**
 * How the values of a cursor are compared and written. One file for each; `cursor-kinds.ts` lists them. `Key` is what a
 * value is compared by.
 */
export interface CursorKind<Key> {
  /** null: the text is no value of this kind. */
  read(text: string): Key | null;
  /** Whether it is a time that cannot be yet; `now` in milliseconds since the epoch. Absent where values are no times. */
  isAhead?(key: Key, now: number): boolean;
  /** Below zero when `a` comes before `b`. */
  compare(a: Key, b: Key): number;
  /** The value as a request has it, moved back by `lookback`. Expects a text that `read` can read. */
  write(text: string, lookback: number): string;
}

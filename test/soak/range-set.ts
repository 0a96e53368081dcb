/** Whole numbers from `from` to before `to`. */
export type Range = [from: number, to: number];

/** A set of whole numbers, kept as ranges: rows are numbered, and come and stay in long runs of numbers. */
export class RangeSet {
  private ranges: Range[];

  constructor(ranges: Range[] = []) {
    this.ranges = normalise(ranges);
  }

  get size(): number {
    return this.ranges.reduce((sum, [from, to]) => sum + to - from, 0);
  }

  add(more: Range[]): void {
    this.ranges = normalise([...this.ranges, ...more]);
  }

  list(): Range[] {
    return this.ranges;
  }

  union(other: RangeSet): RangeSet {
    return new RangeSet([...this.ranges, ...other.ranges]);
  }

  /** What is here and not there. */
  without(other: RangeSet): RangeSet {
    const left: Range[] = [];
    let at = 0;
    for (const [from, to] of this.ranges) {
      let next = from;
      while (at < other.ranges.length && other.ranges[at]![1] <= from) at++;
      for (let hole = at; hole < other.ranges.length && other.ranges[hole]![0] < to; hole++) {
        const [start, end] = other.ranges[hole]!;
        if (start > next) left.push([next, start]);
        next = Math.max(next, end);
      }
      if (next < to) left.push([next, to]);
    }
    return new RangeSet(left);
  }

  covers(ranges: Range[]): boolean {
    return new RangeSet(ranges).without(this).size === 0;
  }

  /** For messages: the count and the first few. */
  toString(): string {
    const shown = this.ranges.slice(0, 5).map(([from, to]) => (to - from === 1 ? from : `${from}-${to - 1}`));
    const more = this.ranges.length > shown.length ? ', …' : '';
    return this.size === 0 ? 'none' : `${this.size} (${shown.join(', ')}${more})`;
  }
}

/** Ranges of these numbers, which may come in any order. */
export function toRanges(numbers: number[]): Range[] {
  return normalise(numbers.map((number): Range => [number, number + 1]));
}

function normalise(ranges: Range[]): Range[] {
  const sorted = ranges.filter(([from, to]) => from < to).sort((a, b) => a[0] - b[0]);
  const joined: Range[] = [];
  for (const [from, to] of sorted) {
    const last = joined.at(-1);
    if (last && from <= last[1]) last[1] = Math.max(last[1], to);
    else joined.push([from, to]);
  }
  return joined;
}

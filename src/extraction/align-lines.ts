import type { LineWindow } from './line-window.js';

/** So many lines of each text are looked at to find one that both have. */
const MOST_LINES = 4_096;

/** Lines at the beginning of both texts, up to one that both have. Lengths in bytes. */
export interface Difference {
  gone: { lines: number; bytes: number };
  added: { lines: number; bytes: number };
}

/**
 * Where two texts that begin with different lines become the same again: the first line of one that is found in the
 * other, as few lines further as possible. null: no line in reach is in both.
 */
export function alignLines(before: LineWindow, now: LineWindow): Difference | null {
  const left = new LinesAhead(before);
  const right = new LinesAhead(now);
  for (let count = 0; count < MOST_LINES; count++) {
    const gone = left.next();
    const added = right.next();
    if (gone === null && added === null) break;
    const found = gone === null ? undefined : right.find(gone);
    if (found !== undefined) return { gone: left.upTo(count), added: right.upTo(found) };
    const other = added === null ? undefined : left.find(added);
    if (other !== undefined) return { gone: left.upTo(other), added: right.upTo(count) };
  }
  // Both are at an end, and nothing is the same any more.
  return left.isAll() && right.isAll() ? { gone: left.upTo(), added: right.upTo() } : null;
}

class LinesAhead {
  /** Where each line begins, and where the last one ends. */
  private readonly starts = [0];
  private readonly numbers = new Map<string, number>();

  constructor(private readonly window: LineWindow) {}

  /** null: there is no other line in the window. */
  next(): string | null {
    const from = this.starts.at(-1)!;
    const end = this.window.lineEnd(from);
    if (end === -1) return null;
    const line = this.window.lineAt(from, end);
    if (!this.numbers.has(line)) this.numbers.set(line, this.starts.length - 1);
    this.starts.push(end);
    return line;
  }

  find(line: string): number | undefined {
    return this.numbers.get(line);
  }

  /** The lines before that number; absent: all that were looked at. */
  upTo(lines = this.starts.length - 1): Difference['gone'] {
    return { lines, bytes: this.starts[lines]! };
  }

  isAll(): boolean {
    return this.window.isLast && this.starts.at(-1) === this.window.bytes.length;
  }
}

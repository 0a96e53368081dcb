import { setImmediate } from 'node:timers/promises';
import { alignLines, type Difference } from './align-lines.js';
import { findStretch, type Stretch } from './find-stretch.js';
import { LineWindow } from './line-window.js';
import type { ByteSource } from './read-chunks.js';

const LF = 10;
const AHEAD_BYTES = 1 << 20;
const MOST_STEPS = 200_000;
/** Each may read what is left of both texts. */
const MOST_STRETCHES = 16;
/** Bytes that are compared at a time. */
const BLOCK = 1_024;
/** Lines that differ, after which others have their turn at the thread. */
const TURN_LINES = 8_192;

/** So many lines that stay, then so many that are gone, then so many that are new. */
export type LineStep = [kept: number, gone: number, added: number];

export interface LineSink {
  /** New lines, each with its line end if it has one; the bytes are used again. */
  add(lines: Buffer): void;
  /** Called now and again: what was added is to be out of the way. */
  flush(): Promise<void>;
}

export interface CompareOptions {
  sink: LineSink;
  /** Told of the text before, in order, as it is read. */
  onBefore: (bytes: Buffer) => void;
  /** More bytes of new lines than these are not worth it. */
  mostBytes: number;
  /** More changes than these would take too much memory. */
  mostSteps?: number;
  /** So far ahead lines are looked for that both texts have; a line that is longer ends the comparison. */
  aheadBytes?: number;
  signal?: AbortSignal;
}

/**
 * Goes through a text and an earlier state of it side by side, and hands out the lines that are new. A line that was
 * moved is gone, and new. Lines are told apart by their bytes; whether the last one ends with LF makes no difference.
 *
 * @returns null where the texts have too little in common
 */
export async function compareLines(
  before: ByteSource,
  now: ByteSource,
  { sink, onBefore, mostBytes, mostSteps = MOST_STEPS, aheadBytes = AHEAD_BYTES, signal }: CompareOptions,
): Promise<LineStep[] | null> {
  const comparison = new Comparison(
    new LineWindow(before, aheadBytes, onBefore),
    new LineWindow(now, aheadBytes),
    sink,
  );
  for (;;) {
    signal?.throwIfAborted();
    await comparison.fill();
    const state = comparison.advance();
    await sink.flush();
    if (comparison.addedBytes > mostBytes || comparison.steps.length > mostSteps) return null;
    if (state === 'different' && !(await comparison.passStretch(mostBytes, signal))) return null;
    if (state === 'ended') return comparison.steps;
    await setImmediate();
  }
}

class Comparison {
  readonly steps: LineStep[] = [];
  addedBytes = 0;
  private stretches = 0;

  constructor(
    private readonly before: LineWindow,
    private readonly now: LineWindow,
    private readonly sink: LineSink,
  ) {}

  async fill(): Promise<void> {
    await Promise.all([this.before.fill(), this.now.fill()]);
  }

  /** `more`: the windows have to be filled, or it was at work for long. */
  advance(): 'more' | 'ended' | 'different' {
    const { before, now } = this;
    for (let lines = 0; lines < TURN_LINES;) {
      if (before.isLow() || now.isLow()) return 'more';
      if (before.bytes.length === 0 && now.bytes.length === 0) return 'ended';
      const kept = this.passCommon();
      if (kept > 0) {
        this.note(kept, 0, 0);
        continue;
      }
      const difference = this.restOfOne() ?? alignLines(before, now);
      if (difference === null || difference.gone.bytes + difference.added.bytes === 0) return 'different';
      this.take(difference);
      lines += difference.gone.lines + difference.added.lines;
    }
    return 'more';
  }

  /** Moves on over many lines that only one text has; false: there are none, or too often. */
  async passStretch(mostBytes: number, signal?: AbortSignal): Promise<boolean> {
    if (++this.stretches > MOST_STRETCHES) return false;
    const stretch = await findStretch(this.before, this.now, mostBytes - this.addedBytes, signal);
    return stretch !== null && (await this.takeStretch(stretch));
  }

  private async takeStretch({ side, bytes }: Stretch): Promise<boolean> {
    const window = side === 'gone' ? this.before : this.now;
    const none = { lines: 0, bytes: 0 };
    for (let left = bytes; left > 0;) {
      await window.fill();
      const part = window.bytes.subarray(0, left);
      if (part.length === 0) return false;
      const some = { lines: countLines(part).lines, bytes: part.length };
      this.take(side === 'gone' ? { gone: some, added: none } : { gone: none, added: some });
      await this.sink.flush();
      left -= part.length;
    }
    return true;
  }

  /** Moves on over the lines that are the same, and counts them. */
  private passCommon(): number {
    const { before, now } = this;
    const at = firstDifference(before.bytes, now.bytes);
    let { lines, end } = countLines(now.bytes.subarray(0, at));
    let endBefore = end;
    if (at > end) {
      // A line that ends here in both, in one at least without a line end.
      const [first, second] = [endOf(before, at), endOf(now, at)];
      if (first !== -1 && second !== -1) {
        lines++;
        [endBefore, end] = [first, second];
      }
    }
    before.skip(endBefore);
    now.skip(end);
    return lines;
  }

  /** What is left of one text where the other has ended. */
  private restOfOne(): Difference | null {
    const none = { lines: 0, bytes: 0 };
    if (this.before.bytes.length === 0) return { gone: none, added: wholeLines(this.now) };
    return this.now.bytes.length === 0 ? { gone: wholeLines(this.before), added: none } : null;
  }

  private take({ gone, added }: Difference): void {
    if (added.bytes > 0) this.sink.add(this.now.bytes.subarray(0, added.bytes));
    this.addedBytes += added.bytes;
    this.before.skip(gone.bytes);
    this.now.skip(added.bytes);
    this.note(0, gone.lines, added.lines);
  }

  private note(kept: number, gone: number, added: number): void {
    const last = this.steps.at(-1);
    if (!last || (kept > 0 && last[1] + last[2] > 0)) this.steps.push([kept, gone, added]);
    else {
      last[0] += kept;
      last[1] += gone;
      last[2] += added;
    }
  }
}

/** Where two texts begin to differ, or where the shorter one ends. */
function firstDifference(left: Buffer, right: Buffer): number {
  const length = Math.min(left.length, right.length);
  let at = 0;
  while (at + BLOCK <= length && left.compare(right, at, at + BLOCK, at, at + BLOCK) === 0) at += BLOCK;
  while (at < length && left[at] === right[at]) at++;
  return at;
}

/** The lines that have an end, and where the last of them ends. */
function countLines(bytes: Buffer): { lines: number; end: number } {
  let lines = 0;
  let end = 0;
  for (let at = bytes.indexOf(LF); at !== -1; at = bytes.indexOf(LF, end)) {
    lines++;
    end = at + 1;
  }
  return { lines, end };
}

/** Where a line ends whose text ends at `at`; -1: it goes on. */
function endOf({ bytes, isLast }: LineWindow, at: number): number {
  if (bytes[at] === LF) return at + 1;
  return isLast && at === bytes.length ? at : -1;
}

/** The lines that are whole in a window. */
function wholeLines({ bytes, isLast }: LineWindow): Difference['gone'] {
  const { lines, end } = countLines(bytes);
  return isLast && end < bytes.length ? { lines: lines + 1, bytes: bytes.length } : { lines, bytes: end };
}

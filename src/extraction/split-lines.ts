import type { TextWindow } from './text-window.js';

/** Longest record in bytes. */
export const mostRecordBytes = 16 * 2 ** 20;

export interface LineSink {
  /** Tries the short way with the record at `start`: the position after it, which counts once it is kept, or -1. */
  tryFlat?(start: number, line: number): number;
  keepFlat?(): void;
  /** A line that is not blank: positions in the window without the white space around it, and its number. */
  take(start: number, end: number, line: number): void;
  /** A line longer than any record may be; `start` as above. */
  refuseLong(start: number, line: number): void;
  /** Called before the window moves on. */
  flush(): Promise<void>;
}

const LF = 10;
const CR = 13;

/** Goes through a text line by line (LF or CRLF) in bounded memory. */
export async function splitLines(window: TextWindow, sink: LineSink, signal?: AbortSignal): Promise<void> {
  let isSkipping = false;
  for (;;) {
    const at = takeLines(window, sink, isSkipping);
    isSkipping &&= at === 0;
    if (window.isLast) return sink.flush();
    if (window.length - at > mostRecordBytes) {
      if (!isSkipping) sink.refuseLong(at, window.lineAt(at));
      isSkipping = true;
    }
    await sink.flush();
    signal?.throwIfAborted();
    await window.refill(isSkipping ? window.length : at);
  }
}

/** Takes the lines that lie whole in the window and returns the position after them. */
function takeLines(window: TextWindow, sink: LineSink, isFirstSkipped: boolean): number {
  const { bytes, length, isLast } = window;
  let isSkipped = isFirstSkipped;
  for (let at = 0; ;) {
    const next = isSkipped ? -1 : takeFlat(window, sink, at);
    if (next !== -1) {
      at = next;
      continue;
    }
    const end = bytes.indexOf(LF, at);
    if (end === -1 && !isLast) return at;
    if (!isSkipped) takeLine(window, at, end === -1 ? length : end, sink);
    if (end === -1) return length;
    isSkipped = false;
    at = end + 1;
  }
}

/** Position after a line that went the short way, its end included; -1 when it does not. */
function takeFlat(window: TextWindow, sink: LineSink, at: number): number {
  if (sink.tryFlat === undefined) return -1;
  const end = sink.tryFlat(at, window.lineAt(at));
  if (end === -1) return -1;
  const next = window.bytes[end] === CR ? end + 1 : end;
  if (window.bytes[next] !== LF) return -1;
  sink.keepFlat?.();
  return next + 1;
}

function takeLine(window: TextWindow, start: number, end: number, sink: LineSink): void {
  const last = end > start && window.bytes[end - 1] === CR ? end - 1 : end;
  if (last > start) sink.take(start, last, window.lineAt(start));
}

import type { TextWindow } from './text-window.js';

/** Longest record in bytes. */
export const mostRecordBytes = 64 * 2 ** 20;

export interface LineSink {
  /** A line that is not blank: positions in the window without the white space around it, and its number. */
  take(start: number, end: number, line: number): void;
  /** A line longer than any record may be; `start` as above. */
  refuseLong(start: number, line: number): void;
  /** Called before the window moves on. */
  flush(): Promise<void>;
}

const CR = 13;

/** Goes through a text line by line (LF or CRLF) in bounded memory. */
export async function splitLines(window: TextWindow, sink: LineSink, signal?: AbortSignal): Promise<void> {
  let isSkipping = false;
  for (;;) {
    const { text } = window;
    let at = 0;
    for (let end = text.indexOf('\n'); end !== -1; end = text.indexOf('\n', at)) {
      if (!isSkipping) takeLine(window, at, end, sink);
      isSkipping = false;
      at = end + 1;
    }
    if (window.isLast) {
      if (!isSkipping) takeLine(window, at, text.length, sink);
      return sink.flush();
    }
    if (text.length - at > mostRecordBytes) {
      if (!isSkipping) sink.refuseLong(at, window.lineAt(at));
      isSkipping = true;
    }
    await sink.flush();
    signal?.throwIfAborted();
    await window.refill(isSkipping ? text.length : at);
  }
}

function takeLine(window: TextWindow, start: number, end: number, sink: LineSink): void {
  const { text } = window;
  const last = end > start && text.charCodeAt(end - 1) === CR ? end - 1 : end;
  if (last > start) sink.take(start, last, window.lineAt(start));
}

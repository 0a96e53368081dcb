import type { ByteSource } from './read-chunks.js';

const LF = 10;
const LINE_END = Buffer.of(LF);
/** Bytes that are looked through at a time. */
const FIND_BYTES = 1 << 20;

/** The part of a text that is looked at: whole lines of it, most of the time many. Memory is used again when it moves on. */
export class LineWindow {
  private readonly buffer: Buffer;
  private readAt = 0;
  /** What is left to look at; its end may be in the middle of a line unless it `isLast`. */
  bytes: Buffer;
  /** Nothing comes behind it. */
  isLast = false;

  /**
   * @param aheadBytes more of the text than this is in the window after `fill`, or all there is
   * @param onRead told of the text as it is read, in order
   */
  constructor(
    private readonly source: ByteSource,
    private readonly aheadBytes: number,
    private readonly onRead: (bytes: Buffer) => void = () => {},
  ) {
    this.buffer = Buffer.allocUnsafe(aheadBytes * 4);
    this.bytes = this.buffer.subarray(0, 0);
  }

  isLow(): boolean {
    return !this.isLast && this.bytes.length <= this.aheadBytes;
  }

  async fill(): Promise<void> {
    if (!this.isLow()) return;
    let end = this.bytes.copy(this.buffer);
    while (!this.isLast && end < this.buffer.length) {
      const { bytesRead } = await this.source.read(this.buffer, end, this.buffer.length - end, this.readAt);
      this.onRead(this.buffer.subarray(end, end + bytesRead));
      this.isLast = bytesRead === 0;
      this.readAt += bytesRead;
      end += bytesRead;
    }
    this.bytes = this.buffer.subarray(0, end);
  }

  /** Moves on over so many bytes. */
  skip(length: number): void {
    this.bytes = this.bytes.subarray(length);
  }

  /**
   * How many bytes further on the same lines stand, also beyond the window, which stays where it is; -1: nowhere.
   *
   * @param lines whole ones
   */
  async find(
    lines: Buffer,
    { most = Infinity, signal }: { most?: number; signal?: AbortSignal },
  ): Promise<number> {
    if (lines.length === 0) return -1;
    const sought = Buffer.concat([LINE_END, lines]);
    const from = this.readAt - this.bytes.length;
    const buffer = Buffer.allocUnsafe(FIND_BYTES + sought.length);
    let held = 0;
    for (let at = from; at < from + most;) {
      signal?.throwIfAborted();
      const { bytesRead } = await this.source.read(buffer, held, buffer.length - held, at);
      if (bytesRead === 0) break;
      const bytes = buffer.subarray(0, held + bytesRead);
      const found = bytes.indexOf(sought);
      if (found !== -1) return at - held + found + LINE_END.length - from;
      at += bytesRead;
      held = bytes.subarray(Math.max(0, bytes.length - sought.length)).copy(buffer);
    }
    return -1;
  }

  /** Where the line that begins at `from` ends, behind its line end; -1 where there is none, or not all of it. */
  lineEnd(from: number): number {
    const end = this.bytes.indexOf(LF, from);
    if (end !== -1) return end + 1;
    return this.isLast && from < this.bytes.length ? this.bytes.length : -1;
  }

  /** A line without its LF. */
  lineAt(from: number, end: number): string {
    return this.bytes.toString('latin1', from, this.bytes[end - 1] === LF ? end - 1 : end);
  }
}

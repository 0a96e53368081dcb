import type { ByteSource } from './read-chunks.js';

const LF = 10;

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

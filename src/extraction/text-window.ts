import type { ByteSource } from './read-chunks.js';

const defaultReadBytes = 1 << 20;
const mostReadBytes = 8 << 20;
const LF = 10;

/**
 * A moving window over a text on disk. `text` holds one character per byte of `bytes` (Latin-1), so that positions are byte offsets,
 * scanning is fast, and what is cut out of it and written as Latin-1 is the same bytes again. JSON's structure is ASCII and cannot
 * be misread so.
 */
export class TextWindow {
  /**
   * The window's bytes and a zero behind them, which ends every scan: reading beyond the end would slow all reads down. The window
   * after the next lies in the same memory: nothing of it may be kept.
   */
  bytes: Buffer = Buffer.alloc(1);
  /** Whether the window reaches to the end of the text. */
  isLast: boolean;
  /** Byte offset in the file at which the window begins. */
  base: number;
  private current: Buffer = Buffer.alloc(0);
  private spare: Buffer = Buffer.alloc(0);
  private made: string | null = '';
  private line = 1;
  private nextLineEnd = Infinity;

  constructor(
    private readonly handle: ByteSource,
    private readonly range: { start: number; end: number; readBytes?: number },
  ) {
    this.base = range.start;
    this.isLast = range.start >= range.end;
  }

  get length(): number {
    return this.bytes.length - 1;
  }

  /** Made when it is first asked for: most windows of flat records do without, and a large string for each is dear to collect. */
  get text(): string {
    this.made ??= this.bytes.toString('latin1', 0, this.length);
    return this.made;
  }

  /** Drops the text before `from` and reads on; the more the longer the rest is, so that a long record is not scanned often. */
  async refill(from: number): Promise<void> {
    this.lineAt(from);
    const { end, readBytes = defaultReadBytes } = this.range;
    const rest = this.length - from;
    this.base += from;
    const at = this.base + rest;
    const wanted = Math.min(Math.max(readBytes, Math.min(rest, mostReadBytes)), end - at);
    const bytes = this.takeSpare(rest + wanted + 1);
    this.bytes.copy(bytes, 0, from, from + rest);
    const { bytesRead } = await this.handle.read(bytes, rest, wanted, at);
    this.isLast = bytesRead === 0 || at + bytesRead >= end;
    this.made = null;
    this.bytes = bytes.subarray(0, rest + bytesRead + 1);
    this.bytes[rest + bytesRead] = 0;
    this.nextLineEnd = this.nextLineEnd === Infinity ? this.lineEndFrom(rest) : this.nextLineEnd - from;
  }

  /** 1-based line of a position in the window. Positions must not go back. */
  lineAt(position: number): number {
    while (this.nextLineEnd < position) {
      this.line++;
      this.nextLineEnd = this.lineEndFrom(this.nextLineEnd + 1);
    }
    return this.line;
  }

  private lineEndFrom(position: number): number {
    const at = this.bytes.indexOf(LF, position);
    return at === -1 ? Infinity : at;
  }

  /** Memory for the next window: that of the one before this, unless it has become too small. */
  private takeSpare(length: number): Buffer {
    const spare = this.spare.length < length ? Buffer.allocUnsafeSlow(length) : this.spare;
    this.spare = this.current;
    this.current = spare;
    return spare;
  }
}

/** The text that a slice of a window stands for; bytes that are not UTF-8 become U+FFFD. */
export function decodeSlice(slice: string): string {
  return Buffer.from(slice, 'latin1').toString();
}

/** The slice that stands for a text. */
export function encodeSlice(text: string): string {
  return Buffer.from(text).toString('latin1');
}

import type { FileHandle } from 'node:fs/promises';

const readBytes = 1 << 20;

/**
 * A moving window over a text on disk. `text` holds one character per byte (Latin-1), so that positions are byte offsets, scanning is
 * fast, and what is cut out of it and written as Latin-1 is the same bytes again. JSON's structure is ASCII and cannot be misread so.
 */
export class TextWindow {
  text = '';
  /** Whether the window reaches to the end of the text. */
  isLast = false;
  private line = 1;
  private nextLineEnd = Infinity;

  /** @param base byte offset in the file at which the window begins */
  constructor(
    private readonly handle: FileHandle,
    private readonly size: number,
    public base: number,
  ) {
    this.isLast = base >= size;
  }

  /** Drops the text before `from` and reads on; the more the longer the rest is, so that a long record is not scanned often. */
  async refill(from: number): Promise<void> {
    this.lineAt(from);
    const rest = this.text.slice(from);
    this.base += from;
    const at = this.base + rest.length;
    const buffer = Buffer.allocUnsafe(Math.min(Math.max(readBytes, rest.length), this.size - at));
    const { bytesRead } = await this.handle.read(buffer, 0, buffer.length, at);
    this.isLast = bytesRead === 0 || at + bytesRead >= this.size;
    this.text = rest + buffer.toString('latin1', 0, bytesRead);
    this.nextLineEnd =
      this.nextLineEnd === Infinity ? this.lineEndFrom(rest.length) : this.nextLineEnd - from;
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
    const at = this.text.indexOf('\n', position);
    return at === -1 ? Infinity : at;
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

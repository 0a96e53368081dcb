import type { FileHandle } from 'node:fs/promises';
import type { LandedFile, RecordReject } from './landed-file.js';
import type { Landing } from './landing.js';
import { decodeSlice } from './text-window.js';

const longestRaw = 64 * 1024;
const chunkBytes = 1 << 20;
const newChunk = () => Buffer.allocUnsafeSlow(chunkBytes);

/** Writes landed records and rejects. Lines collect in memory until `flush`, which waits for the disk. */
export class NdjsonWriter {
  private readonly full: { chunk: Buffer; used: number }[] = [];
  /** Chunks that were written: used again, for memory that comes and goes by the megabyte is dear to collect. */
  private readonly empty: Buffer[] = [];
  private chunk: Buffer;
  private used = 0;
  private rejectLines = '';
  private rejectCount = 0;
  /** Bytes of the longest line. */
  private longest = 0;
  private rejects: { path: string; handle: FileHandle } | null = null;

  private constructor(
    private readonly landing: Landing,
    private readonly out: { path: string; handle: FileHandle },
  ) {
    // A small file needs little; what a packed one becomes is not known.
    this.chunk = Buffer.allocUnsafeSlow(Math.min(chunkBytes, landing.file.bytes * 2 + 4096));
  }

  static async open(landing: Landing): Promise<NdjsonWriter> {
    return new NdjsonWriter(landing, await landing.create('.ndjson'));
  }

  get path(): string {
    return this.out.path;
  }

  /** A buffer with room for `length` bytes from `at`; what is written there counts once it is committed. */
  reserve(length: number): { buffer: Buffer; at: number } {
    if (this.used + length > this.chunk.length) {
      this.full.push({ chunk: this.chunk, used: this.used });
      this.chunk = length > chunkBytes ? Buffer.allocUnsafe(length) : (this.empty.pop() ?? newChunk());
      this.used = 0;
    }
    return { buffer: this.chunk, at: this.used };
  }

  /** Counts the reserved bytes before `end` as written. */
  commit(end: number): void {
    this.longest = Math.max(this.longest, end - this.used);
    this.used = end;
  }

  /** @param line one character per byte, line end included */
  add(line: string): void {
    const { buffer, at } = this.reserve(line.length);
    this.commit(at + buffer.write(line, at, 'latin1'));
  }

  /** @param reject `raw` as it stands in a window's text; it is cut and decoded here */
  addReject(reject: RecordReject): void {
    this.rejectCount++;
    this.rejectLines += rejectLine(reject);
  }

  async flush(): Promise<void> {
    for (const { chunk, used } of [...this.full.splice(0), { chunk: this.chunk, used: this.used }]) {
      if (used > 0) await this.out.handle.writeFile(chunk.subarray(0, used));
      if (chunk !== this.chunk && chunk.length === chunkBytes) this.empty.push(chunk);
    }
    this.used = 0;
    if (this.rejectLines === '') return;
    this.rejects ??= await this.landing.create('.rejects.ndjson');
    await this.rejects.handle.writeFile(this.rejectLines);
    this.rejectLines = '';
  }

  /** Writes what is left and tells where the rejects are, and how long the longest line is. */
  async finish(): Promise<Pick<LandedFile, 'rejects' | 'longest'>> {
    await this.flush();
    const rejects = this.rejects === null ? null : { path: this.rejects.path, count: this.rejectCount };
    return { rejects, longest: this.longest };
  }
}

/** The line of a reject file; `raw` as it stands in a window's text. */
export function rejectLine(reject: RecordReject): string {
  return `${JSON.stringify({ ...reject, raw: showRaw(reject.raw) })}\n`;
}

/** A record's text for people: at most 64 KiB, whole characters, NUL made visible. */
function showRaw(slice: string): string {
  const isCut = slice.length > longestRaw;
  const text = decodeSlice(isCut ? slice.slice(0, longestRaw) : slice);
  return (isCut ? text.replace(/\ufffd$/, '') : text).replaceAll('\0', '\u2400');
}

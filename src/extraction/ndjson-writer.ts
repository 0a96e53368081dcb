import type { FileHandle } from 'node:fs/promises';
import type { LandedFile, RecordReject } from './landed-file.js';
import type { Landing } from './landing.js';
import { decodeSlice } from './text-window.js';

const longestRaw = 64 * 1024;

/** Writes landed records and rejects. Lines collect in memory until `flush`, which waits for the disk. */
export class NdjsonWriter {
  private lines = '';
  private rejectLines = '';
  private rejectCount = 0;
  private rejects: { path: string; handle: FileHandle } | null = null;

  private constructor(
    private readonly landing: Landing,
    private readonly out: { path: string; handle: FileHandle },
  ) {}

  static async open(landing: Landing): Promise<NdjsonWriter> {
    return new NdjsonWriter(landing, await landing.create('.ndjson'));
  }

  get path(): string {
    return this.out.path;
  }

  /** @param line one character per byte, line end included */
  add(line: string): void {
    this.lines += line;
  }

  /** @param reject `raw` as it stands in a window's text; it is cut and decoded here */
  addReject(reject: RecordReject): void {
    this.rejectCount++;
    this.rejectLines += `${JSON.stringify({ ...reject, raw: showRaw(reject.raw) })}\n`;
  }

  async flush(): Promise<void> {
    const { lines, rejectLines } = this;
    this.lines = '';
    this.rejectLines = '';
    if (lines !== '') await this.out.handle.writeFile(Buffer.from(lines, 'latin1'));
    if (rejectLines === '') return;
    this.rejects ??= await this.landing.create('.rejects.ndjson');
    await this.rejects.handle.writeFile(rejectLines);
  }

  /** Writes what is left and tells where the rejects are. */
  async finish(): Promise<LandedFile['rejects']> {
    await this.flush();
    return this.rejects === null ? null : { path: this.rejects.path, count: this.rejectCount };
  }
}

/** A record's text for people: at most 64 KiB, whole characters, NUL made visible. */
function showRaw(slice: string): string {
  const isCut = slice.length > longestRaw;
  const text = decodeSlice(isCut ? slice.slice(0, longestRaw) : slice);
  return (isCut ? text.replace(/\ufffd$/, '') : text).replaceAll('\0', '\u2400');
}

import { open, type FileHandle } from 'node:fs/promises';
import { hasByteOrderMark, MAX_RECORD_BYTES } from './scan-csv.js';
import type { Dialect } from './stage-request.js';

const LF = 10;
const CR = 13;
const CHUNK = 1 << 20;

/** Where a record stands and what it is. */
export interface FoundRecord {
  /** 1-based line on which the record begins. */
  line: number;
  /** The record without its line end; only valid until the next one is asked for. */
  bytes: Buffer;
}

/**
 * Finds records of a regular text (see `RecordLook`) by their number, as `scanCsv` would count them: without the header and
 * blank lines. In such a text a line end ends a record unless the quotes before it are odd, so that those in between
 * need not be looked into.
 */
export class RecordFinder {
  private bytes = Buffer.allocUnsafe(CHUNK);
  private length = 0;
  private isAtEnd = false;
  /** How far the window was walked, on which line that is, and whether inside quotes. */
  private at = 0;
  private line = 1;
  private isInside = false;
  /** Where the record at hand begins, on which line, and its number. */
  private begin = 0;
  private beginLine = 1;
  private ordinal = 0;
  private isHeaderDue: boolean;
  private readonly quote: number;
  /** No byte above it means anything. */
  private readonly highest: number;

  private constructor(
    private readonly file: FileHandle,
    dialect: Dialect,
    private readonly signal?: AbortSignal,
  ) {
    this.isHeaderDue = dialect.header;
    this.quote = dialect.quote?.charCodeAt(0) ?? -1;
    this.highest = Math.max(CR, this.quote);
  }

  static async open(path: string, dialect: Dialect, signal?: AbortSignal): Promise<RecordFinder> {
    return new RecordFinder(await open(path), dialect, signal);
  }

  close(): Promise<void> {
    return this.file.close();
  }

  /** @param ordinal number of the record, from 0, greater than the one before; null when there are not so many */
  async find(ordinal: number): Promise<FoundRecord | null> {
    for (;;) {
      const end = this.passRecord();
      if (end < 0) {
        if (!(await this.fill())) return null;
        continue;
      }
      const { begin, beginLine } = this;
      this.begin = this.at;
      this.beginLine = this.line;
      if (end === begin) continue;
      if (this.isHeaderDue) this.isHeaderDue = false;
      else if (this.ordinal++ === ordinal) return { line: beginLine, bytes: this.bytes.subarray(begin, end) };
    }
  }

  /** Walks beyond the end of the record at hand. Returns where its line end is; -1: it goes on beyond the window. */
  private passRecord(): number {
    const { bytes, length, quote, highest } = this;
    let { at, line, isInside } = this;
    let end = -1;
    while (at < length && end < 0) {
      const byte = bytes[at] as number;
      if (byte > highest) at++;
      else if (byte === quote) {
        isInside = !isInside;
        at++;
      } else if (byte === LF || byte === CR) {
        // It may be the first half of a line end.
        if (byte === CR && at + 1 === length) break;
        if (!isInside) end = at;
        at += byte === CR && bytes[at + 1] === LF ? 2 : 1;
        line++;
      } else at++;
    }
    this.at = at;
    this.line = line;
    this.isInside = isInside;
    return end;
  }

  /** Moves the window on; false: there is no more. */
  private async fill(): Promise<boolean> {
    this.signal?.throwIfAborted();
    if (this.isAtEnd) return false;
    this.keepRest();
    const room = this.bytes.length - this.length;
    const { bytesRead } = await this.file.read(this.bytes, this.length, room);
    const isStart = this.length === 0 && this.line === 1 && this.ordinal === 0;
    this.length += bytesRead;
    if (bytesRead === 0) {
      // The last line may have no end of its own.
      this.bytes[this.length++] = LF;
      this.isAtEnd = true;
    } else if (isStart && hasByteOrderMark(this.bytes.subarray(0, this.length))) {
      this.at = this.begin = 3;
    }
    return true;
  }

  private keepRest(): void {
    const rest = this.bytes.subarray(this.begin, this.length);
    if (rest.length > MAX_RECORD_BYTES)
      throw new Error('expected records of a regular text, got a longer one');
    const isTight = rest.length > this.bytes.length / 2;
    const next = isTight ? Buffer.allocUnsafe(this.bytes.length * 2) : this.bytes;
    rest.copy(next);
    this.bytes = next;
    this.at -= this.begin;
    this.begin = 0;
    this.length = rest.length;
  }
}

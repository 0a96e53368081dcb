import { isUtf8 } from 'node:buffer';
import { open } from 'node:fs/promises';
import { TerminalError } from '../errors.js';
import type { Dialect } from './stage-request.js';

/** One record of a delimited text, by RFC 4180 with any delimiter; a bare CR ends a record too. */
export interface CsvRecord {
  /** 1-based line on which the record begins. */
  line: number;
  /** Byte offset of its first byte. */
  at: number;
  /** The record without its line end; only valid until the next batch. */
  bytes: Buffer;
  /** What is wrong with it, expected and got; null: nothing. */
  problem: string | null;
  /** A quote stands inside an unquoted field, where it is just a character. */
  hasBareQuote: boolean;
}

const LF = 10;
const CR = 13;
const CHUNK = 1 << 20;
/** A record longer than this is an unclosed quote far more often than data. */
export const MAX_RECORD_BYTES = 16 << 20;

/** An opening quote that nothing closes: what follows cannot be told apart into records any more. */
export class UnclosedQuote extends TerminalError {
  constructor(
    readonly line: number,
    readonly raw: string,
    reason: string,
  ) {
    super('UNCLOSED_QUOTE', reason, [{ line, message: reason }]);
  }
}

/**
 * Walks the records of a UTF-8 text in batches, without the header and blank lines. Every record is checked for its
 * number of fields and its quotes; in an irregular file also for NUL and valid UTF-8.
 *
 * @throws UnclosedQuote when the text ends, or a record passes MAX_RECORD_BYTES, inside quotes
 */
export async function* scanCsv(
  path: string,
  dialect: Dialect,
  fields: number,
  signal?: AbortSignal,
): AsyncGenerator<CsvRecord[]> {
  const scanner = new RecordScanner(dialect, fields);
  const file = await open(path);
  try {
    let held: Buffer = Buffer.alloc(0);
    for (;;) {
      signal?.throwIfAborted();
      const chunk = Buffer.allocUnsafe(CHUNK);
      const { bytesRead } = await file.read(chunk, 0, CHUNK);
      const isEnd = bytesRead === 0;
      const bytes = held.length
        ? Buffer.concat([held, chunk.subarray(0, bytesRead)])
        : chunk.subarray(0, bytesRead);
      const { records, rest } = scanner.take(bytes, isEnd);
      if (records.length) yield records;
      if (isEnd) return;
      held = rest;
    }
  } finally {
    await file.close();
  }
}

interface RecordEnd {
  /** Index of the record's end, before the line end. */
  end: number;
  /** Index of the next record. */
  next: number;
  fields: number;
  /** Number of the last field that is not empty: empty ones beyond the header's are no data. */
  filled: number;
  lines: number;
  problem: string | null;
  hasBareQuote: boolean;
}

class RecordScanner {
  private readonly delimiter: number;
  private readonly quote: number;
  private line = 1;
  private offset = 0;
  private isHeaderDue: boolean;

  constructor(
    private readonly dialect: Dialect,
    private readonly fields: number,
  ) {
    this.delimiter = dialect.delimiter.charCodeAt(0);
    this.quote = dialect.quote === null ? -1 : dialect.quote.charCodeAt(0);
    this.isHeaderDue = dialect.header;
  }

  /** The whole records in `bytes`, and what is left of the last one. */
  take(bytes: Buffer, isEnd: boolean): { records: CsvRecord[]; rest: Buffer } {
    const records: CsvRecord[] = [];
    let start = this.offset === 0 && hasByteOrderMark(bytes) ? 3 : 0;
    while (start < bytes.length) {
      const found = this.findEnd(bytes, start, isEnd);
      if (!found) break;
      const isBlank = found.end === start;
      if (!isBlank && !this.isHeaderDue) records.push(this.describe(bytes, start, found));
      if (!isBlank) this.isHeaderDue = false;
      this.line += found.lines;
      start = found.next;
    }
    if (bytes.length - start > MAX_RECORD_BYTES) throw this.unclosed(bytes, start);
    this.offset += start;
    return { records, rest: bytes.subarray(start) };
  }

  private describe(bytes: Buffer, start: number, found: RecordEnd): CsvRecord {
    const record = bytes.subarray(start, found.end);
    return {
      line: this.line,
      at: this.offset + start,
      bytes: record,
      hasBareQuote: found.hasBareQuote,
      problem: found.problem ?? this.faultOf(record, found),
    };
  }

  private faultOf(record: Buffer, { fields, filled }: RecordEnd): string | null {
    if (!this.dialect.isRegular) {
      if (record.includes(0)) return 'expected text, got a NUL character';
      if (!isUtf8(record)) return 'expected UTF-8 text, got bytes that are none';
    }
    if (record.length > MAX_RECORD_BYTES)
      return `expected at most ${MAX_RECORD_BYTES >> 20} MiB a record, got more`;
    const isWhole = fields >= this.fields && filled <= this.fields;
    return isWhole ? null : `expected ${this.fields} fields, got ${fields}`;
  }

  /** null: the record goes on beyond `bytes`. */
  private findEnd(bytes: Buffer, start: number, isEnd: boolean): RecordEnd | null {
    const found: RecordEnd = {
      end: -1,
      next: -1,
      fields: 1,
      filled: 0,
      lines: 1,
      problem: null,
      hasBareQuote: false,
    };
    let at = start;
    for (;;) {
      const from = at;
      if (bytes[at] === this.quote) {
        at = this.skipQuoted(bytes, at, isEnd, found, start);
        if (at < 0) return null;
      }
      at = this.skipPlain(bytes, at, found);
      if (at > from) found.filled = found.fields;
      if (at >= bytes.length) return isEnd ? ended(found, at, at) : null;
      if (bytes[at] !== this.delimiter) break;
      found.fields++;
      at++;
    }
    if (bytes[at] === LF) return ended(found, at, at + 1);
    if (at + 1 >= bytes.length && !isEnd) return null;
    return ended(found, at, bytes[at + 1] === LF ? at + 2 : at + 1);
  }

  /** From an opening quote to the byte after its closing one; -1: not in `bytes`. */
  private skipQuoted(bytes: Buffer, open: number, isEnd: boolean, found: RecordEnd, start: number): number {
    let close = bytes.indexOf(this.quote, open + 1);
    while (close >= 0 && bytes[close + 1] === this.quote) close = bytes.indexOf(this.quote, close + 2);
    if (close < 0 || (close + 1 >= bytes.length && !isEnd)) {
      if (isEnd) throw this.unclosed(bytes, start);
      return -1;
    }
    found.lines += countLines(bytes, open, close);
    const after = bytes[close + 1];
    if (after !== undefined && after !== this.delimiter && after !== LF && after !== CR) {
      found.problem ??= 'expected a delimiter or a line end after a closing quote, got more text';
    }
    return close + 1;
  }

  /** From inside a field to the next delimiter, line end or end of `bytes`. */
  private skipPlain(bytes: Buffer, from: number, found: RecordEnd): number {
    let at = from;
    for (; at < bytes.length; at++) {
      const byte = bytes[at]!;
      if (byte === this.delimiter || byte === LF || byte === CR) break;
      if (byte === this.quote) found.hasBareQuote = true;
    }
    return at;
  }

  private unclosed(bytes: Buffer, start: number): UnclosedQuote {
    const raw = bytes.subarray(start, start + 1000).toString();
    return new UnclosedQuote(
      this.line,
      raw,
      bytes.length - start > MAX_RECORD_BYTES
        ? `expected a record of at most ${MAX_RECORD_BYTES >> 20} MiB, got a longer one; is a quote not closed?`
        : 'expected a closing quote, got the end of the file',
    );
  }
}

function ended(found: RecordEnd, end: number, next: number): RecordEnd {
  found.end = end;
  found.next = next;
  return found;
}

/** UTF-8's byte order mark, which is no part of the first field. */
export function hasByteOrderMark(bytes: Buffer): boolean {
  return bytes.length > 2 && bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf;
}

function countLines(bytes: Buffer, from: number, to: number): number {
  let lines = 0;
  for (let at = from; at < to; at++) {
    if (bytes[at] === LF || (bytes[at] === CR && bytes[at + 1] !== LF)) lines++;
  }
  return lines;
}

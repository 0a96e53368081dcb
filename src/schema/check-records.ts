import { open } from 'node:fs/promises';
import { SMALL } from '../read-whole.js';
import { hasByteOrderMark } from './scan-csv.js';
import type { Dialect } from './stage-request.js';

const LF = 10;
const CR = 13;
const CHUNK = 1 << 20;

/**
 * Longest record for the fast reader. It refuses those beyond its line size, but drops those beyond its buffer, which is
 * twice this, without a word.
 */
const LONG_RECORD = 4 << 20;
/** So long after the end of a record the next one is looked for; most records end sooner. */
const LOOK_AFTER = 1 << 20;

export interface RecordLook {
  /**
   * Whether the fast reader and RFC 4180 agree on the records: every quote of the text opens or closes a whole field, or
   * is doubled inside one, and no record is very long.
   */
  isRegular: boolean;
  /** All of a small file. */
  bytes: Buffer | null;
}

/** The look at a file that was read already. */
export function lookAtBytes(bytes: Buffer, dialect: Dialect): RecordLook {
  const check = new RecordCheck(dialect);
  const isRegular = check.take(bytes) && check.isClosed;
  return { isRegular, bytes: isRegular ? bytes : null };
}

/** Reads a file once. Searches natively, so that a text without quotes costs next to nothing. */
export async function lookAtRecords(
  path: string,
  dialect: Dialect,
  signal?: AbortSignal,
): Promise<RecordLook> {
  const check = new RecordCheck(dialect);
  const file = await open(path);
  try {
    const { size } = await file.stat();
    const chunk = Buffer.allocUnsafe(Math.min(CHUNK, size));
    for (let at = 0; at < size;) {
      signal?.throwIfAborted();
      const { bytesRead } = await file.read(chunk, 0, chunk.length);
      if (bytesRead === 0) break;
      at += bytesRead;
      if (!check.take(chunk.subarray(0, bytesRead))) return { isRegular: false, bytes: null };
      if (bytesRead === size && size <= SMALL) return { isRegular: check.isClosed, bytes: chunk };
    }
    return { isRegular: check.isClosed, bytes: null };
  } finally {
    await file.close();
  }
}

/** See `RecordLook`. */
export async function hasRegularRecords(
  path: string,
  dialect: Dialect,
  signal?: AbortSignal,
): Promise<boolean> {
  return (await lookAtRecords(path, dialect, signal)).isRegular;
}

class RecordCheck {
  private inside = false;
  /** A quote was the last byte: the next one tells whether it closed the field. */
  private isPending = false;
  private last = LF;
  private isFirst = true;
  /** Bytes since a record was seen to end, up to the chunk at hand. */
  private sinceEnd = 0;

  private readonly quote: number | null;
  private readonly delimiter: number;

  constructor({ quote, delimiter }: Dialect) {
    this.quote = quote?.charCodeAt(0) ?? null;
    this.delimiter = delimiter.charCodeAt(0);
  }

  get isClosed(): boolean {
    return !this.inside || this.isPending;
  }

  /** False as soon as a quote stands where none may, or a record is too long. */
  take(chunk: Buffer): boolean {
    const bytes = this.isFirst && hasByteOrderMark(chunk) ? chunk.subarray(3) : chunk;
    this.isFirst = false;
    let at = this.settlePending(bytes);
    if (at < 0) return false;
    let plainFrom = this.inside ? bytes.length : at;
    while ((at = this.nextQuote(bytes, at)) >= 0) {
      if (!this.inside) {
        if (!this.endsField(at > 0 ? bytes[at - 1]! : this.last)) return false;
        this.passPlain(bytes, plainFrom, at);
        this.inside = true;
        plainFrom = bytes.length;
        at++;
      } else if (at + 1 === bytes.length) {
        this.isPending = true;
        break;
      } else if (bytes[at + 1] === this.quote) {
        at += 2;
      } else {
        if (!this.endsField(bytes[at + 1]!)) return false;
        this.inside = false;
        at++;
        plainFrom = at;
      }
    }
    this.passPlain(bytes, plainFrom, bytes.length);
    this.last = bytes.at(-1) ?? this.last;
    this.sinceEnd += bytes.length;
    return this.sinceEnd <= LONG_RECORD;
  }

  private nextQuote(bytes: Buffer, from: number): number {
    return this.quote === null ? -1 : bytes.indexOf(this.quote, from);
  }

  /** Looks for the end of a record outside quotes. `sinceEnd` may become negative: it counts from the chunk's first byte. */
  private passPlain(bytes: Buffer, from: number, to: number): void {
    if (this.sinceEnd + to <= LOOK_AFTER || from >= to) return;
    const plain = bytes.subarray(from, to);
    const end = Math.max(plain.lastIndexOf(LF), plain.lastIndexOf(CR));
    if (end >= 0) this.sinceEnd = -(from + end);
  }

  /** Where to go on after a quote that ended the last chunk; -1: it stood where none may. */
  private settlePending(bytes: Buffer): number {
    if (!this.isPending) return 0;
    this.isPending = false;
    if (bytes[0] === this.quote) return 1;
    this.inside = false;
    return this.endsField(bytes[0]!) ? 0 : -1;
  }

  private endsField(byte: number): boolean {
    return byte === this.delimiter || byte === LF || byte === CR;
  }
}

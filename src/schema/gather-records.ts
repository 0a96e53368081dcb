import { hasByteOrderMark } from './scan-csv.js';
import type { Dialect } from './stage-request.js';

const LF = 10;
const CR = 13;

export interface GatherOptions {
  dialect: Dialect;
  /** Fields of a record. */
  fields: number;
  /** Stands before every record, delimiter included. */
  prefix: Buffer;
}

/** The most bytes that `gatherRecords` makes of a text: a record of several fields has two bytes at least. */
export function mostGathered(length: number, prefix: Buffer): number {
  return length + (Math.ceil(length / 2) + 1) * (prefix.length + 1);
}

/**
 * Copies the records of a regular text (see `lookAtRecords`) to `out`, from `at` on, without the header and blank lines, each behind the
 * prefix and with LF at its end. Returns the position after them; -1 when one has not just so many fields, which the
 * engine is to tell of.
 */
export function gatherRecords(
  bytes: Buffer,
  options: GatherOptions,
  { out, at }: { out: Buffer; at: number },
): number {
  const walk = new RecordWalk(bytes, options, out);
  walk.to = at;
  let isHeader = options.dialect.header;
  while (walk.skipLineEnds()) {
    if (!walk.copyRecord(isHeader)) return -1;
    isHeader = false;
  }
  return walk.to;
}

class RecordWalk {
  to = 0;
  private from: number;
  private readonly quote: number;
  private readonly delimiter: number;

  constructor(
    private readonly bytes: Buffer,
    private readonly options: GatherOptions,
    private readonly out: Buffer,
  ) {
    this.from = hasByteOrderMark(bytes) ? 3 : 0;
    this.quote = options.dialect.quote?.charCodeAt(0) ?? -1;
    this.delimiter = options.dialect.delimiter.charCodeAt(0);
  }

  /** Whether there is more behind them. */
  skipLineEnds(): boolean {
    while (this.bytes[this.from] === LF || this.bytes[this.from] === CR) this.from++;
    return this.from < this.bytes.length;
  }

  /** Whether it has as many fields as it should; a header is passed over. */
  copyRecord(isHeader: boolean): boolean {
    const begin = this.to;
    const { prefix, fields } = this.options;
    for (let i = 0; i < prefix.length; i++) this.out[this.to++] = prefix[i] as number;
    let found = 1;
    while (this.copyField()) found++;
    this.out[this.to++] = LF;
    if (isHeader) this.to = begin;
    return found === fields;
  }

  /** Whether another one follows. */
  private copyField(): boolean {
    if (this.bytes[this.from] === this.quote) this.copyQuoted();
    const { bytes, out, delimiter } = this;
    let { from, to } = this;
    while (from < bytes.length) {
      const byte = bytes[from] as number;
      if (byte === delimiter || byte === LF || byte === CR) break;
      out[to++] = byte;
      from++;
    }
    const isFollowed = from < bytes.length && bytes[from] === delimiter;
    if (isFollowed) out[to++] = bytes[from++] as number;
    this.from = from;
    this.to = to;
    return isFollowed;
  }

  /** From an opening quote to behind its closing one. */
  private copyQuoted(): void {
    const { bytes, out, quote } = this;
    let { from, to } = this;
    out[to++] = bytes[from++] as number;
    while (from < bytes.length) {
      const byte = bytes[from++] as number;
      out[to++] = byte;
      if (byte !== quote) continue;
      if (bytes[from] !== quote) break;
      out[to++] = bytes[from++] as number;
    }
    this.from = from;
    this.to = to;
  }
}

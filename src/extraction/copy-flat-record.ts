import { copyScalar } from './copy-scalar.js';
import type { NdjsonWriter } from './ndjson-writer.js';
import type { RecordColumns } from './record-columns.js';
import { skipBlanks } from './scan-json.js';

/** Longer records, and all that are not flat, go the general way. */
const mostBytes = 64 * 1024;
const placeBytes = 120;
const LINE = Buffer.from('{"#line":');
const AT = Buffer.from(',"#at":');
const LENGTH = Buffer.from(',"#length":');
const END = Buffer.from('}\n');

/**
 * The short way for most records there are: flat, with known names in a known order. Goes through the bytes once, checks them strictly
 * (RFC 8259) and writes the landed line as it goes. It never refuses a record: whatever it does not know, it leaves to RecordFlattener.
 */
export class FlatRecordCopier {
  private keys: Buffer[] = [];
  private prefixes: Buffer[] = [];
  private order: number[] = [];
  private end = 0;

  constructor(
    private readonly columns: RecordColumns,
    private readonly writer: NdjsonWriter,
  ) {}

  /** Learns the order of names from a record that went the general way. */
  learn(order: readonly number[]): void {
    if (isSubsequence(order, this.order)) return;
    this.order = mergeOrders(order, this.order);
    this.keys = this.order.map((index) => Buffer.from(this.columns.tokens[index] as string, 'latin1'));
    this.prefixes = this.order.map((index) => Buffer.from(this.columns.keys[index] as string, 'latin1'));
  }

  /**
   * Copies the record at `start`, whose line is known, and returns the position after it; -1 where this is no case for the short way.
   * The line counts once it is committed. `bytes` end in a zero, as a window's do.
   */
  copy(bytes: Buffer, start: number, place: { line: number; at: number }): number {
    if (bytes[start] !== 0x7b || this.keys.length === 0) return -1;
    const stop = Math.min(bytes.length - 1, start + mostBytes);
    const { buffer: out, at } = this.writer.reserve(placeBytes + (stop - start) * 2);
    const scalars = { bytes, stop, out };
    let to = writePlace(out, at, place);
    let from = nextToken(bytes, start + 1);
    for (let next = 0; ; next++) {
      next = this.findKey(bytes, from, next);
      if (next === -1) return -1;
      from = nextToken(bytes, from + (this.keys[next] as Buffer).length);
      if (bytes[from] !== 0x3a) return -1;
      from = nextToken(bytes, from + 1);
      to = writeBytes(out, to, this.prefixes[next] as Buffer);
      const end = copyScalar(scalars, from, to);
      if (end === -1) return -1;
      const first = bytes[from] as number;
      this.columns.markValue(this.order[next] as number, first);
      to += end - from + (first === 0x22 || first === 0x6e ? 0 : 2);
      from = nextToken(bytes, end);
      if (from >= stop) return -1;
      if (bytes[from] === 0x7d) break;
      if (bytes[from] !== 0x2c) return -1;
      from = nextToken(bytes, from + 1);
    }
    from++;
    to = writeNumber(out, writeBytes(out, to, LENGTH), from - start);
    this.end = writeBytes(out, to, END);
    return from;
  }

  commit(): void {
    this.writer.commit(this.end);
  }

  /** The first key from `next` on that stands at `from`; each name comes once at most, for the search never goes back. */
  private findKey(bytes: Buffer, from: number, next: number): number {
    for (let index = next; index < this.keys.length; index++) {
      const key = this.keys[index] as Buffer;
      let i = 0;
      while (i < key.length && bytes[from + i] === key[i]) i++;
      if (i === key.length) return index;
    }
    return -1;
  }
}

function isSubsequence(part: readonly number[], whole: readonly number[]): boolean {
  let found = 0;
  for (const index of whole) if (index === part[found]) found++;
  return found === part.length;
}

/** The new order, and each other known column where it stood: behind its old neighbour. */
function mergeOrders(order: readonly number[], old: readonly number[]): number[] {
  const merged = [...order];
  let position = 0;
  for (const index of old) {
    const at = merged.indexOf(index);
    if (at === -1) merged.splice(position++, 0, index);
    else position = at + 1;
  }
  return merged;
}

/** Past white space, where there is any: mostly there is none. */
function nextToken(bytes: Buffer, from: number): number {
  return (bytes[from] as number) > 0x20 ? from : skipBlanks(bytes, from);
}

function writePlace(out: Buffer, start: number, { line, at }: { line: number; at: number }): number {
  const to = writeNumber(out, writeBytes(out, start, LINE), line);
  return writeNumber(out, writeBytes(out, to, AT), at);
}

function writeBytes(out: Buffer, at: number, bytes: Buffer): number {
  for (let i = 0; i < bytes.length; i++) out[at + i] = bytes[i] as number;
  return at + bytes.length;
}

function writeNumber(buffer: Buffer, at: number, value: number): number {
  let digits = 1;
  for (let bound = 10; bound <= value; bound *= 10) digits++;
  let rest = value;
  for (let i = at + digits - 1; i >= at; i--) {
    const tenth = Math.floor(rest / 10);
    buffer[i] = 0x30 + (rest - tenth * 10);
    rest = tenth;
  }
  return at + digits;
}

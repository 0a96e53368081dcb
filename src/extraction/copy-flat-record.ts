import { copyScalar } from './copy-scalar.js';
import type { NdjsonWriter } from './ndjson-writer.js';
import type { RecordColumns } from './record-columns.js';
import { skipBlanks } from './scan-json.js';

/** Longer records, and all that are not flat, go the general way. */
const mostBytes = 64 * 1024;
const placeBytes = 120;

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
    const { buffer, at } = this.writer.reserve(placeBytes + mostBytes * 2);
    let to = writeText(buffer, at, '{"#line":');
    to = writeNumber(buffer, to, place.line);
    to = writeText(buffer, to, ',"#at":');
    to = writeNumber(buffer, to, place.at);
    let from = skipBlanks(bytes, start + 1);
    for (let next = 0; ; next++) {
      next = this.findKey(bytes, from, next);
      if (next === -1) return -1;
      from = skipBlanks(bytes, from + (this.keys[next] as Buffer).length);
      if (bytes[from] !== 0x3a) return -1;
      from = skipBlanks(bytes, from + 1);
      const prefix = this.prefixes[next] as Buffer;
      for (let i = 0; i < prefix.length; i++) buffer[to++] = prefix[i] as number;
      const end = copyScalar(bytes, { from, stop }, buffer, to);
      if (end === -1) return -1;
      this.columns.markValue(this.order[next] as number, bytes[from] as number);
      const isWrapped = bytes[from] !== 0x22 && bytes[from] !== 0x6e;
      to += end - from + (isWrapped ? 2 : 0);
      from = skipBlanks(bytes, end);
      if (from >= stop) return -1;
      if (bytes[from] === 0x7d) break;
      if (bytes[from] !== 0x2c) return -1;
      from = skipBlanks(bytes, from + 1);
    }
    from++;
    to = writeText(buffer, to, ',"#length":');
    to = writeNumber(buffer, to, from - start);
    this.end = writeText(buffer, to, '}\n');
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

function writeText(buffer: Buffer, at: number, text: string): number {
  for (let i = 0; i < text.length; i++) buffer[at + i] = text.charCodeAt(i);
  return at + text.length;
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

import { findBadText } from './find-bad-text.js';
import { mostLevels, scanNested } from './scan-json.js';
import type { LandedFile, RecordReject } from './landed-file.js';
import { RecordColumns } from './record-columns.js';
import { encodeSlice } from './text-window.js';

type RawJson = typeof JSON & { isRawJSON(value: unknown): value is { rawJSON: string } };

/** Lines that were made and not yet written. */
export interface MadeLines {
  /** Landed lines, see LandedFile. */
  landed: string;
  /** The records themselves, one a line: what `#at` points into. */
  raw: string;
  rejects: RecordReject[];
}

/** Makes landed lines of records that are JSON values already. */
export class ValueLander {
  private readonly columns = new RecordColumns();
  /** Per column, comma, name and colon. */
  private readonly keys: string[] = [];
  private readonly byName = new Map<string, number | string>();
  /** Names of the record before, and what they are: most records have the same ones. */
  private shape: string[] = [];
  private known: (number | string)[] = [];
  private made: MadeLines = { landed: '', raw: '', rejects: [] };
  private at = 0;
  private longest = 0;
  private readonly start: string;

  /** @param page its number in a landed file that pages share, see `LandedFile.shared` */
  constructor(page?: number) {
    this.start = page === undefined ? '{"#line":' : `{"#page":${page},"#line":`;
  }

  /**
   * Lands a value; one that is no record, or that PostgreSQL could not hold, becomes a reject. Throws FileRefused when
   * there are too many columns.
   */
  add(value: unknown, line: number): void {
    const raw = JSON.stringify(value);
    const length = Buffer.byteLength(raw);
    const fault = this.land(value, raw, { line, length });
    if (fault !== null) this.made.rejects.push({ line, raw, ...fault });
    this.made.raw += `${raw}\n`;
    this.at += length + 1;
  }

  /** What was made since the last call. */
  take(): MadeLines {
    const made = this.made;
    this.made = { landed: '', raw: '', rejects: [] };
    return made;
  }

  /** What is known about all lines together. */
  finish(): Pick<LandedFile, 'columns' | 'nested' | 'numbers' | 'longest'> {
    const { columns, longest } = this;
    return { columns: columns.names, nested: columns.nestedNames(), numbers: columns.numbers(), longest };
  }

  private land(
    value: unknown,
    raw: string,
    { line, length }: { line: number; length: number },
  ): Pick<RecordReject, 'column' | 'reason'> | null {
    if (raw.charCodeAt(0) !== 0x7b)
      return { column: null, reason: `expected an object, got ${kindOf(value)}` };
    const record = value as Record<string, unknown>;
    const names = Object.keys(record);
    // JSON.stringify escapes nothing else that PostgreSQL's texts cannot hold.
    const fault = raw.includes('\\u') ? badMember(record, names) : null;
    if (fault !== null) return fault;
    let text = `${this.start}${line},"#at":${this.at},"#length":${length}`;
    for (let i = 0; i < names.length; i++) {
      const name = names[i] as string;
      const index = this.shape[i] === name ? (this.known[i] as number | string) : this.indexOf(name, i);
      if (typeof index === 'string') return { column: null, reason: index };
      const token = this.token(record[name], index);
      if (token === null)
        return { column: null, reason: `expected at most ${mostLevels} levels of nesting, got more` };
      text += (this.keys[index] as string) + token;
    }
    text += '}\n';
    this.made.landed += text;
    this.longest = Math.max(this.longest, Buffer.byteLength(text));
    return null;
  }

  /** Index of a column, or why there is none by that name. */
  private indexOf(name: string, position: number): number | string {
    const index = this.byName.get(name) ?? this.settle(name);
    this.shape[position] = name;
    this.known[position] = index;
    return index;
  }

  private settle(name: string): number | string {
    const token = JSON.stringify(name);
    const found = this.columns.indexOf(encodeSlice(token));
    const index = typeof found === 'number' ? found : found.reason;
    if (typeof index === 'number') this.keys[index] = `,${token}:`;
    if (this.byName.size < 20_000) this.byName.set(name, index);
    return index;
  }

  /** A value as it is landed; null: it nests too deep. */
  private token(value: unknown, index: number): string | null {
    if (value === null || value === undefined) return 'null';
    if (typeof value !== 'object') return this.scalar(JSON.stringify(value), index);
    if ((JSON as RawJson).isRawJSON(value)) return this.scalar(value.rawJSON, index);
    const text = JSON.stringify(value);
    const found = { levels: 0 };
    if (text.length >= mostLevels * 2) scanNested(text, 0, found);
    if (found.levels >= mostLevels) return null;
    this.columns.markNested(index);
    return JSON.stringify(text);
  }

  private scalar(json: string, index: number): string {
    this.columns.markValue(index, json.charCodeAt(0));
    return json.startsWith('"') ? json : `"${json}"`;
  }
}

function badMember(
  record: Record<string, unknown>,
  names: string[],
): Pick<RecordReject, 'column' | 'reason'> | null {
  for (const column of names) {
    const fault = findBadText(record[column]);
    if (fault !== null) return { column, reason: `expected text that PostgreSQL can hold, got ${fault}` };
  }
  return null;
}

function kindOf(value: unknown): string {
  if (Array.isArray(value)) return 'an array';
  if (value === null || typeof value === 'boolean') return String(value);
  return typeof value === 'string' ? 'a string' : 'a number';
}

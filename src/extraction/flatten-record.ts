import { isUtf8 } from 'node:buffer';
import { compactJson } from './compact-json.js';
import { findBadText } from './find-bad-text.js';
import { isJson } from './is-json.js';
import { locateJsonError } from './locate-json-error.js';
import type { NameRefusal, RecordColumns } from './record-columns.js';
import { isOpening, mostLevels, scanNested, scanString, scanWord, skipSpace } from './scan-json.js';
import { decodeSlice } from './text-window.js';

/** Why a record does not land. */
export interface RecordRefusal {
  column: string | null;
  reason: string;
  /** The text is no JSON: position in it. */
  brokenAt: number | null;
}

/** Where a record stood: 1-based line, and bytes from the start of the decoded text. */
export interface RecordPlace {
  line: number;
  at: number;
}

const BROKEN = 'broken';

/** Makes landed lines of JSON records, one at a time. Texts are those of a window: one character per byte. */
export class RecordFlattener {
  /** Per column, the value token of the record at hand. */
  private readonly values: string[] = [];
  /** Per column, the first character of that value in the record. */
  private readonly firsts: number[] = [];
  /** Per column, the number of the record that last had it. */
  private readonly owners: number[] = [];
  /** Columns of the record at hand, in its order. */
  readonly order: number[] = [];
  /** Columns of the record at hand that hold an object or an array. */
  private readonly nested: number[] = [];
  private record = 0;

  /** @param isUtf8 the whole text is known to be valid UTF-8 */
  constructor(
    private readonly columns: RecordColumns,
    private readonly isUtf8: boolean,
  ) {}

  /** The landed line of a record, line end included, or why there is none. Throws FileRefused when there are too many columns. */
  flatten(raw: string, place: RecordPlace): string | RecordRefusal {
    if (raw.charCodeAt(0) !== 0x7b) return this.refuseOther(raw);
    const scan = this.scan(raw);
    if (scan === BROKEN) return broken(raw);
    if (scan !== null) return isJson(raw) ? { column: null, brokenAt: null, ...scan } : broken(raw);
    if (!isJson(raw)) return broken(raw);
    const fault = this.textFault(raw);
    if (fault !== null) return fault;
    for (const index of this.nested) {
      this.columns.markNested(index);
      this.values[index] = JSON.stringify(compactJson(this.values[index] as string));
    }
    let line = `{"#line":${place.line},"#at":${place.at},"#length":${raw.length}`;
    for (const index of this.order) {
      this.columns.markValue(index, this.firsts[index] as number);
      line += (this.columns.keys[index] as string) + (this.values[index] as string);
    }
    return `${line}}\n`;
  }

  private refuseOther(raw: string): RecordRefusal {
    if (!isJson(raw)) return broken(raw);
    const kinds: Record<string, string> = {
      '[': 'an array',
      '"': 'a string',
      t: 'true',
      f: 'false',
      n: 'null',
    };
    return {
      column: null,
      brokenAt: null,
      reason: `expected an object, got ${kinds[raw.charAt(0)] ?? 'a number'}`,
    };
  }

  /** Takes the record apart. Trusts its text: what it accepts wrongly, JSON.parse refuses after it. */
  private scan(raw: string): typeof BROKEN | NameRefusal | null {
    this.record++;
    this.order.length = 0;
    this.nested.length = 0;
    let refusal: NameRefusal | null = null;
    let at = skipSpace(raw, 1);
    if (raw.charCodeAt(at) === 0x7d) return null;
    for (;;) {
      if (raw.charCodeAt(at) !== 0x22) return BROKEN;
      const keyEnd = scanString(raw, at);
      if (keyEnd === -1) return BROKEN;
      const index = this.columnOf(raw.slice(at, keyEnd));
      if (index === BROKEN) return BROKEN;
      at = skipSpace(raw, keyEnd);
      if (raw.charCodeAt(at) !== 0x3a) return BROKEN;
      at = skipSpace(raw, at + 1);
      const end = this.take(raw, at, typeof index === 'number' ? index : -1);
      if (typeof index !== 'number') refusal = index;
      if (end === -1) return BROKEN;
      if (end === -2) refusal = { reason: `expected at most ${mostLevels} levels of nesting, got more` };
      at = skipSpace(raw, end === -2 ? raw.length - 1 : end);
      const code = raw.charCodeAt(at);
      if (code === 0x7d) return refusal;
      if (code !== 0x2c) return BROKEN;
      at = skipSpace(raw, at + 1);
    }
  }

  private columnOf(token: string): number | NameRefusal | typeof BROKEN {
    try {
      return this.columns.indexOf(token);
    } catch (error) {
      if ((error as Error).name === 'SyntaxError') return BROKEN;
      throw error;
    }
  }

  /** Keeps the value at `at` and returns the position after it; -1: broken, -2: nests too deep. A name that comes twice: the last wins. */
  private take(raw: string, at: number, index: number): number {
    const code = raw.charCodeAt(at);
    const isNested = isOpening(code);
    let end: number;
    let token: string;
    if (code === 0x22) {
      end = scanString(raw, at);
      token = raw.slice(at, end);
    } else if (isNested) {
      const found = { levels: 0 };
      end = scanNested(raw, at, found);
      if (found.levels >= mostLevels) return -2;
      token = raw.slice(at, end);
    } else {
      end = scanWord(raw, at);
      token = raw.slice(at, end);
      if (token !== 'null') token = `"${token}"`;
    }
    if (end === -1 || index === -1) return end;
    const isAgain = this.owners[index] === this.record;
    if (!isAgain) this.order.push(index);
    if (isAgain) this.forget(index);
    if (isNested) this.nested.push(index);
    this.owners[index] = this.record;
    this.values[index] = token;
    this.firsts[index] = code;
    return end;
  }

  private forget(index: number): void {
    const at = this.nested.indexOf(index);
    if (at !== -1) this.nested.splice(at, 1);
  }

  /** What JSON allows and PostgreSQL does not: bytes that are not UTF-8, U+0000, half a surrogate pair. */
  private textFault(raw: string): RecordRefusal | null {
    if (!this.isUtf8 && !isUtf8(Buffer.from(raw, 'latin1'))) {
      return { column: null, brokenAt: null, reason: 'expected UTF-8, got other bytes' };
    }
    if (!raw.includes('\\u')) return null;
    for (const [column, value] of Object.entries(JSON.parse(decodeSlice(raw)) as object)) {
      const fault = findBadText(value);
      if (fault !== null)
        return { column, brokenAt: null, reason: `expected text that PostgreSQL can hold, got ${fault}` };
    }
    return null;
  }
}

function broken(raw: string): RecordRefusal {
  const fault = locateJsonError(raw) ?? { at: 0, expected: 'JSON', got: 'other text' };
  return { column: null, brokenAt: fault.at, reason: `expected ${fault.expected}, got ${fault.got}` };
}

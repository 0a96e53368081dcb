import { mostColumns, nameFault } from './check-names.js';
import { FileRefused } from './file-errors.js';
import type { NumberColumns } from './landed-file.js';
import { decodeSlice, encodeSlice } from './text-window.js';

/** Names that landed records need for themselves. */
const reserved = new Set(['#page', '#line', '#at', '#length']);
const mostSpellings = 20_000;

/** A name that cannot be a column's. */
export interface NameRefusal {
  reason: string;
}

const QUOTE = 0x22;
const MINUS = 0x2d;
const NINE = 0x39;
/** What a column held. */
const NUMBER = 1;
const TEXT = 2;

/** The columns of JSON records: the union of their names in the order of first sight. */
export class RecordColumns {
  /** As they stand in the source. */
  readonly names: string[] = [];
  /** As they are written: in quotes and with a colon, as a window's text. */
  readonly keys: string[] = [];
  /** As they were first spelled, in quotes. */
  readonly tokens: string[] = [];
  private readonly nested = new Set<number>();
  private readonly held = new Uint8Array(mostColumns);
  private readonly byName = new Map<string, number>();
  private readonly bySpelling = new Map<string, number | NameRefusal>();

  /** Index of the column that a name token (in quotes, as in a window's text) means. Throws a SyntaxError for a broken token. */
  indexOf(token: string): number | NameRefusal {
    const known = this.bySpelling.get(token);
    if (known !== undefined) return known;
    const index = this.settle(JSON.parse(decodeSlice(token)) as string, token);
    // A copy: the token is a slice that would keep its whole window in memory.
    if (this.bySpelling.size < mostSpellings)
      this.bySpelling.set(Buffer.from(token, 'latin1').toString('latin1'), index);
    return index;
  }

  markNested(index: number): void {
    this.nested.add(index);
  }

  /** Notes what kind of value a column holds, by the first character of its JSON. */
  markValue(index: number, first: number): void {
    if (first === QUOTE) this.held[index]! |= TEXT;
    else if (first <= NINE && first >= MINUS) this.held[index]! |= NUMBER;
  }

  /** Names of the columns that held numbers. */
  numbers(): NumberColumns {
    const holding = (kinds: number) => this.names.filter((_name, index) => this.held[index] === kinds);
    return { all: holding(NUMBER), some: holding(NUMBER | TEXT) };
  }

  /** Names of the columns that held an object or an array. */
  nestedNames(): string[] {
    return this.names.filter((_name, index) => this.nested.has(index));
  }

  private settle(name: string, token: string): number | NameRefusal {
    const fault = reserved.has(name) ? `the reserved name ${JSON.stringify(name)}` : nameFault(name);
    if (fault !== null) return { reason: `expected names of columns in the record, got ${fault}` };
    const known = this.byName.get(name);
    if (known !== undefined) return known;
    if (this.names.length === mostColumns) {
      throw new FileRefused(`expected at most ${mostColumns} different names in the records, got more`);
    }
    this.byName.set(name, this.names.length);
    this.keys.push(`,${encodeSlice(JSON.stringify(name))}:`);
    this.tokens.push(token);
    return this.names.push(name) - 1;
  }
}

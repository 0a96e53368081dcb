import { TerminalError } from '../../errors.js';
import { mostColumns } from '../check-names.js';
import { isRawNumber } from '../api/parse-json.js';
import type { LandedFile, NumberColumns } from '../landed-file.js';
import { showPath } from './flatten-value.js';

/** A column of landed records, and the columns that its objects became. */
interface Column {
  /** Its name and the colon, as they are written. */
  key: string;
  /** Some record has a value here that did not go elsewhere. */
  isUsed: boolean;
  /** Some object or array of it went elsewhere. */
  isSplit: boolean;
  isNested: boolean;
  holdsNumbers: boolean;
  holdsTexts: boolean;
  inner: string[];
}

/** Which columns the records of a file have once their objects and arrays are taken apart. */
export class NestedColumns {
  private readonly columns = new Map<string, Column>();
  private readonly top: string[];

  constructor(private readonly file: Pick<LandedFile, 'name' | 'columns' | 'numbers'>) {
    this.top = [...(file.columns ?? [])];
    for (const name of this.top) this.add(name);
    const { all = [], some = [] } = file.numbers ?? {};
    for (const name of [...all, ...some]) this.columns.get(name)!.holdsNumbers = true;
    for (const name of some) this.columns.get(name)!.holdsTexts = true;
  }

  /** Notes that a column's value stays in it, and gives what stands before the value. */
  use(name: string, top: string, isNested: boolean): string {
    const column = this.columns.get(name) ?? this.addInner(name, top);
    column.isUsed = true;
    column.isNested ||= isNested;
    return column.key;
  }

  /** Notes what kind of value out of an object or array stays in a column. */
  mark(name: string, value: unknown): void {
    const column = this.columns.get(name)!;
    column.holdsNumbers ||= typeof value === 'number' || isRawNumber(value);
    column.holdsTexts ||= typeof value === 'string';
  }

  /** Notes that a value of the column went into other columns or another table. */
  split(name: string, top: string): void {
    const column = this.columns.get(name) ?? this.addInner(name, top);
    column.isSplit = true;
  }

  /** The columns in their order, those of objects where the objects stood; without those of which nothing stayed. */
  finish(): Pick<LandedFile, 'columns' | 'nested' | 'numbers'> {
    const all = this.top.flatMap((name) => [name, ...this.columns.get(name)!.inner]);
    const kept = all.filter((name) => {
      const { isUsed, isSplit } = this.columns.get(name)!;
      return isUsed || !isSplit;
    });
    const nested = kept.filter((name) => this.columns.get(name)!.isNested);
    return { columns: kept, nested, numbers: this.numbersOf(kept) };
  }

  private numbersOf(names: string[]): NumberColumns {
    const holding = names.filter((name) => this.columns.get(name)!.holdsNumbers);
    const hasTexts = (name: string) => this.columns.get(name)!.holdsTexts;
    return { all: holding.filter((name) => !hasTexts(name)), some: holding.filter(hasTexts) };
  }

  private addInner(name: string, top: string): Column {
    if (name !== top) this.columns.get(top)?.inner.push(name);
    return this.add(name);
  }

  private add(name: string): Column {
    if (this.columns.size >= 2 * mostColumns) {
      throw new TerminalError(
        'TOO_MANY_COLUMNS',
        `${this.file.name}: expected at most ${mostColumns} columns once objects are flattened, got more ` +
          `(the last is ${showPath(name).slice(0, 100)}); flatten fewer levels, so that it stays a json column`,
      );
    }
    const column = {
      key: `,${JSON.stringify(name)}:`,
      isUsed: false,
      isSplit: false,
      isNested: false,
      holdsNumbers: false,
      holdsTexts: false,
      inner: [],
    };
    this.columns.set(name, column);
    return column;
  }
}

import { TerminalError } from '../../errors.js';
import { mostColumns } from '../check-names.js';
import type { LandedFile } from '../landed-file.js';
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
  inner: string[];
}

/** Which columns the records of a file have once their objects and arrays are taken apart. */
export class NestedColumns {
  private readonly columns = new Map<string, Column>();
  private readonly top: string[];

  constructor(private readonly file: Pick<LandedFile, 'name' | 'columns'>) {
    this.top = [...(file.columns ?? [])];
    for (const name of this.top) this.add(name);
  }

  /** Notes that a column's value stays in it, and gives what stands before the value. */
  use(name: string, top: string, isNested: boolean): string {
    const column = this.columns.get(name) ?? this.addInner(name, top);
    column.isUsed = true;
    column.isNested ||= isNested;
    return column.key;
  }

  /** Notes that a value of the column went into other columns or another table. */
  split(name: string, top: string): void {
    const column = this.columns.get(name) ?? this.addInner(name, top);
    column.isSplit = true;
  }

  /** The columns in their order, those of objects where the objects stood; without those of which nothing stayed. */
  finish(): Pick<LandedFile, 'columns' | 'nested'> {
    const all = this.top.flatMap((name) => [name, ...this.columns.get(name)!.inner]);
    const kept = all.filter((name) => {
      const { isUsed, isSplit } = this.columns.get(name)!;
      return isUsed || !isSplit;
    });
    return { columns: kept, nested: kept.filter((name) => this.columns.get(name)!.isNested) };
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
      inner: [],
    };
    this.columns.set(name, column);
    return column;
  }
}

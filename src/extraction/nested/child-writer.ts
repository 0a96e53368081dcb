import { TerminalError } from '../../errors.js';
import type { LandedFile } from '../landed-file.js';
import type { OpenFiles } from '../landing.js';
import { ValueWriter } from '../value-writer.js';
import {
  type ChildFile,
  type ChildTables,
  indexColumn,
  type NestedRules,
  valueColumn,
} from './nested-rules.js';

type Values = Record<string, unknown>;

const mostNameBytes = 63;

/** Writes the elements of one array column as records of a table of their own. */
export class ChildWriter {
  /** The columns of the key of the rows that the arrays stand in, in its order. */
  private readonly parentKey: string[];
  private count = 0;

  private constructor(
    readonly table: string,
    private readonly parent: ChildTables,
    private readonly writer: ValueWriter,
  ) {
    this.parentKey = parentKey(parent);
  }

  /**
   * @param column what the array's column is called in the table
   * @throws TerminalError `NAME_TOO_LONG` where PostgreSQL would cut a name
   */
  static async open(column: string, parent: ChildTables, files: OpenFiles): Promise<ChildWriter> {
    const table = `${parent.table}__${column}`;
    const names = [table, ...parentKey(parent)];
    const long = names.find((name) => Buffer.byteLength(name) > mostNameBytes);
    if (long !== undefined) {
      const message = `child_tables: expected names of at most ${mostNameBytes} bytes, got ${long}; give ${column} a shorter name by rename`;
      throw new TerminalError('NAME_TOO_LONG', message);
    }
    return new ChildWriter(table, parent, await ValueWriter.open(files));
  }

  /**
   * @param key values of the parent's key, by its columns
   * @param line of the record that the array stands in
   */
  add(elements: unknown[], key: ReadonlyMap<string, string | null>, line: number): void {
    const own: Values = {};
    this.parent.key.forEach((name, at) => {
      own[this.parentKey[at]!] = key.get(name) ?? null;
    });
    this.count += elements.length;
    for (const [index, element] of elements.entries()) {
      this.writer.add({ ...own, [indexColumn]: index, ...this.members(element) }, line);
    }
  }

  async flush(): Promise<void> {
    await this.writer.flush();
  }

  /** The records as a file that stands for the part of its parent's file that they were. */
  async finish(of: LandedFile): Promise<ChildFile> {
    const { table, key } = this.parent;
    const landed = await this.writer.finish();
    const { shared: _shared, rawStart: _rawStart, ...rest } = of;
    const file: LandedFile = { ...rest, ...landed, format: 'ndjson', dialect: null };
    return {
      table: this.table,
      parent: table,
      parentKey: this.parentKey,
      references: key,
      count: this.count,
      file,
    };
  }

  /** How the elements' own arrays and objects are taken apart in their turn. */
  rules({ flatten, nameOf }: NestedRules): NestedRules {
    const key = [...this.parentKey, indexColumn];
    const childTables = { table: this.table, key, inherited: this.parentKey };
    return { flatten, childTables, nameOf: (source) => (key.includes(source) ? source : nameOf(source)) };
  }

  private members(element: unknown): Values {
    const isObject = typeof element === 'object' && element !== null && !Array.isArray(element);
    if (!isObject || JSON.stringify(element).charCodeAt(0) !== 0x7b) return { [valueColumn]: element };
    const taken = [...this.parentKey, indexColumn].find((name) => Object.hasOwn(element, name));
    if (taken === undefined) return element as Values;
    const message = `${this.table}: expected elements without a member ${taken}, which the table needs for itself, got one`;
    throw new TerminalError('CHILD_COLUMN_TAKEN', message);
  }
}

function parentKey({ table, key, inherited }: ChildTables): string[] {
  return key.map((name) => {
    if (inherited.includes(name)) return name;
    return name === indexColumn ? `${table}_${indexColumn}` : `${table}__${name}`;
  });
}

import { type Range, RangeSet, toRanges } from './range-set.js';
import { type Content, contentOf, pathOf, type SoakFile } from './soak-file.js';
import { PIPELINES, type SoakStream, STREAMS } from './streams.js';

/** What the soak knows of one table. */
export interface TableModel {
  /** Ids of all valid rows that ever stood in a file. */
  written: RangeSet;
  /** Ids that were once seen in the table: they must stay there. */
  seen: RangeSet;
}

/** What the soak has done, and what must therefore be in the tables, the history and the folders. */
export class Model {
  readonly files = new Map<string, SoakFile>();
  readonly tables = new Map<string, TableModel>();
  /** All that files ever held, by fingerprint. */
  readonly contents = new Map<string, Content>();
  /** Columns that newer config versions have added, by pipeline. */
  readonly extras = new Map(PIPELINES.map((pipeline) => [pipeline, 0]));
  /** Newest config version that was answered with 201, by pipeline. */
  readonly versions = new Map<string, number>();
  /** Runs that were answered with 202. */
  readonly promised = new Set<string>();
  /** Runs whose cancellation was answered with 2xx. */
  readonly cancelled = new Set<string>();
  private nextId = 1;
  private nextFile = 1;

  constructor(private readonly data: string) {
    for (const { table } of STREAMS)
      this.tables.set(table, { written: new RangeSet(), seen: new RangeSet() });
  }

  table({ table }: SoakStream): TableModel {
    return this.tables.get(table)!;
  }

  /** The first of so many new ids. */
  takeIds(count: number): number {
    this.nextId += count;
    return this.nextId - count;
  }

  newName({ prefix }: SoakStream, format: string): string {
    return `${prefix}${this.nextFile++}.${format}`;
  }

  filesOf(stream: SoakStream): SoakFile[] {
    return [...this.files.values()].filter((file) => file.stream === stream);
  }

  linesOf(stream: SoakStream): number {
    return this.filesOf(stream).reduce((sum, { lines }) => sum + lines.length, 0);
  }

  put(file: SoakFile): void {
    this.files.set(pathOf(this.data, file), file);
  }

  drop(file: SoakFile): void {
    this.files.delete(pathOf(this.data, file));
  }

  /** Notes what a file is about to hold; before it is written, for the service may be quick. */
  expect(file: SoakFile, text?: string, length?: number): Content {
    const content = contentOf(file, text, length);
    // An empty file is a faulty document and a good list of no rows.
    const isExact = content.isExact && (this.contents.get(content.fingerprint)?.isExact ?? true);
    this.contents.set(content.fingerprint, { ...content, isExact });
    this.table(file.stream).written.add(content.valid);
    return content;
  }

  /** Ids of the valid rows in the stream's files as they are now. */
  present(stream: SoakStream): RangeSet {
    return new RangeSet(this.filesOf(stream).flatMap((file) => validIds(file)));
  }

  hasLoaded(file: SoakFile): boolean {
    return this.missing(file).size === 0;
  }

  /** Rows of a file that were not seen in the table yet. */
  missing(file: SoakFile): RangeSet {
    return new RangeSet(validIds(file)).without(this.table(file.stream).seen);
  }
}

export function validIds({ lines }: SoakFile): Range[] {
  return toRanges(lines.flatMap(({ id }) => (id === null ? [] : [id])));
}

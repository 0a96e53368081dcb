import { identifier, readPath } from './engine.js';
import { headerLine, RAW_LINES } from './slice-sql.js';
import { AS_THEY_COME, inTurn, readStaged } from './stage-parquet.js';
import type { StageColumn } from './stage.js';

/** Where the rows of a stage lie: indexes of the columns in each of its slices; null: all in one file. */
export type Slices = number[][] | null;

/** How a stage's rows are read. */
export interface StagedRows {
  /** A table expression over all records and what is known of each, with `file_row_number`. */
  records: string;
  /** The same with the columns `c{n}`, and `#nulled{n}` where there is one. @param indexes of the columns */
  withColumns(indexes: number[]): string;
  /** A query for lines of CSV, and with which options COPY writes them. @param rows some of `records` */
  lines(rows: string, form: LineForm): Lines;
}

interface Lines {
  query: string;
  options: string;
}

export interface LineForm {
  /** Of all columns. */
  columns: StageColumn[];
  /** SQL of what stands in front of the columns. */
  front?: string[];
  /** Quotes stand only where they are needed; else there may be more. */
  areBare?: boolean;
  hasHeader?: boolean;
}

const HEADER = ({ hasHeader = false }: LineForm) => `HEADER ${hasHeader}`;

/** All columns of all rows in one Parquet file. */
class WholeRows implements StagedRows {
  readonly records: string;

  constructor(path: string, width: number) {
    this.records = readStaged(path, width);
  }

  withColumns(): string {
    return this.records;
  }

  lines(rows: string, form: LineForm): Lines {
    const { columns, front = [], areBare } = form;
    const fields = columns.map(({ name }, n) => `c${n} AS ${identifier(name)}`);
    const options = `FORMAT csv, DELIMITER ',', ${HEADER(form)}${areBare ? '' : ', FORCE_QUOTE *'}`;
    return { query: `SELECT ${[...front, ...fields].join(', ')} FROM ${rows}`, options };
  }
}

/** The records in one file, with each good row as a line of CSV, and the columns beside it in slices. */
class SlicedRows implements StagedRows {
  readonly records: string;

  constructor(
    private readonly path: string,
    private readonly slices: number[][],
  ) {
    this.records = readStaged(path, 0);
  }

  withColumns(indexes: number[]): string {
    const needed = this.slices.flatMap((own, n) => (own.some((index) => indexes.includes(index)) ? [n] : []));
    const all = ['staged.*', ...needed.map((n) => `slice${n}.*`), 'base.file_row_number'];
    const base = `read_parquet(${readPath(this.path)}, file_row_number = true) base`;
    const beside = needed.map((n) => `read_parquet(${readPath(slicePath(this.path, n))}) slice_file${n}`);
    return `(SELECT ${all.join(', ')} FROM ${[base, ...beside].join(' POSITIONAL JOIN ')})`;
  }

  lines(rows: string, form: LineForm): Lines {
    const { columns, front = [] } = form;
    const fields = [...front, '"#csv"'].join(`, ',', `);
    const header = identifier(headerLine(columns.map(({ name }) => name)));
    const query = inTurn(`SELECT concat(${fields}) AS ${header} FROM ${rows}`);
    return { query, options: `${RAW_LINES}, ${AS_THEY_COME}, ${HEADER(form)}` };
  }
}

/** Beside the file of the records. */
export const slicePath = (path: string, n: number): string => `${path}.slice${n}`;

export function stagedRows(path: string, width: number, slices: Slices): StagedRows {
  return slices ? new SlicedRows(path, slices) : new WholeRows(path, width);
}

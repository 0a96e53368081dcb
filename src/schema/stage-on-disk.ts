import { randomUUID } from 'node:crypto';
import { readFile, rename, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { Readable } from 'node:stream';
import { flushPath } from '../flush-path.js';
import { CsvExport, exportInTurn } from './csv-export.js';
import { type Engine, identifier, literal, readPath, run, type Use } from './engine.js';
import { identityRanges, onlyRange } from './identity-ranges.js';
import { refuseRows } from './refuse-rows.js';
import { SourceChanged } from './row-origins.js';
import type {
  AfterRefusal,
  EarlierLoad,
  FileTally,
  NulledColumn,
  PlacedRows,
  Refusal,
  Stage,
  StageColumn,
  StagedFile,
} from './stage.js';
import { type LineForm, slicePath, type StagedRows, stagedRows } from './staged-rows.js';
import { WholeCsv } from './whole-csv.js';

/** How the rows lie in their file; counts up with it, so that none is read that another version has written. */
const LAYOUT = 2;

/** What has to be known to open a stage again. */
export interface StageManifest {
  columns: StageColumn[];
  files: StagedFile[];
  goesOnFrom?: EarlierLoad;
  rows: number;
  identities: number;
  rejected: number;
  /** Absent in those from before there were any. */
  nulled?: NulledColumn[];
  rejectsPath: string | null;
  /** There is a file of origins. */
  keepsPlaces: boolean;
  /** Rows do not stand as their numbers say. */
  isReordered: boolean;
  /** Of a wide table: indexes of the columns in each slice. */
  slices?: number[][];
}

/** Where the parts of a table's stage lie in the folder of its run. */
export const stagePaths = (folder: string, table: string) => ({
  rows: path.join(folder, `${table}.parquet`),
  rejects: path.join(folder, `${table}.rejects.ndjson`),
  origins: path.join(folder, `${table}.origins.ndjson`),
  manifest: path.join(folder, `${table}.stage.json`),
  careful: path.join(folder, `${table}.careful`),
});

/** What is written to a file, in which form, and by whom. */
interface Copied {
  query: string;
  options: string;
  use?: Use;
}

/** A finished stage: a Parquet file with the rows, and a manifest that was written last. */
export class StageOnDisk implements Stage {
  readonly columns: StageColumn[];
  readonly files: StagedFile[];
  readonly goesOnFrom?: EarlierLoad;
  readonly rows: number;
  readonly identities: number;
  readonly rejected: number;
  readonly nulled: NulledColumn[];
  readonly rejectsPath: string | null;
  readonly keepsPlaces: boolean;
  private readonly staged: StagedRows;
  private whole: WholeCsv | null = null;
  private ordered: AsyncIterable<Buffer> | null = null;

  constructor(
    private readonly engine: Engine,
    private readonly folder: string,
    private readonly table: string,
    private readonly manifest: StageManifest,
  ) {
    ({
      columns: this.columns,
      files: this.files,
      goesOnFrom: this.goesOnFrom,
      rows: this.rows,
      identities: this.identities,
      rejected: this.rejected,
      nulled: this.nulled = [],
      rejectsPath: this.rejectsPath,
      keepsPlaces: this.keepsPlaces,
    } = manifest);
    const { rows } = stagePaths(folder, table);
    this.staged = stagedRows(rows, this.columns.length, manifest.slices ?? null);
  }

  beginIdentities(signal?: AbortSignal): void {
    this.ordered ??= this.identityLines(signal);
  }

  identityLines(signal?: AbortSignal): AsyncIterable<Buffer> {
    const begun = this.ordered;
    this.ordered = null;
    if (begun) return begun;
    const select = this.identities === this.rows ? 'SELECT' : 'SELECT DISTINCT';
    const begin = (rows: string) => {
      const query = `${select} "#hash" FROM ${rows} ORDER BY 1`;
      return this.begin('identities', { query, options: 'FORMAT csv, HEADER false' }, signal);
    };
    const identities = { rows: this.good(), count: this.identities };
    const only = onlyRange(identities);
    if (only !== null) return begin(only).chunks;
    const walk = { folder: this.folder, execute: (sql: string) => this.execute(sql, signal) };
    return exportInTurn(identityRanges(identities, walk), begin);
  }

  rowLines(unseen: string | null, signal?: AbortSignal): AsyncIterable<Buffer> {
    if (this.columns.length === 0) return Readable.from([]);
    return this.exportLines('rows', this.first(unseen), {}, signal);
  }

  combinedLines(signal?: AbortSignal): AsyncIterable<Buffer> | null {
    // In a table of one column a line can be `\.`, which ends the data where it is not quoted, in PostgreSQL 17 and before.
    const canServe = this.identities === this.rows && this.columns.length > 1;
    return canServe ? this.beginWhole(signal).rows(signal) : null;
  }

  placedLines(which: PlacedRows, signal?: AbortSignal): AsyncIterable<Buffer> {
    if (this.columns.length === 0) return Readable.from([]);
    const identity = which === 'unidentified' ? 'NULL' : '"#hash"';
    const form = { front: ['"#row"', '"#file"', identity], areBare: true };
    return this.exportLines('placed', this.placed(which), form, signal);
  }

  private placed(which: PlacedRows): string {
    if (which === 'all' || which === 'unidentified') return this.good();
    if ('unseen' in which) return this.first(which.unseen);
    return `(SELECT * FROM ${this.good()} WHERE list_contains([${which.files.join(', ')}]::INTEGER[], "#file"))`;
  }

  async refuse(refusal: Refusal): Promise<AfterRefusal> {
    const connection = await this.engine.connect();
    const { origins, manifest } = stagePaths(this.folder, this.table);
    try {
      return await refuseRows({ connection, rows: this.good(), origins, stage: this.manifest }, refusal);
    } catch (error) {
      // What cannot be found again has to be staged again.
      if (error instanceof SourceChanged) await rm(manifest, { force: true });
      throw error;
    } finally {
      connection.closeSync();
    }
  }

  async tally(unseen: string | null, signal?: AbortSignal): Promise<FileTally[]> {
    // Every row is the first of its identity, as it was counted when it was staged.
    if (unseen === null && this.identities === this.rows)
      return this.files.map(({ read, rejected, carriedAs, knownRecords = 0 }, file) => {
        return { file, unseen: carriedAs ? 0 : read - rejected - knownRecords, duplicate: 0 };
      });
    const connection = await this.engine.connect();
    const count = async (rows: string) => {
      const counts = await run(
        connection,
        `SELECT "#file" AS file, count(*) AS n FROM ${rows} GROUP BY 1`,
        signal,
      );
      return new Map(counts.map(({ file, n }) => [Number(file), Number(n)]));
    };
    try {
      const all = await count(this.good());
      const firsts = await count(this.first(unseen));
      return this.files.map((_, file) => {
        const fresh = firsts.get(file) ?? 0;
        return { file, unseen: fresh, duplicate: (all.get(file) ?? 0) - fresh };
      });
    } finally {
      connection.closeSync();
    }
  }

  async writeCombined(target: string, signal?: AbortSignal): Promise<void> {
    if (this.columns.length === 0) return writeFile(target, '', { flag: 'wx' });
    if (await this.whole?.linkTo(target, signal)) return;
    await this.writeWhole(target, signal);
  }

  combinedRows(signal?: AbortSignal): AsyncIterable<Buffer> {
    if (this.columns.length === 0) return Readable.from([]);
    return this.combinedLines(signal) ?? this.exportLines('combined', this.good(), { areBare: true }, signal);
  }

  private beginWhole(signal?: AbortSignal): WholeCsv {
    if (!this.whole || this.whole.hasFailed) {
      const target = path.join(this.folder, `${this.table}.whole.${randomUUID()}.csv`);
      this.whole = new WholeCsv(target, this.writeWhole(target, signal));
    }
    return this.whole;
  }

  private async writeWhole(target: string, signal?: AbortSignal): Promise<void> {
    const lines = this.linesOf(this.good(), { areBare: true, hasHeader: true });
    await this.copy(lines, target, signal);
  }

  private linesOf(rows: string, form: Omit<LineForm, 'columns'>): Copied {
    const lines = this.staged.lines(rows, { columns: this.columns, ...form });
    return { ...lines, use: rows === this.good() ? 'one thread' : 'all threads' };
  }

  private exportLines(
    name: string,
    rows: string,
    form: Omit<LineForm, 'columns'>,
    signal?: AbortSignal,
  ): AsyncIterable<Buffer> {
    return this.begin(name, this.linesOf(rows, form), signal).chunks;
  }

  async writeDistinct(columns: string[], target: string, signal?: AbortSignal): Promise<void> {
    const texts = columns.map((name) => `${this.indexedName(name)}::VARCHAR AS ${identifier(name)}`);
    const query = `SELECT DISTINCT ${texts.join(', ')} FROM ${this.good(columns)} ORDER BY ALL`;
    await this.copy({ query, options: 'FORMAT json' }, target, signal);
  }

  async newestOf(
    key: string[],
    orderBy?: string,
    signal?: AbortSignal,
  ): Promise<Map<number, Set<number>> | null> {
    const columns = key.map((name) => this.indexedName(name)).join(', ');
    const greatest = orderBy === undefined ? '' : `${this.indexedName(orderBy)} DESC NULLS LAST, `;
    const order = `${greatest}"#file" DESC, "#row" DESC`;
    const rows = this.good(orderBy === undefined ? key : [...key, orderBy]);
    const places = `SELECT "#file", "#at", row_number() OVER (PARTITION BY ${columns} ORDER BY ${order}) AS place`;
    const connection = await this.engine.connect();
    try {
      if (this.rejected === 0 && !(await this.hasRepeats(key, signal))) return null;
      const lists = await run(
        connection,
        `SELECT "#file" AS file, string_agg("#at", ' ') AS places FROM (${places} FROM ${rows}) WHERE place = 1 GROUP BY 1`,
        signal,
      );
      return new Map(
        lists.map(({ file, places: at }) => [Number(file), new Set(String(at).split(' ').map(Number))]),
      );
    } finally {
      connection.closeSync();
    }
  }

  async hasRepeats(columns: string[], signal?: AbortSignal): Promise<boolean> {
    const names = columns.map((name) => this.indexedName(name)).join(', ');
    const repeats = `SELECT 1 FROM ${this.good(columns)} GROUP BY ${names} HAVING count(*) > 1 LIMIT 1`;
    const connection = await this.engine.connect();
    try {
      return (await run(connection, repeats, signal)).length > 0;
    } finally {
      connection.closeSync();
    }
  }

  /** The column of the stage's own that holds a column of the table. */
  private indexedName(name: string): string {
    return `c${this.indexOf(name)}`;
  }

  private indexOf(name: string): number {
    const index = this.columns.findIndex((column) => column.name === name);
    if (index === -1) throw new Error(`expected a column of the stage of ${this.table}, got ${name}`);
    return index;
  }

  /** The rows that passed. @param names of columns that are looked at beside the lines of CSV */
  private good(names: string[] = []): string {
    const number = this.manifest.isReordered ? '' : ', file_row_number AS "#row"';
    const rows = this.staged.withColumns(names.map((name) => this.indexOf(name)));
    return `(SELECT *${number} FROM ${rows} WHERE "#error" IS NULL)`;
  }

  /** The first row of each identity, of those listed in `unseen` where it is given. */
  private first(unseen: string | null): string {
    const isListed = unseen === null ? '' : ` WHERE "#hash" IN (SELECT h FROM ${identityList(unseen)})`;
    const rows = `(SELECT * FROM ${this.good()}${isListed})`;
    if (this.identities === this.rows) return rows;
    const firsts = `SELECT min("#row") FROM ${rows} GROUP BY "#hash"`;
    return `(SELECT * FROM ${rows} WHERE "#row" IN (${firsts}))`;
  }

  /** Begins at once to write a query's result as CSV. */
  private begin(name: string, copied: Copied, signal?: AbortSignal): CsvExport {
    const target = path.join(this.folder, `${this.table}.${name}.${randomUUID()}.csv`);
    return new CsvExport(target, this.copy(copied, target, signal), signal);
  }

  private copy({ query, options, use }: Copied, target: string, signal?: AbortSignal): Promise<void> {
    return this.execute(`COPY (${query}) TO ${literal(target)} (${options})`, signal, use);
  }

  private async execute(sql: string, signal?: AbortSignal, use?: Use): Promise<void> {
    const connection = await this.engine.connect(use);
    try {
      await run(connection, sql, signal);
    } finally {
      connection.closeSync();
    }
  }
}

function identityList(file: string): string {
  return `read_csv(${readPath(file)}, auto_detect = false, header = false, columns = {'h': 'UUID'})`;
}

/** Makes a stage count as finished: after this, and only then, `readManifest` finds it, also after a power cut. */
export async function writeManifest(folder: string, table: string, manifest: StageManifest): Promise<void> {
  const { rows, manifest: target } = stagePaths(folder, table);
  await flushPath(rows);
  for (const n of manifest.slices?.keys() ?? []) await flushPath(slicePath(rows, n));
  if (manifest.rejectsPath !== null) await flushPath(manifest.rejectsPath);
  await writeFile(`${target}.tmp`, JSON.stringify({ layout: LAYOUT, ...manifest }), { flush: true });
  await rename(`${target}.tmp`, target);
  await flushPath(folder);
}

/** null: no attempt of this version has finished this stage. */
export async function readManifest(folder: string, table: string): Promise<StageManifest | null> {
  try {
    const text = await readFile(stagePaths(folder, table).manifest, 'utf8');
    const { layout, ...manifest } = JSON.parse(text) as StageManifest & { layout?: number };
    return layout === LAYOUT ? manifest : null;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
    throw error;
  }
}

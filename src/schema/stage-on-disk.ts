import { randomUUID } from 'node:crypto';
import { rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { Readable } from 'node:stream';
import { CsvExport, exportInTurn } from './csv-export.js';
import { type Engine, identifier, literal, run, type Use } from './engine.js';
import { identityRanges, onlyRange } from './identity-ranges.js';
import { refuseRows } from './refuse-rows.js';
import { SourceChanged } from './row-origins.js';
import { type StageManifest, stagePaths } from './stage-manifest.js';
import { StageRelations } from './stage-relations.js';
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
import { type LineForm, type StagedRows, stagedRows } from './staged-rows.js';
import { WholeCsv } from './whole-csv.js';

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
  private readonly relations: StageRelations;
  private readonly closing = new AbortController();
  private readonly writing = new Set<Promise<void>>();
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
    this.relations = new StageRelations(table, this.staged, manifest);
  }

  beginIdentities(signal?: AbortSignal): void {
    this.ordered ??= this.identityLines(signal);
  }

  identityLines(signal?: AbortSignal): AsyncIterable<Buffer> {
    const begun = this.ordered;
    this.ordered = null;
    if (begun) return begun;
    const select = this.identities === this.rows ? 'SELECT' : 'SELECT DISTINCT';
    const begin = (rows: string, use: Use) => {
      const query = `${select} "#hash" FROM ${rows} ORDER BY 1`;
      return this.begin('identities', { query, options: 'FORMAT csv, HEADER false', use }, signal);
    };
    const identities = { rows: this.relations.good(), count: this.identities };
    const only = onlyRange(identities);
    if (only !== null) return begin(only, 'all threads').chunks();
    const walk = { folder: this.folder, execute: (sql: string) => this.execute(sql, signal) };
    // The next range is put in order while one is sent: what a second thread would gain, the database needs.
    return exportInTurn(identityRanges(identities, walk), (rows) => begin(rows, 'one thread'));
  }

  rowLines(unseen: string | null, signal?: AbortSignal): AsyncIterable<Buffer> {
    if (this.columns.length === 0) return Readable.from([]);
    return this.exportLines('rows', this.relations.first(unseen), {}, signal);
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
    return this.exportLines('placed', this.relations.placed(which), form, signal);
  }

  async refuse(refusal: Refusal): Promise<AfterRefusal> {
    const connection = await this.engine.connect();
    const { origins, manifest } = stagePaths(this.folder, this.table);
    try {
      return await refuseRows(
        { connection, rows: this.relations.good(), origins, stage: this.manifest },
        refusal,
      );
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
      const all = await count(this.relations.good());
      const firsts = await count(this.relations.first(unseen));
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
    return (
      this.combinedLines(signal) ??
      this.exportLines('combined', this.relations.good(), { areBare: true }, signal)
    );
  }

  private beginWhole(signal?: AbortSignal): WholeCsv {
    if (!this.whole || this.whole.hasFailed) {
      const target = path.join(this.folder, `${this.table}.whole.${randomUUID()}.csv`);
      this.whole = new WholeCsv(target, this.writeWhole(target, signal));
    }
    return this.whole;
  }

  private async writeWhole(target: string, signal?: AbortSignal): Promise<void> {
    const lines = this.linesOf(this.relations.good(), { areBare: true, hasHeader: true });
    await this.copy(lines, target, signal);
  }

  private linesOf(rows: string, form: Omit<LineForm, 'columns'>): Copied {
    const lines = this.staged.lines(rows, { columns: this.columns, ...form });
    return { ...lines, use: rows === this.relations.good() ? 'one thread' : 'all threads' };
  }

  private exportLines(
    name: string,
    rows: string,
    form: Omit<LineForm, 'columns'>,
    signal?: AbortSignal,
  ): AsyncIterable<Buffer> {
    return this.begin(name, this.linesOf(rows, form), signal).chunks();
  }

  async writeDistinct(columns: string[], target: string, signal?: AbortSignal): Promise<void> {
    const texts = columns.map(
      (name) => `${this.relations.indexedName(name)}::VARCHAR AS ${identifier(name)}`,
    );
    const query = `SELECT DISTINCT ${texts.join(', ')} FROM ${this.relations.good(columns)} ORDER BY ALL`;
    await this.copy({ query, options: 'FORMAT json' }, target, signal);
  }

  async newestOf(
    key: string[],
    orderBy?: string,
    signal?: AbortSignal,
  ): Promise<Map<number, Set<number>> | null> {
    const columns = key.map((name) => this.relations.indexedName(name)).join(', ');
    const greatest = orderBy === undefined ? '' : `${this.relations.indexedName(orderBy)} DESC NULLS LAST, `;
    const order = `${greatest}"#file" DESC, "#row" DESC`;
    const rows = this.relations.good(orderBy === undefined ? key : [...key, orderBy]);
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
    const names = columns.map((name) => this.relations.indexedName(name)).join(', ');
    const repeats = `SELECT 1 FROM ${this.relations.good(columns)} GROUP BY ${names} HAVING count(*) > 1 LIMIT 1`;
    const connection = await this.engine.connect();
    try {
      return (await run(connection, repeats, signal)).length > 0;
    } finally {
      connection.closeSync();
    }
  }

  async close(): Promise<void> {
    this.closing.abort(new Error('the stage is closed'));
    await Promise.allSettled(this.writing);
  }

  /** Begins at once to write a query's result as CSV. */
  private begin(name: string, copied: Copied, signal?: AbortSignal): CsvExport {
    const target = path.join(this.folder, `${this.table}.${name}.${randomUUID()}.csv`);
    return new CsvExport(target, this.copy(copied, target, signal), signal);
  }

  private copy({ query, options, use }: Copied, target: string, signal?: AbortSignal): Promise<void> {
    return this.execute(`COPY (${query}) TO ${literal(target)} (${options})`, signal, use);
  }

  private execute(sql: string, signal?: AbortSignal, use?: Use): Promise<void> {
    const { signal: closing } = this.closing;
    const work = this.write(sql, AbortSignal.any(signal ? [signal, closing] : [closing]), use);
    this.writing.add(work);
    const forget = () => this.writing.delete(work);
    work.then(forget, forget);
    return work;
  }

  private async write(sql: string, signal: AbortSignal, use?: Use): Promise<void> {
    const connection = await this.engine.connect(use);
    try {
      await run(connection, sql, signal);
    } finally {
      connection.closeSync();
    }
  }
}

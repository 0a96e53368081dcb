import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { DuckDBConnection } from '@duckdb/node-api';
import { TerminalError } from '../errors.js';
import { type Held, readWhole } from '../read-whole.js';
import { runConcurrently } from '../run-concurrently.js';
import { lookAtBytes, lookAtRecords, type RecordLook } from './check-records.js';
import { identifier, isEngineFault, readPath, run } from './engine.js';
import { FileNamer } from './file-namer.js';
import { GatheredFiles } from './gathered-files.js';
import { landIrregular, type IrregularFile } from './land-irregular.js';
import { pageRefused } from './page-refused.js';
import { parquetColumn } from './parquet-columns.js';
import type { FileColumns } from './plan-columns.js';
import type { ReadableFile } from './readable-file.js';
import type { RejectsFile } from './rejects-file.js';
import { UnclosedQuote } from './scan-csv.js';
import type { LandedText, StageRequest } from './stage-request.js';

/** Files whose records are looked at at the same time. */
const LOOKERS = 4;
/** From so many files on small ones are gathered. */
const MANY = 32;

/** Gets every file of a request into a form that the engine reads without guessing. */
export class FilePreparation {
  readonly readable: ReadableFile[] = [];
  readonly columns: FileColumns[] = [];
  /** Records refused before the engine saw them, by file. */
  readonly rejected: number[];
  private readonly carefully = new Set<number>();
  private readonly namer: FileNamer;

  constructor(
    private readonly connection: DuckDBConnection,
    private readonly request: StageRequest,
    private readonly rejects: RejectsFile,
    private readonly carefulFolder: string,
  ) {
    this.rejected = request.files.map(() => 0);
    this.namer = new FileNamer(request);
  }

  /** Goes through all files; one that cannot be read at all becomes one reject. Throws for such a page of an API. */
  async prepare(): Promise<void> {
    const { files, signal } = this.request;
    const gathered = files.length < MANY ? null : new GatheredFiles(this.carefulFolder);
    try {
      let index = 0;
      for await (const some of readWhole(files, delimitedPath, signal)) {
        const looks = await runConcurrently(some, LOOKERS, async (held) => this.look(held));
        for (const [n, { file }] of some.entries()) {
          signal?.throwIfAborted();
          await this.orRefuse(index, async () => {
            if (file.rejects) await this.rejects.include(file.rejects.path, file.source, file.name);
            await this.add(index, file, { ...looks[n]!, gathered });
          });
          index++;
        }
      }
    } finally {
      await gathered?.close();
    }
  }

  /** Reads all CSV files by the careful scan that are not yet; whether there were any. */
  async restartAll(): Promise<boolean> {
    const fast = this.readable.filter(({ format, isNumbered }) => format === 'csv' && !isNumbered);
    for (const { index } of fast) await this.restart(index);
    return fast.length > 0;
  }

  /** Refuses the Parquet files whose pages cannot be read; whether there were any. */
  async refuseBrokenParquet(): Promise<boolean> {
    const before = this.readable.length;
    const parquets = this.readable.filter(({ format }) => format === 'parquet').map(({ index }) => index);
    for (const index of parquets) {
      await this.orRefuse(index, async () => {
        this.remove(index);
        await run(
          this.connection,
          `SELECT max(hash(COLUMNS(*))) FROM ${parquet(this.request.files[index]!)}`,
        );
        await this.addParquet(index, this.request.files[index]!);
      });
    }
    return this.readable.length < before;
  }

  /** Reads a file by the careful scan that the fast reader stumbled over; it has to be planned anew. */
  async restart(index: number): Promise<void> {
    if (this.carefully.has(index))
      throw new Error(`the careful scan left faults in ${this.request.files[index]!.name}`);
    this.remove(index);
    await this.orRefuse(index, async () => {
      const file = this.request.files[index] as IrregularFile;
      this.insert(await this.land(index, file), this.namer.columnsOf(index, file));
    });
  }

  private async add(
    index: number,
    file: LandedText,
    { isRegular, bytes, gathered }: RecordLook & { gathered: GatheredFiles | null },
  ): Promise<void> {
    readPath(file.path);
    if (file.format === 'parquet') return this.addParquet(index, file);
    const columns = this.namer.columnsOf(index, file);
    const place = isRegular && bytes ? await gathered?.add(file, bytes) : null;
    const readable = isRegular ? asIs(index, file) : await this.land(index, file as IrregularFile);
    this.insert({ ...readable, ...place }, columns);
  }

  private async look({ file, whole }: Held<LandedText>): Promise<RecordLook> {
    const { format, dialect, path } = file;
    if (format !== 'csv') return { isRegular: true, bytes: null };
    if (!mayBeRegular(file)) return { isRegular: false, bytes: null };
    if (whole !== null) return lookAtBytes(whole.bytes, dialect!);
    return lookAtRecords(path, dialect!, this.request.signal);
  }

  private async land(index: number, file: IrregularFile): Promise<ReadableFile> {
    this.carefully.add(index);
    await mkdir(this.carefulFolder, { recursive: true });
    const target = join(this.carefulFolder, `${index}.csv`);
    const longest = await landIrregular(file, target, this.rejects, this.request.signal);
    return { ...asIs(index, file), path: target, isNumbered: true, longest };
  }

  private async addParquet(index: number, file: LandedText): Promise<void> {
    const described = await run(this.connection, `DESCRIBE SELECT * FROM ${parquet(file)}`);
    const columns = described.map((row) =>
      parquetColumn(String(row['column_name']), String(row['column_type'])),
    );
    const sources = columns.map((column) => column.name);
    const names = this.namer.name(sources, file.name);
    const expressions = columns.map((column) => column.text(identifier(column.name)));
    this.insert(
      { ...asIs(index, { ...file, columns: sources }), expressions },
      { file: index, sources, names, types: columns.map((column) => column.type) },
    );
  }

  private async orRefuse(index: number, work: () => Promise<void>): Promise<void> {
    const { source, name, path, format, url } = this.request.files[index]!;
    const before = this.rejects.count;
    try {
      await work();
    } catch (error) {
      this.request.signal?.throwIfAborted();
      const fault = error as Error & Partial<UnclosedQuote>;
      const isUnreadable = error instanceof TerminalError || format === 'parquet';
      if (!isUnreadable || isEngineFault(error)) throw error;
      if (url !== undefined) throw pageRefused(error, { table: this.request.table, name, url });
      const reason =
        format === 'parquet' && !(error instanceof TerminalError)
          ? `expected a Parquet file, got ${firstLine(fault.message.replaceAll(path, name))}`
          : fault.message;
      this.rejects.add({
        source,
        file: name,
        line: fault.line ?? null,
        column: null,
        reason,
        raw: fault.raw ?? '',
        flaw: 'unread',
      });
    } finally {
      this.rejected[index]! += this.rejects.count - before;
    }
  }

  private insert(readable: ReadableFile, columns: FileColumns): void {
    const at = this.readable.findLastIndex(({ index }) => index < readable.index) + 1;
    this.readable.splice(at, 0, readable);
    this.columns.splice(at, 0, columns);
  }

  private remove(index: number): void {
    this.readable.splice(
      this.readable.findIndex((file) => file.index === index),
      1,
    );
    this.columns.splice(
      this.columns.findIndex((columns) => columns.file === index),
      1,
    );
  }
}

/** In a file of one column a blank line and a NULL look the same to the engine, so that is scanned as well. */
const mayBeRegular = ({ dialect, columns }: LandedText) => dialect!.isRegular && columns!.length >= 2;

/** Of a file whose records are to be looked at. */
const delimitedPath = (file: LandedText) => (file.format === 'csv' && mayBeRegular(file) ? file.path : null);

function asIs(
  index: number,
  { path: file, shared, format, dialect, columns, longest }: LandedText,
): ReadableFile {
  const isNumbered = format === 'ndjson';
  return {
    index,
    path: file,
    page: shared?.page ?? null,
    format,
    dialect,
    columns: columns ?? [],
    expressions: null,
    isNumbered,
    longest,
  };
}

const parquet = (file: LandedText) => `read_parquet(${readPath(file.path)}, hive_partitioning=false)`;

const firstLine = (text: string) => text.split('\n', 1)[0]!.slice(0, 200);

import { createReadStream } from 'node:fs';
import { readFile, rename, rm, open, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { Readable } from 'node:stream';
import { identifier, literal, run, type Engine } from './engine.js';
import type { FileTally, Stage, StageColumn, StagedFile } from './stage.js';

/** What has to be known to open a stage again. */
export interface StageManifest {
  columns: StageColumn[];
  files: StagedFile[];
  rows: number;
  identities: number;
  rejected: number;
  rejectsPath: string | null;
}

/** Size of the pieces that are handed on. */
const CHUNK = 256 << 10;

/** Where the parts of a table's stage lie in the folder of its run. */
export const stagePaths = (folder: string, table: string) => ({
  rows: path.join(folder, `${table}.parquet`),
  rejects: path.join(folder, `${table}.rejects.ndjson`),
  manifest: path.join(folder, `${table}.stage.json`),
  careful: path.join(folder, `${table}.careful`),
});

/** A finished stage: a Parquet file with the rows, and a manifest that was written last. */
export class StageOnDisk implements Stage {
  readonly columns: StageColumn[];
  readonly files: StagedFile[];
  readonly rows: number;
  readonly identities: number;
  readonly rejected: number;
  readonly rejectsPath: string | null;
  private readonly rowsPath: string;

  constructor(
    private readonly engine: Engine,
    private readonly folder: string,
    private readonly table: string,
    manifest: StageManifest,
  ) {
    ({
      columns: this.columns,
      files: this.files,
      rows: this.rows,
      identities: this.identities,
      rejected: this.rejected,
      rejectsPath: this.rejectsPath,
    } = manifest);
    this.rowsPath = stagePaths(folder, table).rows;
  }

  identityLines(signal?: AbortSignal): AsyncIterable<Buffer> {
    const distinct = `SELECT DISTINCT "#hash" FROM ${this.good()} ORDER BY 1`;
    return this.export('identities', distinct, 'HEADER false', signal);
  }

  rowLines(unseen: string | null, signal?: AbortSignal): AsyncIterable<Buffer> {
    if (this.columns.length === 0) return Readable.from([]);
    const columns = this.columnList();
    return this.export(
      'rows',
      `SELECT ${columns} FROM ${this.first(unseen)}`,
      'HEADER false, FORCE_QUOTE *',
      signal,
    );
  }

  async tally(unseen: string | null): Promise<FileTally[]> {
    const connection = await this.engine.connect();
    try {
      const fresh = `SELECT "#file" AS file, count(*) AS n FROM ${this.first(unseen)} GROUP BY 1`;
      const counts = new Map((await run(connection, fresh)).map(({ file, n }) => [Number(file), Number(n)]));
      return this.files.map(({ read, rejected }, file) => {
        const unseenRows = counts.get(file) ?? 0;
        return { file, unseen: unseenRows, duplicate: read - rejected - unseenRows };
      });
    } finally {
      connection.closeSync();
    }
  }

  async writeCombined(target: string): Promise<void> {
    if (this.columns.length === 0) return writeFile(target, '', { flag: 'wx' });
    const connection = await this.engine.connect();
    try {
      await run(
        connection,
        `COPY (SELECT ${this.columnList()} FROM ${this.good()}) TO ${literal(target)} (FORMAT csv, HEADER true, DELIMITER ',')`,
      );
    } finally {
      connection.closeSync();
    }
  }

  private columnList(): string {
    return this.columns.map(({ name }) => identifier(name)).join(', ');
  }

  private good(): string {
    return `(SELECT * FROM read_parquet(${literal(this.rowsPath)}, file_row_number = true) WHERE "#error" IS NULL)`;
  }

  /** The first row of each identity, of those listed in `unseen` where it is given. */
  private first(unseen: string | null): string {
    const isListed = unseen === null ? '' : ` WHERE "#hash" IN (SELECT h FROM ${identityList(unseen)})`;
    const rows = `(SELECT * FROM ${this.good()}${isListed})`;
    if (this.identities === this.rows) return rows;
    const firsts = `SELECT min(file_row_number) FROM ${rows} GROUP BY "#hash"`;
    return `(SELECT * FROM ${rows} WHERE file_row_number IN (${firsts}))`;
  }

  /** Writes a query's result as CSV to a file and streams that; the file goes when the stream ends. */
  private async *export(
    name: string,
    query: string,
    options: string,
    signal?: AbortSignal,
  ): AsyncGenerator<Buffer> {
    const target = path.join(this.folder, `${this.table}.${name}.csv`);
    const connection = await this.engine.connect();
    try {
      await run(
        connection,
        `COPY (${query}) TO ${literal(target)} (FORMAT csv, DELIMITER ',', ${options})`,
        signal,
      );
      yield* createReadStream(target, { highWaterMark: CHUNK, signal }) as AsyncIterable<Buffer>;
    } finally {
      connection.closeSync();
      await rm(target, { force: true });
    }
  }
}

function identityList(file: string): string {
  return `read_csv(${literal(file)}, auto_detect = false, header = false, columns = {'h': 'UUID'})`;
}

/** Makes a stage count as finished: after this, and only then, `readManifest` finds it. */
export async function writeManifest(folder: string, table: string, manifest: StageManifest): Promise<void> {
  const target = stagePaths(folder, table).manifest;
  const file = await open(`${target}.tmp`, 'w');
  try {
    await file.writeFile(JSON.stringify(manifest));
    await file.sync();
  } finally {
    await file.close();
  }
  await rename(`${target}.tmp`, target);
}

/** null: no attempt has finished this stage. */
export async function readManifest(folder: string, table: string): Promise<StageManifest | null> {
  try {
    return JSON.parse(await readFile(stagePaths(folder, table).manifest, 'utf8')) as StageManifest;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
    throw error;
  }
}

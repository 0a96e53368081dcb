import { mkdir, realpath } from 'node:fs/promises';
import path from 'node:path';
import { DuckDBInstance, type DuckDBConnection, type DuckDBValue } from '@duckdb/node-api';
import { Inject, Injectable, type OnModuleDestroy } from '@nestjs/common';
import { TerminalError, TransientError } from '../errors.js';
import { Settings } from '../settings/settings.js';
import { columnsAtOnce, Places, stagesAtOnce } from './places.js';

export type Row = Record<string, DuckDBValue>;

/**
 * By what statements are run. Several threads that keep the order of rows gather megabytes of them before they write: 130 MiB
 * for lines of CSV. One thread writes them as it reads them, faster than a database takes them, for less processor time.
 */
export type Use = 'all threads' | 'one thread';

/** Stages that can tell how far they are, side by side; a process has fewer. */
const TELLING = 4;

/**
 * The embedded columnar engine, shared by all stages of this process: bounded in memory, able to read the data roots
 * and the service's home and nothing else, spilling to `<home>/tmp`.
 */
@Injectable()
export class Engine implements OnModuleDestroy {
  private readonly opening = new Map<Use, Promise<DuckDBInstance>>();
  /** Connections that count what their statements have done: set so before the configuration was locked. */
  private telling: DuckDBConnection[] = [];
  private readonly places: Places;
  /** Columns that one statement should type at most. */
  readonly width: number;

  constructor(@Inject(Settings) private readonly settings: Settings) {
    this.width = columnsAtOnce(settings.memory.engine, settings.memory.engineThreads);
    this.places = new Places(stagesAtOnce(settings.memory.engine));
  }

  /**
   * Calls `work` with a connection of its own whose progress can be watched, as soon as the memory bears one more stage.
   */
  stage<T>(work: (connection: DuckDBConnection) => Promise<T>, signal?: AbortSignal): Promise<T> {
    return this.places.take(() => this.stageNow(work), signal);
  }

  private async stageNow<T>(work: (connection: DuckDBConnection) => Promise<T>): Promise<T> {
    const plain = await this.connect();
    const telling = this.telling.pop();
    try {
      return await work(telling ?? plain);
    } finally {
      plain.closeSync();
      if (telling) await this.giveBack(telling);
    }
  }

  /** What a scan met stands in tables of its connection, which the next stage must not find. */
  private async giveBack(connection: DuckDBConnection): Promise<void> {
    try {
      await connection.run('DROP TABLE IF EXISTS reject_errors; DROP TABLE IF EXISTS reject_scans');
      this.telling.push(connection);
    } catch {
      connection.closeSync();
    }
  }

  /** A connection for a few statements; close it with `closeSync`. */
  async connect(use: Use = 'all threads'): Promise<DuckDBConnection> {
    let opening = this.opening.get(use);
    if (!opening) {
      opening = this.open(use);
      this.opening.set(use, opening);
      // A data root that is missing now may be there at the next try.
      opening.catch(() => this.opening.delete(use));
    }
    return (await opening).connect();
  }

  async onModuleDestroy(): Promise<void> {
    const instances = await Promise.all(this.opening.values());
    for (const connection of this.telling) connection.closeSync();
    for (const instance of instances) instance.closeSync();
  }

  private async open(use: Use): Promise<DuckDBInstance> {
    const { home, dataRoots, memory } = this.settings;
    const areAll = use === 'all threads';
    const spill = path.join(home, 'tmp', areAll ? 'engine' : 'engine-lines');
    await mkdir(spill, { recursive: true });
    const threads = areAll ? memory.engineThreads : 1;
    const instance = await DuckDBInstance.create(':memory:', {
      memory_limit: memory.engine,
      temp_directory: spill,
      ...(threads ? { threads: String(threads) } : {}),
    });
    const folders = await Promise.all([home, ...dataRoots].map((folder) => realpath(folder)));
    const connection = await instance.connect();
    if (areAll)
      this.telling = await Promise.all(Array.from({ length: TELLING }, () => connectTelling(instance)));
    for (const setting of [
      `TimeZone = 'UTC'`,
      `autoinstall_known_extensions = false`,
      `autoload_known_extensions = false`,
      `allowed_directories = ${list(folders)}`,
      `enable_external_access = false`,
      // Stages are read once or twice, and lie in the system's cache.
      `enable_external_file_cache = false`,
      // What is free goes back to the system soon, and not when 128 MiB of it have gathered.
      `allocator_flush_threshold = '16MB'`,
      `allocator_background_threads = true`,
      // It makes a join of IN with many constants, which may lose the order of the records.
      `disabled_optimizers = 'in_clause'`,
      `lock_configuration = true`,
    ]) {
      // GLOBAL, because each stage has a connection of its own.
      await connection.run(`SET GLOBAL ${setting}`);
    }
    connection.closeSync();
    return instance;
  }
}

async function connectTelling(instance: DuckDBInstance): Promise<DuckDBConnection> {
  const connection = await instance.connect();
  await connection.run('SET enable_progress_bar = true');
  await connection.run('SET enable_progress_bar_print = false');
  return connection;
}

/** Runs one statement; an abort interrupts it and is thrown as the signal's reason. */
export async function run(connection: DuckDBConnection, sql: string, signal?: AbortSignal): Promise<Row[]> {
  signal?.throwIfAborted();
  const interrupt = () => connection.interrupt();
  signal?.addEventListener('abort', interrupt, { once: true });
  try {
    return (await connection.runAndReadAll(sql)).getRowObjects();
  } catch (error) {
    signal?.throwIfAborted();
    throw engineFault(error);
  } finally {
    signal?.removeEventListener('abort', interrupt);
  }
}

const LOOK_MS = 500;

/**
 * Calls `tell` with the share, from 0 to 1, of the connection's statement that is done, twice a second until the
 * returned function is called.
 */
export function watchProgress(connection: DuckDBConnection, tell: (share: number) => void): () => void {
  const timer = setInterval(() => {
    const { percentage } = connection.progress;
    if (percentage >= 0) tell(percentage / 100);
  }, LOOK_MS);
  return () => clearInterval(timer);
}

/** What the engine says of memory and disks, in terms of what can be done about it. */
export function engineFault(error: unknown): unknown {
  const { message } = error as Error;
  if (message.startsWith('Out of Memory Error')) {
    return new TerminalError('ENGINE_MEMORY', memoryAdvice(message), [], { cause: error });
  }
  if (/No space left on device/.test(message)) {
    const text = 'expected room for a stage on the disk that MILLRACE_HOME lies on, it is full';
    return new TransientError('DISK_FULL', text, [], { cause: error });
  }
  return error;
}

/** The engine tells its limit, which is shared by what it does at the same time. */
function memoryAdvice(message: string): string {
  const [, limit, unit] = /\/([\d.]+) ([MG])iB used/.exec(message) ?? [];
  if (limit === undefined)
    return 'expected the columnar engine to manage with its memory: raise MILLRACE_MEMORY';
  const megabytes = Math.round((Number(limit) * (unit === 'G' ? 1 << 30 : 1 << 20)) / 1e6);
  return (
    `expected the columnar engine to manage with its ${megabytes}MB, it needs more: ` +
    `set MILLRACE_MEMORY=${2 * megabytes}MB, or more, and start the service again`
  );
}

/** Whether an error says that the engine could not do it, whatever the file holds. */
export function isEngineFault(error: unknown): boolean {
  return error instanceof TransientError || lacksMemory(error);
}

export function lacksMemory(error: unknown): error is TerminalError {
  return error instanceof TerminalError && error.code === 'ENGINE_MEMORY';
}

/**
 * A path to read, as an SQL string literal: the engine takes `*`, `?` and `[` for a pattern, and would read other files.
 *
 * @throws TerminalError `FILE_NAME` for a name that has such a character and a backslash, which no pattern can express
 */
export function readPath(path: string): string {
  if (!/[*?[]/.test(path)) return literal(path);
  if (path.includes('\\')) {
    throw new TerminalError('FILE_NAME', 'expected a file name without \\ beside *, ? or [, got both');
  }
  return literal(path.replace(/[*?[]/g, '[$&]'));
}

/** An SQL string literal. */
export const literal = (text: string): string => `'${text.replaceAll("'", "''")}'`;

/** An SQL list of string literals. */
export const list = (texts: string[]): string => `[${texts.map(literal).join(', ')}]`;

/** A quoted SQL identifier. */
export const identifier = (name: string): string => `"${name.replaceAll('"', '""')}"`;

import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, jest } from '@jest/globals';
import type { RejectPageDto } from '../src/jobs/rejects.dto.js';
import type { RunDto } from '../src/jobs/run.dto.js';
import { query, Service } from './jobs-support.js';
import { createApp, type TestApp } from './support.js';

/** The same cases in every run of the tests; LAW_SEED=<number> looks for others, LAW_RUNS=<number> for more. */
export const SEED = Number(process.env['LAW_SEED'] ?? 20_261_128);
export const RUNS = Number(process.env['LAW_RUNS'] ?? 6);

let app: TestApp;
let service: Service;
let round = 0;

/** Starts the service that all worlds of a test file are in; `close` ends it. */
export async function openWorlds(): Promise<{ app: TestApp; service: Service; close: () => Promise<void> }> {
  app = await createApp();
  service = new Service(app.url);
  // Every file counts as one that has lain still, which a run would wait for.
  const now = Date.now.bind(Date);
  jest.spyOn(Date, 'now').mockImplementation(() => now() + 120_000);
  const close = async () => {
    jest.restoreAllMocks();
    await app.close();
  };
  return { app, service, close };
}

type Snapshot = Awaited<ReturnType<World['snapshot']>>;

/** One folder and two pipelines that read it: one as it is, and one that is made to stage every file in every run. */
export class World {
  readonly name = `world_${++round}`;
  private readonly folder = join(app.dataRoot, this.name);

  /** @param how more keys of the source */
  static async make(rest = '', how = ''): Promise<World> {
    const world = new World(how);
    await mkdir(world.folder);
    await world.configure(rest);
    return world;
  }

  private constructor(private readonly how: string) {}

  async configure(rest: string): Promise<void> {
    for (const table of this.tables) {
      const source = `sources: [{ type: local, path: ${this.name}${this.how} }]`;
      await service.upload(`pipeline: ${table}\nmonitor: false\n${source}\n${rest}\n`);
    }
  }

  get tables(): [carrying: string, staging: string] {
    return [this.name, `${this.name}_full`];
  }

  path(file: string): string {
    return join(this.folder, file);
  }

  write(files: Record<string, string>): Promise<unknown> {
    return Promise.all(Object.entries(files).map(([file, text]) => writeFile(this.path(file), text)));
  }

  output(table: string = this.name): string {
    return join(app.home, 'output', table, `${table}.csv`);
  }

  /** null: there is none. */
  outputText(table?: string): Promise<string | null> {
    return readFile(this.output(table), 'utf8').catch(() => null);
  }

  /** Whether a run has staged the new lines of a file, and has let it be at that. */
  async isStagedInPart({ id }: RunDto): Promise<boolean> {
    const log = await service.logOf(id, '?format=text');
    return log.includes('stages only the new lines of a file') && !log.includes('stages every file');
  }

  /** The copies of what its files were. */
  async kept(): Promise<string[]> {
    const folder = join(app.home, 'kept', this.name);
    const paths = await readdir(folder, { recursive: true }).catch(() => []);
    return paths.filter((path) => /[0-9a-f]{64}$/.test(path)).map((path) => join(folder, path));
  }

  async files(): Promise<string[]> {
    return (await readdir(this.folder)).sort();
  }

  /** @param mishap is brought about for the one that may carry over */
  async run(mishap?: () => void): Promise<{ run: RunDto; full: RunDto }> {
    const [carrying, staging] = this.tables;
    // As in the ledger of a version that did not keep them: nothing can be carried over.
    const forget = 'UPDATE millrace.loads SET columns = NULL WHERE pipeline = $1';
    await query(app.database.url, forget, [staging]).catch(() => {});
    const staged = service.run({ pipeline: staging });
    if (mishap) await staged.then(mishap);
    const [full, run] = await Promise.all([staged, service.run({ pipeline: carrying })]);
    return { run, full };
  }

  /** What the users of a pipeline see of it, without what differs from pipeline to pipeline. */
  async snapshot({ id, pipeline, state, error, streams }: RunDto) {
    const [stream] = streams;
    const { read, inserted, duplicate, rejected } = stream!;
    const files = stream!.files.map((file) => {
      const { name, read, inserted, duplicate, rejected, fingerprint, copyOf } = file;
      return { name, read, inserted, duplicate, rejected, fingerprint, copyOf };
    });
    const { body } = await service.get<RejectPageDto>(`/runs/${id}/rejects?limit=100`);
    const rejects = body.items.map(({ file, line, column, reason, raw }) => {
      return { file, line, column, reason: reason.replaceAll(pipeline, 'table'), raw };
    });
    const ledger = await query<{ files: unknown }>(
      app.database.url,
      `SELECT jsonb_agg(jsonb_build_array(f.name, f.fingerprint, f.copy_of, f.read, f.inserted, f.duplicate, f.rejected)
                        ORDER BY f.name) AS files
         FROM millrace.loads l JOIN millrace.load_files f ON f.load_id = l.id WHERE l.run_id = $1`,
      [id],
    );
    return {
      state,
      error: error && error.message.replaceAll(pipeline, 'table'),
      stream: stream!.state,
      counts: { read, inserted, duplicate, rejected },
      columns: new Map(stream!.columns.map(({ name, type }) => [name, type])),
      changes: stream!.changes,
      files: files.sort((one, other) => (one.name < other.name ? -1 : 1)),
      rejects: sorted(rejects),
      ledger,
      table: await rowsOf(pipeline),
      combined: await this.combined(pipeline),
    };
  }

  /** Each row by its columns' names; null: there is none. */
  private async combined(table: string): Promise<string[] | null> {
    const text = await readFile(this.output(table), 'utf8').catch(() => null);
    if (text === null) return null;
    const [header = '', ...lines] = text.replace(/\n$/, '').split('\n');
    const names = header.split(',');
    return sorted(
      lines.map((line) => {
        const fields = line.split(',').map((field, at) => [names[at] ?? at, field]);
        return Object.fromEntries(fields.sort());
      }),
    );
  }
}

/** Runs both, and holds what they did and left behind against each other. */
export async function runBoth(
  world: World,
  mishap?: () => void,
): Promise<{ run: RunDto; unchanged: string[]; snapshot: Snapshot }> {
  const { run, full } = await world.run(mishap);
  const snapshot = await world.snapshot(run);
  expect(snapshot).toEqual(await world.snapshot(full));
  const files = run.streams[0]!.state === 'succeeded' ? run.streams[0]!.files : [];
  const unchanged = files.filter(({ state }) => state === 'unchanged').map(({ name }) => name);
  return { run, unchanged: unchanged.sort(), snapshot };
}

async function rowsOf(table: string): Promise<string[]> {
  const rows = await query(app.database.url, `SELECT * FROM ${table}`).catch(() => []);
  return sorted(rows.map((row) => Object.fromEntries(Object.entries(row).sort())));
}

function sorted(values: unknown[]): string[] {
  return values.map((value) => JSON.stringify(value)).sort();
}

/** Rows of a file that is large enough for a copy of it to be kept. */
export const BIG = 3_000;

/** Its text, which may be changed by its lines; the first is the header. */
export function bigText(change: (lines: string[]) => unknown = () => {}): string {
  const lines = Array.from({ length: BIG }, (_, at) => `${at},${`row ${at} of many `.repeat(3)},${at}.5`);
  lines.unshift('id,name,amount');
  change(lines);
  return `${lines.join('\n')}\n`;
}

export const changeInside = (lines: string[]) => lines.splice(70, 1, '70,changed,0.5');

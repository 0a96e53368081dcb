import { mkdir, readdir, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { getRepositoryToken } from '@nestjs/typeorm';
import { Client } from 'pg';
import { PipelinesService } from '../src/jobs/pipelines.service.js';
import { firstIdAt } from '../src/jobs/page.js';
import { RetentionSweep } from '../src/jobs/retention-sweep.js';
import { Run } from '../src/jobs/run.entity.js';
import { RunsService } from '../src/jobs/runs.service.js';
import type { SweepReport } from '../src/jobs/sweep-report.js';
import { LoaderService } from '../src/loader/loader.service.js';
import { Settings } from '../src/settings/settings.js';
import type { TestApp } from './support.js';

const DAY_MS = 86_400_000;

export interface PastRun {
  id?: string;
  pipeline: string;
  /** Days since it was queued. */
  age: number;
  state?: string;
  /** The run whose rejects it takes up. */
  replayOf?: string | null;
  /** Name of its combined CSV. */
  output?: string;
  /** Whether it got as far as to look at its files. */
  hasLooked?: boolean;
  /** Days since it finished. */
  finishedAge?: number;
}

export interface PastReject {
  pipeline: string;
  runId: string;
  count: number;
  file?: string;
}

export interface PastLoad {
  pipeline: string;
  age: number;
  table?: string;
  /** It was one of rejects. */
  isReplay?: boolean;
}

const ADD_RUNS = `
  WITH planned AS (
    SELECT * FROM jsonb_to_recordset($1) AS planned (id uuid, pipeline text, age float8, state text, trigger text,
      finished_age float8, signature text, streams jsonb, files jsonb, replay jsonb)),
  runs AS (
    INSERT INTO millrace.runs (id, pipeline, config_version, trigger, state, queued_at, finished_at, signature, streams, files, replay)
    SELECT id, pipeline, 1, trigger, state, now() - age * interval '1 day', now() - finished_age * interval '1 day',
           signature, streams, files, replay FROM planned),
  events AS (INSERT INTO millrace.run_events SELECT id, 1, now(), 'state', '{}' FROM planned)
  INSERT INTO millrace.idempotency_keys SELECT 'key of ' || id, 'digest', id FROM planned`;

const ADD_LOADS = `
  WITH loads AS (
    INSERT INTO millrace.loads (id, run_id, pipeline, config_version, schema_name, table_name, table_id, signature,
                                read, inserted, updated, duplicate, rejected, row_bytes, committed_at)
    SELECT gen_random_uuid(), run_id, pipeline, 1, 'public', table_name, 1, signature, 0, 0, 0, 0, 0, 0,
           now() - age * interval '1 day'
      FROM jsonb_to_recordset($1) AS planned (run_id text, pipeline text, age float8, table_name text, signature text)
    RETURNING id, run_id AS "runId"),
  files AS (
    INSERT INTO millrace.load_files
    SELECT id, n, 0, 'a.csv', 'f', NULL, 0, 0, 0, 0, 0 FROM loads, generate_series(0, 1) n)
  SELECT * FROM loads`;

/** Makes a past, which the service then sweeps. */
export class Past {
  private made = 0;

  private constructor(
    private readonly app: TestApp,
    private readonly client: Client,
  ) {}

  static async open(app: TestApp): Promise<Past> {
    const client = new Client({ connectionString: app.database.url });
    await client.connect();
    return new Past(app, client);
  }

  async close(): Promise<void> {
    await this.client.end();
  }

  async sql<T extends object>(text: string, values: unknown[] = []): Promise<T[]> {
    return (await this.client.query<T>(text, values)).rows;
  }

  /** The id of a run of that age; of two with the same age the one that is made later has the higher. */
  id(age: number): string {
    this.made += 1;
    const first = firstIdAt(new Date(Date.now() - age * DAY_MS));
    return first.slice(0, -8) + this.made.toString(16).padStart(8, '0');
  }

  async run(run: PastRun): Promise<string> {
    const [id] = await this.addRuns([run]);
    return id!;
  }

  /** Each with an event and an idempotency key; returns their ids. */
  async addRuns(runs: PastRun[]): Promise<string[]> {
    const rows = runs.map(
      ({
        pipeline,
        age,
        state = 'succeeded',
        replayOf = null,
        output = null,
        hasLooked = true,
        ...more
      }) => ({
        id: more.id ?? this.id(age),
        pipeline,
        age,
        state,
        trigger: replayOf === null ? 'manual' : 'replay',
        finished_age: ['queued', 'running'].includes(state) ? null : (more.finishedAge ?? age),
        signature: hasLooked ? 'signature' : null,
        streams: [{ table: 'orders', output, columns: [] }],
        files: [{ files: [{ source: 0, name: 'a.csv' }], skipped: [] }],
        replay: replayOf === null ? null : { runId: replayOf, table: null },
      }),
    );
    await this.sql(ADD_RUNS, [JSON.stringify(rows)]);
    return rows.map(({ id }) => id);
  }

  /** As if the worker had just ended it. */
  async finish(id: string, state = 'failed'): Promise<void> {
    await this.sql('UPDATE millrace.runs SET state = $2, finished_at = now() WHERE id = $1', [id, state]);
  }

  /** The ids of the pipeline's runs, the newest first. */
  async runs(pipeline: string): Promise<string[]> {
    const found = await this.sql<{ id: string }>(
      'SELECT id FROM millrace.runs WHERE pipeline = $1 ORDER BY id DESC',
      [pipeline],
    );
    return found.map(({ id }) => id);
  }

  async rejects({ pipeline, runId, count, file = 'a.csv' }: PastReject): Promise<void> {
    await this.sql(
      `INSERT INTO millrace.rejects (run_id, pipeline, config_version, table_name, source, file, line, reason, raw)
       SELECT $1, $2, 1, 'orders', 0, $3, n, 'amount: expected numeric', 'x' FROM generate_series(1, $4::int) n`,
      [runId, pipeline, file, count],
    );
    await this.sql(
      `INSERT INTO millrace.reject_files (run_id, table_name, source, file, fingerprint, layout)
       VALUES ($1, 'orders', 0, $2, 'f', '{}')`,
      [runId, file],
    );
  }

  /** Loads with two files each; returns their ids. */
  async addLoads(loads: PastLoad[]): Promise<string[]> {
    const rows = loads.map(({ pipeline, age, table = 'orders', isReplay = false }) => {
      return {
        pipeline,
        age,
        run_id: this.id(age),
        table_name: table,
        signature: isReplay ? '' : 'signature',
      };
    });
    const added = await this.sql<{ id: string; runId: string }>(ADD_LOADS, [JSON.stringify(rows)]);
    const ids = new Map(added.map(({ id, runId }) => [runId, id]));
    return rows.map((row) => ids.get(row.run_id)!);
  }

  /** A file below the service's home, last written to so many days ago. */
  async file(path: string, { age = 0, bytes = 1 }: { age?: number; bytes?: number } = {}): Promise<void> {
    const full = join(this.app.home, path);
    await mkdir(join(full, '..'), { recursive: true });
    await writeFile(full, Buffer.alloc(bytes));
    const at = new Date(Date.now() - age * DAY_MS);
    await utimes(full, at, at);
  }

  async names(folder: string): Promise<string[]> {
    return (await readdir(join(this.app.home, folder))).sort();
  }

  /** A sweep by these limits, those of the service for the rest. */
  async sweep(keep: Partial<Settings['keep']> = {}): Promise<SweepReport> {
    const get = <T>(token: abstract new (...args: never[]) => T) =>
      this.app.app.get<T>(token, { strict: false });
    const settings = get(Settings);
    const sweep = new RetentionSweep(
      this.app.app.get(getRepositoryToken(Run), { strict: false }),
      get(RunsService),
      get(PipelinesService),
      get(LoaderService),
      new Settings({ ...settings, keep: { ...settings.keep, ...keep } }),
    );
    return sweep.sweep(new AbortController().signal);
  }
}

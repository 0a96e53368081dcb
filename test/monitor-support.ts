import { appendFile, mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { jest } from '@jest/globals';
import { LookOut, type LookResult } from '../src/jobs/look-out.js';
import type { MonitorDto } from '../src/jobs/monitor.dto.js';
import type { RunDto } from '../src/jobs/run.dto.js';
import { query, Service, until } from './jobs-support.js';
import type { TestApp } from './support.js';

/** Every look that the service takes, as it ends. */
export class Looks {
  private readonly all: { pipeline: string; result: LookResult | null }[] = [];
  private readonly before = new Map<string, () => Promise<void>>();

  constructor(app: TestApp) {
    const lookOut = app.app.get(LookOut, { strict: false });
    const look = lookOut.look.bind(lookOut);
    jest.spyOn(lookOut, 'look').mockImplementation(async (monitor, signal) => {
      await this.before.get(monitor.pipeline)?.();
      const result = await look(monitor, signal);
      this.all.push({ pipeline: monitor.pipeline, result });
      return result;
    });
  }

  /** Does something before each look at a pipeline from now on. */
  beforeEach(pipeline: string, act: () => Promise<void>): void {
    this.before.set(pipeline, act);
  }

  /** What the looks at a pipeline came to; an unchanged one has said what the one before it said. */
  of(pipeline: string): LookResult[] {
    return this.all.flatMap((one) => (one.pipeline === pipeline && one.result ? [one.result] : []));
  }
}

/** A monitored pipeline with a folder of its own, looked at every second. */
export class Watched {
  constructor(
    private readonly app: TestApp,
    private readonly looks: Looks,
    readonly name: string,
  ) {}

  private get service(): Service {
    return new Service(this.app.url);
  }

  path(file = ''): string {
    return join(this.app.dataRoot, this.name, file);
  }

  async write(file: string, text: string): Promise<void> {
    await mkdir(join(this.path(file), '..'), { recursive: true });
    await writeFile(this.path(file), text);
  }

  async append(file: string, text: string): Promise<void> {
    await appendFile(this.path(file), text);
  }

  /** Uploads the config, loads what the folder holds, and waits for the first look. */
  async begin(config = `sources: [{ type: local, path: ${this.name} }]`, every = '1s'): Promise<void> {
    await this.service.upload(`pipeline: ${this.name}\nmonitor: { every: ${every} }\n${config}\n`);
    await this.service.run({ pipeline: this.name });
    await this.rests();
  }

  /** Waits for a look that has found all as the newest run did. */
  async rests(): Promise<void> {
    const path = `/runs?pipeline=${this.name}&limit=1`;
    const newest = (await this.service.get<{ items: RunDto[] }>(path)).body.items[0];
    await until(async () => {
      const { lastResult, saw } = await this.monitor();
      return lastResult === 'unchanged' && saw?.runId === newest?.id;
    });
  }

  /** Does something before each look from now on. */
  beforeLooks(act: () => Promise<void>): void {
    this.looks.beforeEach(this.name, act);
  }

  async end(): Promise<void> {
    await this.service.call('DELETE', `/monitors/${this.name}`);
  }

  /** The results of the looks so far. */
  results(): LookResult[] {
    return this.looks.of(this.name);
  }

  /** Waits for a look with such a result, `from` the first that comes now. */
  async looked(fits: (says: string) => boolean, from = this.results().length): Promise<LookResult> {
    return until(() =>
      this.results()
        .slice(from)
        .find(({ lastResult }) => fits(lastResult ?? '')),
    );
  }

  /** Waits for so many more looks, and gives their results. */
  async next(count: number): Promise<LookResult[]> {
    const from = this.results().length;
    await until(() => this.results().length >= from + count);
    return this.results().slice(from);
  }

  async monitor(): Promise<MonitorDto> {
    return (await this.service.get<MonitorDto>(`/monitors/${this.name}`)).body;
  }

  /** The runs that the monitor added, the oldest first. */
  async runs(): Promise<RunDto[]> {
    const path = `/runs?pipeline=${this.name}&trigger=monitor&limit=100`;
    return (await this.service.get<{ items: RunDto[] }>(path)).body.items.reverse();
  }

  /** Waits until the monitor has added so many runs and the last one is over. */
  async loaded(count: number): Promise<RunDto> {
    const run = await until(async () => (await this.runs())[count - 1]);
    return this.service.ended(run.id);
  }

  /** The ids in the target table. */
  async ids(table = this.name): Promise<number[]> {
    const rows = await query<{ id: number }>(
      this.app.database.url,
      `SELECT id::int FROM ${table} ORDER BY id`,
    );
    return rows.map(({ id }) => id);
  }

  /** The ids in the combined CSV that the run wrote. */
  async combined(run: RunDto, table = this.name): Promise<number[]> {
    const { body } = await this.service.get<string>(`/runs/${run.id}/output/${table}`);
    const [, ...lines] = body.trim().split(/\r?\n/);
    return lines.map((line) => Number(line.replaceAll('"', ''))).sort((a, b) => a - b);
  }
}

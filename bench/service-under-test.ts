import { existsSync } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { followRun } from '../src/demo/follow-run.js';
import type { RunDto } from '../src/jobs/run.dto.js';
import { Service } from '../test/jobs-support.js';
import { FROM_BUILD, type ServiceProcess, startServiceProcess } from '../test/service-process.js';

const PATIENCE_MS = 3_600_000;

/** The built service in a process of its own, on its embedded PostgreSQL. */
export class ServiceUnderTest {
  readonly client: Service;

  /** The service is in a process group of its own: what ends the bench does not reach it. */
  private readonly endWithBench = () => this.process.signal('SIGTERM');

  private constructor(private readonly process: ServiceProcess) {
    this.client = new Service(process.url);
    globalThis.process.once('exit', this.endWithBench);
  }

  static async start(home: string, dataRoot: string, program = FROM_BUILD): Promise<ServiceUnderTest> {
    const env = { PATH: process.env['PATH'] ?? '', MILLRACE_HOME: home, MILLRACE_DATA_ROOTS: dataRoot };
    return new ServiceUnderTest(await startServiceProcess(home, env, program));
  }

  /** Triggers a run and waits for its end. Throws when it fails. */
  async run(pipeline: string): Promise<{ run: RunDto; ms: number }> {
    const started = performance.now();
    const { status, body } = await this.client.post<RunDto>('/trigger-job', { pipeline });
    if (status !== 202) throw new Error(`trigger ${pipeline}: ${JSON.stringify(body)}`);
    const ms = await this.ended(body.id, started);
    const { body: run } = await this.client.get<RunDto>(`/runs/${body.id}`);
    if (run.state === 'succeeded') return { run, ms };
    throw new Error(`run ${run.id} has ${run.state}: ${JSON.stringify(run.error)}`);
  }

  /** Milliseconds until the run told that it is over. To be told takes less from the run than to ask again and again. */
  private async ended(id: string, started: number): Promise<number> {
    const signal = AbortSignal.timeout(PATIENCE_MS);
    const { body, status } = await fetch(`${this.client.url}/runs/${id}/events`, { signal });
    if (status !== 200 || !body) throw new Error(`events of run ${id}: expected them, got ${status}`);
    let last = started;
    const onState = () => (last = performance.now());
    await followRun(Readable.fromWeb(body), { onState, onProgress: () => {} });
    return last - started;
  }

  /** Begins to remember the most memory anew; Linux only. */
  async forgetPeak(): Promise<void> {
    const path = `/proc/${this.process.pid}/clear_refs`;
    if (existsSync(path)) await writeFile(path, '5');
  }

  /** The most that the service's process held in memory, in MiB; NaN where the system does not tell. */
  async peak(): Promise<number> {
    const status = await readFile(`/proc/${this.process.pid}/status`, 'utf8').catch(() => '');
    return Number(/VmHWM:\s+(\d+) kB/.exec(status)?.[1] ?? Number.NaN) / 1024;
  }

  async stop(): Promise<void> {
    process.off('exit', this.endWithBench);
    this.process.signal('SIGTERM');
    await this.process.exited;
  }
}

/** Where a service keeps its runs' combined CSV. */
export const outputFolder = (home: string) => join(home, 'output');

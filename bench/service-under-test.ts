import { existsSync } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { RunDto, RunPageDto } from '../src/jobs/run.dto.js';
import { Service } from '../test/jobs-support.js';
import { FROM_BUILD, type ServiceProcess, startServiceProcess } from '../test/service-process.js';

/** A run is asked for after so much more of the time that it has taken: asking takes time from it, too. */
const ASK_SHARE = 0.01;
const OFTEN_MS = 5;
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
    const ms = await this.ended(pipeline, started);
    const { body: run } = await this.client.get<RunDto>(`/runs/${body.id}`);
    if (run.state === 'succeeded') return { run, ms };
    throw new Error(`run ${run.id} has ${run.state}: ${JSON.stringify(run.error)}`);
  }

  /** Milliseconds until the newest run is over. The list tells it without the run's files, which may be thousands. */
  private async ended(pipeline: string, started: number): Promise<number> {
    for (;;) {
      const { body } = await this.client.get<RunPageDto>(`/runs?pipeline=${pipeline}&limit=1`);
      const waited = performance.now() - started;
      if (body.items[0]?.finishedAt) return waited;
      if (waited > PATIENCE_MS) throw new Error(`the run of ${pipeline} did not end within an hour`);
      await delay(Math.max(OFTEN_MS, waited * ASK_SHARE));
    }
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

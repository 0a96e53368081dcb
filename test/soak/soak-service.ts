import { createWriteStream, type WriteStream } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { FROM_BUILD, type ServiceProcess, startServiceProcess } from '../service-process.js';
import type { Violations } from './violations.js';

const EXIT_MS = 90_000;
/** The whole history is checked at the end. */
const KEEP_ALL = {
  MILLRACE_KEEP_RUNS: '1000000',
  MILLRACE_KEEP_REJECTS: '1000000000',
  MILLRACE_KEEP_LOG_MB: '1000000',
};
/** As long after a disturbance an answer may be missing, or say that the database is not there. */
const UNREST_MS = 20_000;

/** The service in its process, through all its deaths and starts. */
export class SoakService {
  readonly home: string;
  readonly data: string;
  /** The process' own folder for temporary files: whatever stays in it, the service has left. */
  readonly temporary: string;
  starts = 0;
  startedAt = 0;
  private process: ServiceProcess | null = null;
  private isEndExpected = false;
  private disturbedAt = 0;
  private readonly log: WriteStream;

  constructor(
    readonly folder: string,
    private readonly violations: Violations,
  ) {
    this.home = join(folder, 'home');
    this.data = join(folder, 'data');
    this.temporary = join(folder, 'tmp');
    this.log = createWriteStream(join(folder, 'service.log'), { flags: 'a' });
  }

  /** null while it is down. */
  get pid(): number | null {
    return this.process?.pid ?? null;
  }

  get url(): string | null {
    return this.process?.url ?? null;
  }

  /** Nothing was done to it for a while, so that it must answer. */
  get isSteady(): boolean {
    return this.process !== null && Date.now() - this.disturbedAt > UNREST_MS;
  }

  disturb(): void {
    this.disturbedAt = Date.now();
  }

  async start(): Promise<void> {
    await mkdir(this.temporary, { recursive: true });
    const places = { MILLRACE_HOME: this.home, MILLRACE_DATA_ROOTS: this.data, TMPDIR: this.temporary };
    const env = { PATH: process.env['PATH'] ?? '', ...places, ...KEEP_ALL, LOG_LEVEL: 'info' };
    this.disturb();
    const started = await startServiceProcess(this.folder, env, FROM_BUILD);
    started.onOutput((chunk) => this.log.write(chunk));
    this.process = started;
    this.isEndExpected = false;
    this.starts++;
    this.startedAt = Date.now();
    this.disturb();
    void started.exited.then((code) => this.noticeEnd(started, code));
  }

  /** As a power cut would, but for the database. */
  async kill(): Promise<void> {
    await this.end('SIGKILL');
  }

  /** As an operator would: it must end by itself, with 0. */
  async terminate(): Promise<void> {
    const code = await this.end('SIGTERM');
    this.violations.same('exit code after SIGTERM', 0, code);
  }

  async pause(seconds: number): Promise<void> {
    this.disturb();
    this.process?.signal('SIGSTOP');
    await delay(seconds * 1_000);
    this.process?.signal('SIGCONT');
    this.disturb();
  }

  /** Ends it at once if it is still there; for the end of the soak, whatever happened. */
  async abandon(): Promise<void> {
    if (this.process) await this.end('SIGKILL');
    this.log.end();
  }

  private async end(signal: 'SIGKILL' | 'SIGTERM'): Promise<number | string> {
    const ending = this.process;
    if (!ending) return 'not running';
    this.isEndExpected = true;
    this.disturb();
    ending.signal(signal);
    const code = await Promise.race([ending.exited, delay(EXIT_MS, null, { ref: false })]);
    if (code === null) ending.signal('SIGKILL');
    await ending.exited;
    this.process = null;
    return code ?? `still running after ${EXIT_MS / 1000} s`;
  }

  private noticeEnd(ended: ServiceProcess, code: number | string): void {
    if (ended !== this.process || this.isEndExpected) return;
    this.process = null;
    this.violations.add('the service stays up', { expected: 'a running process', got: `exit ${code}` });
  }
}

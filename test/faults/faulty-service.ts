import { mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { Service } from '../jobs-support.js';
import { FROM_SOURCES, type ServiceProcess, startServiceProcess } from '../service-process.js';

/** A fault to do just before a call that the service makes. */
export interface FaultOrder {
  /**
   * SIGKILL; an abort as native code does it; an error that nobody catches; a rejection that nobody handles; the call is made a
   * second later, and then the service writes `LATE`.
   */
  fault: 'kill' | 'abort' | 'throw' | 'reject' | 'late';
  /** 1: before the next call. */
  at: number;
  /** Counts calls of this name only, such as `rename` or `query`. */
  call?: string;
  /** Counts calls with an argument that ends so, such as a path. */
  about?: string;
}

/** Stands in the output when a late call is made. */
export const LATE = 'a call was late';

const FAULT_AT = pathToFileURL(join(import.meta.dirname, 'fault-at.ts')).href;

/** The sources, with the calls of the service watched. */
const WITH_FAULTS = [...FROM_SOURCES.slice(0, 2), '--import', FAULT_AT, ...FROM_SOURCES.slice(2)];

/** The service in a process of its own, which fails when told to and is started again. */
export class FaultyService {
  process: ServiceProcess | null = null;
  /** What the last process wrote since it listened. */
  output = '';
  private readonly orders: string;

  constructor(
    readonly folder: string,
    private readonly env: Record<string, string>,
  ) {
    mkdirSync(folder, { recursive: true });
    this.orders = join(folder, 'fault.json');
  }

  async start(): Promise<Service> {
    const env = { ...this.env, FAULT_FILE: this.orders };
    this.process = await startServiceProcess(this.folder, env, WITH_FAULTS);
    this.output = '';
    this.process.onOutput((chunk) => (this.output += chunk.toString()));
    return new Service(this.process.url);
  }

  order(fault: FaultOrder): void {
    writeFileSync(`${this.orders}.new`, JSON.stringify(fault));
    renameSync(`${this.orders}.new`, this.orders);
  }

  /** Takes back an order that has not been met. */
  callOff(): void {
    rmSync(this.orders, { force: true });
  }

  /** Resolves when the process is gone: its exit code or its signal. */
  async gone(): Promise<number | string> {
    const exit = (await this.process?.exited) ?? 0;
    this.process = null;
    return exit;
  }

  /** Does nothing where there is no process any more. */
  async kill(): Promise<void> {
    try {
      this.process?.signal('SIGKILL');
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
    }
    await this.gone();
  }
}

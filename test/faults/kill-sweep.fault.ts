import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import type { RunDto } from '../../src/jobs/run.dto.js';
import type { Service } from '../jobs-support.js';
import { until } from '../jobs-support.js';
import { expectOnce, expectPublished, runFolders, writeRows } from './count-once.js';
import { type FaultCase, needProgram, runFaults, type Scene } from './fault-script.js';
import type { FaultyService } from './faulty-service.js';

// A3, A4: a run of 1,000 rows is killed at one step after the other, and the next start finishes it.
// --every 1 kills before each of its calls to the file system and to PostgreSQL, 2 before every second one, …
const { values } = parseArgs({ options: { every: { type: 'string', default: '12' } } });
const ROWS = 1_000;

/** System calls by which a run leaves something behind, and how many of them of one thread to go to. */
const SYSTEM_CALLS: [string, number[]][] = [
  ['rename', [1, 2, 3]],
  ['fsync', [1, 2, 3]],
  ['unlink', [1, 2]],
  ['openat', [4, 16]],
  ['pwrite64', [1, 4]],
  ['write', [4, 16, 64]],
  ['epoll_wait', [100]],
];

type CallOff = () => void | Promise<void>;

/** One service and the runs that it dies of. */
class Sweep {
  private files = 0;
  private client!: Service;
  deaths = 0;

  constructor(
    private readonly scene: Scene,
    private readonly service: FaultyService,
  ) {}

  async begin(): Promise<void> {
    this.client = await this.service.start();
    await this.client.upload('pipeline: rows\nmonitor: false\nsources: [{ type: local, path: . }]');
  }

  /**
   * Has a run of another 1,000 rows meet the fault and waits until it is over, or the service is.
   *
   * @param fault returns what calls it off
   * @returns whether the service died of it while the run went on
   */
  async run(fault: (service: FaultyService) => CallOff | Promise<CallOff>): Promise<boolean> {
    // One file at a time, so that every run makes about the same calls.
    rmSync(join(this.scene.data, `${this.files}.csv`), { force: true });
    this.files++;
    await writeRows(join(this.scene.data, `${this.files}.csv`), this.files * ROWS, ROWS);
    const { body } = await this.client.post<RunDto>('/trigger-job', { pipeline: 'rows' });
    // The run itself begins with a wait for files that stand still.
    const callOff = await fault(this.service);
    const died = this.service.process!.exited.then(() => true);
    const ended = this.over(body.id).then(
      () => false,
      () => died,
    );
    const hasDied = await Promise.race([died, ended]);
    await callOff();
    if (hasDied || !(await this.lives())) await this.startAgain();
    await this.check(body.id);
    return hasDied;
  }

  /** A run that has ended still puts its folder away, which the service may die of, too. */
  private async over(id: string): Promise<RunDto> {
    const run = await this.client.ended(id);
    await until(() => runFolders(this.scene).length === 0);
    return run;
  }

  /** The fault may have been met when the run was over. */
  private lives(): Promise<boolean> {
    return this.client.get('/health').then(
      () => true,
      () => false,
    );
  }

  private async startAgain(): Promise<void> {
    this.deaths++;
    await this.service.gone();
    this.client = await this.service.start();
  }

  private async check(id: string): Promise<void> {
    const { state, error } = await this.over(id);
    assert.deepEqual({ state, error }, { state: 'succeeded', error: null });
    await expectOnce(this.scene, 'rows', { id, rows: this.files * ROWS });
    expectPublished(this.scene, 'rows', ROWS);
  }
}

const atEveryCall: FaultCase = async (scene) => {
  const sweep = new Sweep(scene, scene.service());
  await sweep.begin();
  let at = 1;
  for (; ; at += Number(values.every)) {
    const hasDied = await sweep.run((service) => {
      service.order({ fault: 'kill', at });
      return () => service.callOff();
    });
    if (!hasDied) break;
  }
  assert.ok(sweep.deaths > 3, `expected more than 3 deaths, got ${sweep.deaths}`);
  return `killed before ${sweep.deaths} calls of about ${at}, each row once`;
};

const atSystemCalls: FaultCase = async (scene) => {
  needProgram('strace');
  const sweep = new Sweep(scene, scene.service());
  await sweep.begin();
  const met: string[] = [];
  for (const [call, numbers] of SYSTEM_CALLS) {
    for (const number of numbers) {
      const hasDied = await sweep.run(async ({ process }) => {
        const strace = await attach(process!.pid, call, number);
        return () => detach(strace);
      });
      if (hasDied) met.push(`${call} ${number}`);
    }
  }
  assert.ok(met.length > 3, `expected more than 3 deaths, got: ${met.join(', ')}`);
  return `killed at ${met.join(', ')}, each row once`;
};

/** Has the kernel kill the process at the n-th such call of one of its threads. */
async function attach(pid: number, call: string, number: number): Promise<ChildProcess> {
  const inject = `inject=${call}:signal=KILL:when=${number}`;
  const strace = spawn('strace', [
    '-f',
    '-p',
    String(pid),
    '-o',
    '/dev/null',
    '-e',
    `trace=${call}`,
    '-e',
    inject,
  ]);
  let said = '';
  strace.stderr.on('data', (chunk: Buffer) => (said += chunk.toString()));
  const early = once(strace, 'exit').then(() => Promise.reject(new Error(`strace: ${said}`)));
  early.catch(() => {});
  await Promise.race([until(() => said.includes('attached')), early]);
  return strace;
}

/** Waits until no call of the process can meet the fault any more. */
async function detach(strace: ChildProcess): Promise<void> {
  if (strace.exitCode !== null || strace.signalCode !== null) return;
  const exited = once(strace, 'exit');
  strace.kill('SIGINT');
  await exited;
}

await runFaults({
  'A3 A4 kill -9 before the calls of a run': atEveryCall,
  'A3 A4 kill -9 at its system calls': atSystemCalls,
});

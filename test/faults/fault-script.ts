import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import startPostgres from '../start-postgres.js';
import stopPostgres from '../stop-postgres.js';
import { createDatabase, type TestDatabase } from '../support.js';
import { FaultyService } from './faulty-service.js';

/** A case that cannot be tried here; the message says what it needs. */
export class Skipped extends Error {}

/** Throws Skipped unless the program is there. */
export function needProgram(name: string): void {
  if (spawnSync(name, ['--version']).error) throw new Skipped(`needs ${name}`);
}

/** Throws Skipped for anybody but root. */
export function needRoot(): void {
  if (process.getuid?.() !== 0) throw new Skipped('needs root');
}

/** What a case works on: a database and folders of its own, gone when it is over. */
export interface Scene {
  database: TestDatabase;
  home: string;
  data: string;
  /** A service on them, not yet started; it is ended with the scene. */
  service(env?: Record<string, string>): FaultyService;
}

/** A case says in a few words what it saw, and throws when that is not what must be. */
export type FaultCase = (scene: Scene) => Promise<string>;

/** Goes through the cases, prints a line for each, and ends the process with 1 when one of them failed. */
export async function runFaults(cases: Record<string, FaultCase>): Promise<void> {
  await startPostgres();
  for (const [name, run] of Object.entries(cases)) {
    const started = performance.now();
    const verdict = await inScene(run).then(
      (saw) => `ok      ${name}: ${saw}`,
      (error: unknown) => describe(name, error),
    );
    if (verdict.startsWith('FAILED')) process.exitCode = 1;
    console.log(`${verdict} (${Math.round((performance.now() - started) / 1000)} s)`);
  }
  await stopPostgres();
}

function describe(name: string, error: unknown): string {
  if (error instanceof Skipped) return `SKIPPED ${name}: ${error.message}`;
  return `FAILED  ${name}: ${(error as Error).stack}`;
}

async function inScene(run: FaultCase): Promise<string> {
  const folder = mkdtempSync(join(tmpdir(), 'millrace-fault-'));
  const [home, data] = [join(folder, 'home'), join(folder, 'data')];
  mkdirSync(data);
  const services: FaultyService[] = [];
  const database = await createDatabase();
  const env = { DATABASE_URL: database.url, MILLRACE_HOME: home, MILLRACE_DATA_ROOTS: data };
  const makeService = (more = {}) => {
    const service = new FaultyService(join(folder, `service-${services.length}`), { ...env, ...more });
    services.push(service);
    return service;
  };
  try {
    return await run({ database, home, data, service: makeService });
  } finally {
    for (const service of services) await service.kill();
    await database.drop();
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Memory that a process has now and had at most, in MiB. */
export function memoryOf(pid: number): { now: number; most: number } {
  const status = readFileSync(`/proc/${pid}/status`, 'utf8');
  const read = (name: string) => Number(new RegExp(`${name}:\\s+(\\d+) kB`).exec(status)?.[1]) / 1024;
  return { now: read('VmRSS'), most: read('VmHWM') };
}

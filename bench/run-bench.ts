import { mkdir, mkdtemp, realpath, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { BenchDatabase } from './bench-database.js';
import type { Case, World } from './case.js';
import { Inputs } from './inputs/inputs.js';
import type { Options } from './options.js';
import { firstLoad } from './pipeline-job.js';
import { timePeers } from './peers/time-peers.js';
import { describeMachine, type Report } from './report.js';
import { type CaseResult, runCase } from './run-case.js';
import { ServiceUnderTest } from './service-under-test.js';

export interface Bench {
  options: Options;
  cases: Case[];
  /** As it was typed, for the report. */
  command: string;
  log: (line: string) => void;
  /** How the service is started; default: as it was built. */
  program?: string[];
  /** How long files must have lain still before they are timed; default: as long as the service asks for. */
  stillMs?: number;
}

/** Times the cases one after the other in a home of their own, which is thrown away. */
export async function runBench(bench: Bench): Promise<Report> {
  await mkdir(bench.options.data, { recursive: true });
  const root = await realpath(bench.options.data);
  const inputs = new Inputs(root, bench.options.rows, bench.stillMs);
  const home = await mkdtemp(join(tmpdir(), 'millrace-bench-home-'));
  try {
    if (bench.options.cases === null) await inputs.makeUsual(bench.options.times);
    const cases: CaseResult[] = [];
    for (const one of bench.cases) {
      bench.log(`${one.name}: ${one.about}`);
      cases.push(await withService(bench, { home, inputs }, (world) => runCase(one, world, bench.log)));
    }
    const last = await withService(bench, { home, inputs }, async (world) => ({
      peers: await timePeers(world, bench.log),
      postgres: await version(world),
    }));
    return { ...conditions(bench), ...last, cases };
  } finally {
    await rm(home, { recursive: true, force: true });
  }
}

/** Each case has a process of its own, warmed up by one small run, on the same database. */
async function withService<T>(
  { options, program }: Bench,
  { home, inputs }: { home: string; inputs: Inputs },
  work: (world: World) => Promise<T>,
): Promise<T> {
  const service = await ServiceUnderTest.start(home, inputs.root, program);
  try {
    const database = await BenchDatabase.open(home);
    try {
      const world = { options, inputs, database, service };
      await warmUp(world);
      return await work(world);
    } finally {
      await database.close();
    }
  } finally {
    await service.stop();
  }
}

const FEW = 1_000;

/** Opens what a process opens at its first run only. */
async function warmUp(world: World): Promise<void> {
  const few = await world.inputs.orders(FEW);
  const job = firstLoad(world, { path: few.path, expected: { inserted: FEW } });
  await (
    await job.prepare()
  )();
  await job.after?.();
}

async function version({ database }: World): Promise<string> {
  const [row] = await database.query<{ server_version: string }>('SHOW server_version');
  return row!.server_version;
}

function conditions({ options, command }: Bench) {
  const { rows, times } = options;
  const date = new Date().toISOString().slice(0, 16).replace('T', ' ');
  return { date: `${date} UTC`, command, machine: describeMachine(), node: process.version, rows, times };
}

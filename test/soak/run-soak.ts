import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { checkHistory } from './check-history.js';
import { checkLastRuns } from './check-last-run.js';
import { checkTables } from './check-tables.js';
import { checkFootprint, findLeftovers, type Footprint, measureAtRest } from './footprint.js';
import { writeWhole } from './growing-actions.js';
import { makeFile } from './make-file.js';
import { Model } from './model.js';
import { Nemesis } from './nemesis.js';
import { becomeQuiet } from './quiet.js';
import { Random } from './random.js';
import { say, sayProgress, saySummary } from './report.js';
import { SoakApi } from './soak-api.js';
import { SoakDatabase } from './soak-database.js';
import { SoakService } from './soak-service.js';
import { stopPostgres } from './stop-postgres.js';
import { configOf, PIPELINES, STREAMS } from './streams.js';
import { Violations } from './violations.js';
import { World } from './world.js';

const MINUTE = 60_000;
/** So long after its minutes the soak is over, whatever hangs. */
const GRACE = 12 * MINUTE;

export interface SoakRequest {
  minutes: number;
  seed: number;
}

/** The whole soak; true when nothing was wrong. The folder stays when something was. */
export async function soak({ minutes, seed }: SoakRequest): Promise<boolean> {
  const folder = await mkdtemp(join(tmpdir(), 'millrace-soak-'));
  const violations = new Violations();
  const service = new SoakService(folder, violations);
  const model = new Model(service.data);
  const api = new SoakApi(service, violations);
  const world = new World(service, api, new SoakDatabase(service.home), model, violations);
  say(`soak of ${minutes} minutes, SEED ${seed}, in ${folder}`);
  // The service and its PostgreSQL have sessions of their own: nobody else would end them.
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    process.once(signal, () => void endAll(service).finally(() => process.exit(130)));
  }
  const late = delay(minutes * MINUTE + GRACE, 'late' as const, { ref: false });
  try {
    const end = await Promise.race([work(world, { minutes, seed }), late]);
    if (end === 'late') violations.add('end of the soak', { expected: 'in time', got: 'still at work' });
  } catch (error) {
    violations.add('the soak itself', { expected: 'to go on', got: (error as Error).stack ?? String(error) });
  }
  await endAll(service);
  return conclude(folder, seed, violations);
}

async function endAll(service: SoakService): Promise<void> {
  await service.abandon();
  await stopPostgres(service.home);
}

async function conclude(folder: string, seed: number, { list }: Violations): Promise<boolean> {
  if (list.length === 0) {
    await rm(folder, { recursive: true, force: true });
    say(`soak passed, SEED ${seed}`);
    return true;
  }
  say(`soak FAILED, SEED ${seed}; see ${folder}`);
  for (const { check, expected, got } of list) say(`  ${check}: expected ${expected}, got ${got}`);
  return false;
}

async function work(world: World, { minutes, seed }: SoakRequest): Promise<void> {
  const random = new Random(seed);
  const end = Date.now() + minutes * MINUTE;
  const progress = setInterval(() => void sayProgress(world, (end - Date.now()) / 1_000), 10_000);
  try {
    await begin(world, random);
    const base = await harass(world, random, { minutes, end });
    await finish(world, random, base);
  } finally {
    clearInterval(progress);
  }
}

async function begin(world: World, random: Random): Promise<void> {
  const { api, service } = world;
  for (const { folder } of STREAMS) await mkdir(join(service.data, folder), { recursive: true });
  await service.start();
  for (const pipeline of PIPELINES) {
    const answer = await api.upload(configOf(pipeline, 0));
    if (answer?.status !== 201) throw new Error(`upload: expected 201, got ${JSON.stringify(answer)}`);
  }
  for (const stream of STREAMS) await addFile(world, random, { stream, rows: 200 });
  for (const pipeline of PIPELINES) await world.trigger(pipeline);
}

async function addFile(
  world: World,
  random: Random,
  { stream, rows }: { stream: (typeof STREAMS)[number]; rows: number },
): Promise<void> {
  const file = makeFile(world.model, random, stream, rows);
  await writeWhole(world, file);
  file.isBusy = false;
}

/**
 * Two thirds of the time with kills and starts. In the last third the process lives on, so that what it loses can be
 * seen: its base is measured at rest, after its first minute.
 */
async function harass(
  world: World,
  random: Random,
  { minutes, end }: { minutes: number; end: number },
): Promise<Footprint> {
  const wild = new Nemesis(world, random.fork());
  wild.start({ isGentle: false });
  await lastUntil(world, end - (minutes * MINUTE) / 3);
  await wild.stop();
  say('no more kills: the process that starts now is the one to measure');
  await world.service.terminate();
  await world.service.start();
  const first = new Nemesis(world, random.fork());
  first.start({ isGentle: true });
  await lastUntil(world, Date.now() + Math.min(MINUTE, (minutes * MINUTE) / 9));
  await first.stop();
  await becomeQuiet(world);
  const base = await measureAtRest(world);
  say(`base: ${JSON.stringify(base)}`);
  const second = new Nemesis(world, random.fork());
  second.start({ isGentle: true });
  await lastUntil(world, end);
  await second.stop();
  return base;
}

/** Ends early when something is wrong already. */
async function lastUntil({ violations }: World, end: number): Promise<void> {
  while (Date.now() < end && violations.list.length === 0) await delay(200);
}

async function finish(world: World, random: Random, base: Footprint): Promise<void> {
  const { api, service, violations } = world;
  say('no more work: waiting for rest');
  for (const pipeline of PIPELINES) await api.call('DELETE', `/schedules/${pipeline}`);
  // A last file for each stream, so that the last load of each lists all files under their last names.
  for (const stream of STREAMS) await addFile(world, random, { stream, rows: 30 });
  await becomeQuiet(world);
  const end = await measureAtRest(world);
  checkFootprint(violations, base, end);
  const tables = await checkTables(world);
  const runs = await checkHistory(world);
  await checkLastRuns(world, runs);
  await service.terminate();
  const leftovers = await findLeftovers(service.home, service.temporary);
  violations.same('files that the service has left', '', leftovers.join(', '));
  saySummary(world, { tables, runs, base, end });
}

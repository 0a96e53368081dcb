import { randomUUID } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import type { Action } from './action.js';
import type { Random } from './random.js';
import { readAndCut } from './read-and-cut.js';
import { configOf, MOST_EXTRAS, PIPELINES, STREAMS } from './streams.js';
import type { World } from './world.js';

const CANCEL_MS = 15_000;

async function trigger(world: World, random: Random): Promise<void> {
  await world.trigger(random.pick(PIPELINES)!);
}

/** The same key, sent again, is the same run. */
async function triggerTwice(world: World, random: Random): Promise<void> {
  const headers = { 'idempotency-key': randomUUID() };
  const pipeline = random.pick(PIPELINES)!;
  const first = await world.trigger(pipeline, headers);
  const second = await world.trigger(pipeline, headers);
  if (first && second) world.violations.same('run of one Idempotency-Key', first, second);
}

async function triggerMany(world: World, random: Random): Promise<void> {
  const pipeline = random.pick(PIPELINES)!;
  await Promise.all(Array.from({ length: 20 }, () => world.trigger(pipeline)));
}

/** Uploads the newest config, or one with a column more. Nobody reads a column before its config was answered. */
async function upload(world: World, random: Random, isWider: boolean): Promise<void> {
  const { model } = world;
  const pipeline = random.pick(PIPELINES)!;
  const known = model.extras.get(pipeline)!;
  const extras = isWider ? Math.min(known + 1, MOST_EXTRAS) : known;
  const answer = await world.api.upload(configOf(pipeline, extras));
  if (answer?.status !== 201) return;
  model.versions.set(pipeline, Math.max(answer.body.version, model.versions.get(pipeline) ?? 0));
  model.extras.set(pipeline, Math.max(extras, model.extras.get(pipeline)!));
}

async function schedule(world: World, random: Random): Promise<void> {
  const cron = random.pick(['* * * * *', '*/2 * * * *', '0 * * * *', '30 3 * * 1']);
  const timezone = random.pick(['UTC', 'Europe/Berlin', 'Asia/Kolkata']);
  await world.api.post('/schedule-job', { pipeline: random.pick(PIPELINES), cron, timezone });
}

async function stopMonitor(world: World, random: Random): Promise<void> {
  const pipeline = random.pick(PIPELINES)!;
  await world.api.call('DELETE', `/monitors/${pipeline}`);
  await world.trigger(pipeline);
}

/** Cancels the newest run of a pipeline that is not over, or one that is just being asked for. */
async function cancel(world: World, random: Random): Promise<void> {
  const pipeline = random.pick(PIPELINES)!;
  const [running] = (await world.api.runs(`pipeline=${pipeline}&state=running&limit=1`)) ?? [];
  const id = running?.id ?? (await world.trigger(pipeline));
  if (!id) return;
  const answer = await world.api.call('POST', `/runs/${id}/cancel`);
  if (!answer || answer.status === 409 || answer.status === 503) return;
  world.violations.same(`POST /runs/${id}/cancel`, 202, answer.status);
  world.model.cancelled.add(id);
  world.count('runs cancelled');
  await watchEnd(world, id);
}

/** A cancelled run ends within 5 s; a machine that is busy with other things gets some more. */
async function watchEnd(world: World, id: string): Promise<void> {
  const began = Date.now();
  for (;;) {
    const answer = await world.api.call<{ state: string }>('GET', `/runs/${id}`);
    if (!world.service.isSteady || !answer || world.isOver) return;
    if (answer.body.state !== 'running' && answer.body.state !== 'queued') return;
    if (Date.now() - began > CANCEL_MS) {
      const expected = `over ${CANCEL_MS / 1_000} s after its cancel`;
      world.violations.add(`run ${id}`, { expected, got: answer.body.state });
      return;
    }
    await delay(250);
  }
}

/** Reads the events, the combined CSV or the rejects of the newest run, and hangs up in the middle. */
async function cutReader(world: World, random: Random): Promise<void> {
  const { pipeline, table } = random.pick(STREAMS)!;
  const [newest] = (await world.api.runs(`pipeline=${pipeline}&limit=1`)) ?? [];
  const { url } = world.service;
  if (!newest || !url) return;
  const ends = [`events`, `events`, `output/${table}`, 'rejects?format=csv', 'log'];
  const path = `/runs/${newest.id}/${random.pick(ends)}`;
  const got = await readAndCut(`${url}${path}`, { afterMs: random.between(0, 4_000) });
  world.count(`reader cut: ${path.split('/')[3]!.split('?')[0]} ${got}`);
  // A run that no worker has begun has no log yet.
  if (got === 404 && newest.startedAt === null && path.endsWith('/log')) return;
  // There is no combined CSV before the first load, and nothing at all while the service is down.
  if (got === 200 || got === 'none' || got === 503 || path.includes('/output/')) return;
  world.violations.add(`GET ${path}`, { expected: 200, got });
}

async function browse(world: World, random: Random): Promise<void> {
  const paths = ['/runs?limit=20', '/schedules', '/configs', '/health', '/runs?state=failed', '/metrics'];
  await world.api.call('GET', random.pick(paths)!);
}

/** What is asked of the service while it works. */
export const API_ACTIONS: Action[] = [
  { name: 'trigger', weight: 6, act: trigger },
  { name: 'trigger twice with one key', weight: 3, act: triggerTwice },
  { name: 'trigger 20 times at once', weight: 1, act: triggerMany },
  { name: 'upload the same config', weight: 2, act: (world, random) => upload(world, random, false) },
  { name: 'upload a wider config', weight: 1, act: (world, random) => upload(world, random, true) },
  { name: 'replace the schedule', weight: 2, act: schedule },
  { name: 'stop the monitor, then trigger', weight: 1, act: stopMonitor },
  { name: 'cancel', weight: 3, act: cancel },
  { name: 'cut a reader', weight: 6, act: cutReader },
  { name: 'browse', weight: 4, act: browse },
];

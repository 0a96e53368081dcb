import { setTimeout as delay } from 'node:timers/promises';
import type { Action } from './action.js';
import type { Random } from './random.js';
import type { World } from './world.js';

/** Workers that may die of one run: with more, the service rightly takes the run or its file for what kills them. */
const MOST_ATTEMPTS = 2;

/** Whether no run has met so many dead workers already that one more would have it given up. */
async function mayKill(world: World): Promise<boolean> {
  const runs = [
    ...((await world.api.runs('state=running')) ?? []),
    ...((await world.api.runs('state=queued')) ?? []),
  ];
  return runs.every(({ attempt }) => attempt <= MOST_ATTEMPTS);
}

async function kill(world: World, random: Random): Promise<void> {
  if (!(await mayKill(world))) return;
  await world.trigger(random.pick(['soak-csv', 'soak-ndjson', 'soak-mixed'])!);
  await delay(random.between(0, 2_500));
  await world.service.kill();
  await delay(random.between(0, 1_500));
  await world.service.start();
}

/** Dies again just after the start, while it takes up what the first death left. */
async function killTwice(world: World, random: Random): Promise<void> {
  if (!(await mayKill(world))) return;
  await world.service.kill();
  await world.service.start();
  await delay(random.between(0, 2_000));
  await world.service.kill();
  await world.service.start();
}

async function terminate(world: World, random: Random): Promise<void> {
  await delay(random.between(0, 2_500));
  await world.service.terminate();
  await delay(random.between(0, 1_500));
  await world.service.start();
}

async function pause(world: World, random: Random): Promise<void> {
  await world.service.pause(random.chance(0.2) ? random.between(12, 20) : random.between(1, 7));
}

async function endSessions(world: World, random: Random): Promise<void> {
  for (let wave = random.between(1, 3); wave > 0; wave--) {
    world.service.disturb();
    const ended = await world.database.terminate(random.between(1, 4)).catch(() => []);
    for (const name of ended) world.count(`session ended: ${name}`);
    await delay(random.between(0, 2_000));
  }
  world.service.disturb();
}

/** What is done to the process and its database sessions. */
export const PROCESS_ACTIONS: Action[] = [
  { name: 'SIGKILL, start', weight: 8, act: kill },
  { name: 'SIGKILL, start, SIGKILL, start', weight: 2, act: killTwice },
  { name: 'SIGTERM, start', weight: 4, act: terminate },
];

/** Of these the process does not end, so that a leak can be seen in it. */
export const GENTLE_ACTIONS: Action[] = [
  { name: 'SIGSTOP, SIGCONT', weight: 2, act: pause },
  { name: 'pg_terminate_backend', weight: 4, act: endSessions },
];

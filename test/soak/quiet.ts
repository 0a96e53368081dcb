import { appendFile } from 'node:fs/promises';
import { setTimeout as delay } from 'node:timers/promises';
import { PIPELINES, STREAMS } from './streams.js';
import type { World } from './world.js';

const PATIENCE_MS = 150_000;
const ASK_MS = 10_000;

/**
 * Waits until nothing is left to do: every row of every file is in its table, no run is open, the newest one of each
 * pipeline has succeeded, and every monitor has looked since then and found nothing new.
 */
export async function becomeQuiet(world: World): Promise<void> {
  await endTornLines(world);
  const began = Date.now();
  let asked = 0;
  for (;;) {
    const why = await whyUnquiet(world, began);
    if (why === null) return;
    if (Date.now() - began > PATIENCE_MS) {
      const expected = `quiet within ${PATIENCE_MS / 1_000} s after the last change`;
      world.violations.add('the service comes to rest', { expected, got: why });
      return;
    }
    // A run that failed or was cancelled is not made again by itself, nor is a monitor that was stopped.
    if (Date.now() - asked > ASK_MS) {
      asked = Date.now();
      if (asked - began > ASK_MS) process.stdout.write(`not at rest yet: ${why}\n`);
      for (const pipeline of PIPELINES) await world.trigger(pipeline);
    }
    await delay(1_000);
  }
}

/** A monitor waits two minutes for the rest of a line. */
async function endTornLines(world: World): Promise<void> {
  for (const file of [...world.model.files.values()].filter(({ isTorn }) => isTorn)) {
    file.isTorn = false;
    world.model.expect(file);
    await appendFile(world.path(file), '\n');
  }
}

async function whyUnquiet(world: World, began: number): Promise<string | null> {
  for (const stream of STREAMS) {
    await world.see(stream);
    const missing = world.model.present(stream).without(world.model.table(stream).seen);
    if (missing.size > 0) return `${stream.table} has not got the rows ${missing}`;
  }
  const open = [
    ...((await world.api.runs('state=queued')) ?? []),
    ...((await world.api.runs('state=running')) ?? []),
  ];
  if (open.length > 0) return `run ${open[0]!.id} is ${open[0]!.state}`;
  for (const pipeline of PIPELINES) {
    const why = await whyRestless(world, pipeline, began);
    if (why) return why;
  }
  return null;
}

async function whyRestless(world: World, pipeline: string, began: number): Promise<string | null> {
  const [newest] = (await world.api.runs(`pipeline=${pipeline}&limit=1`)) ?? [];
  if (newest?.state !== 'succeeded') return `${pipeline}: the newest run is ${newest?.state ?? 'not there'}`;
  const monitor = (await world.api.monitors())?.find((one) => one.pipeline === pipeline);
  const lookedAt = Date.parse(String(monitor?.lastLookAt ?? 0));
  if (monitor?.lastResult !== 'unchanged' || lookedAt < began + 2_000) {
    return `the monitor of ${pipeline} says ${monitor?.lastResult ?? 'nothing'}`;
  }
  return null;
}

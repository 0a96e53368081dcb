import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { Violations } from './violations.js';
import type { World } from './world.js';

/** What the service holds of the machine. */
export interface Footprint {
  memoryMiB: number;
  handles: number;
  sessions: number;
}

/** Idle connections are given up after 10 s. */
const IDLE_MS = 15_000;
const SAMPLES = 10;

/**
 * What may be more at the end than at the base, in a process that rests: memory that neither V8 nor the allocators give
 * back at once, and a few idle connections, of which a pool keeps now more, now fewer.
 */
const MARGIN: Footprint = { memoryMiB: 150, handles: 6, sessions: 4 };

/** Least of some samples, so that what is done at the moment of one of them does not count. */
export async function measureAtRest(world: World): Promise<Footprint> {
  await delay(IDLE_MS);
  const samples: Footprint[] = [];
  for (let count = 0; count < SAMPLES; count++) {
    samples.push(await measure(world));
    await delay(500);
  }
  const least = (key: keyof Footprint) => Math.min(...samples.map((sample) => sample[key]));
  return { memoryMiB: least('memoryMiB'), handles: least('handles'), sessions: least('sessions') };
}

/** As it is now; zeros while the service is down. */
export async function measure({ service, database }: World): Promise<Footprint> {
  const { pid } = service;
  const status = await readFile(`/proc/${pid}/status`, 'utf8').catch(() => '');
  const memoryMiB = Math.round(Number(/VmRSS:\s+(\d+) kB/.exec(status)?.[1] ?? 0) / 1024);
  const handles = (await readdir(`/proc/${pid}/fd`).catch(() => [])).length;
  return { memoryMiB, handles, sessions: await database.sessions().catch(() => 0) };
}

export function checkFootprint(violations: Violations, base: Footprint, end: Footprint): void {
  for (const key of ['memoryMiB', 'handles', 'sessions'] as const) {
    if (end[key] <= base[key] + MARGIN[key]) continue;
    const expected = `at most ${base[key]} + ${MARGIN[key]}`;
    violations.add(`${key} of the service at rest`, { expected, got: end[key] });
  }
}

/** Files that nobody needs any more and that are still there. */
export async function findLeftovers(home: string, temporary: string): Promise<string[]> {
  const inHome = await listFiles(home, ['runs', 'tmp', 'output']);
  const left = inHome.filter((path) => !path.startsWith('output/') || path.endsWith('.tmp'));
  return [...left, ...(await listFiles(temporary, ['.'])).map((path) => `temporary folder: ${path}`)];
}

async function listFiles(root: string, folders: string[]): Promise<string[]> {
  const found = await Promise.all(
    folders.map(async (folder) => {
      const entries = await readdir(join(root, folder), { recursive: true, withFileTypes: true }).catch(
        () => [],
      );
      const inside = entries.map((entry) =>
        join(folder, entry.parentPath.slice(join(root, folder).length), entry.name),
      );
      // Of the runs, not even a folder may stay.
      return inside.filter((_, index) => folder === 'runs' || !entries[index]!.isDirectory());
    }),
  );
  return found.flat();
}

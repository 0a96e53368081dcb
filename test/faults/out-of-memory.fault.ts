import assert from 'node:assert/strict';
import { existsSync, mkdirSync, rmdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { RunDto } from '../../src/jobs/run.dto.js';
import { countRows, query } from '../jobs-support.js';
import { type FaultCase, memoryOf, needRoot, runFaults, Skipped } from './fault-script.js';

// A12: the kernel kills the service whenever it reads a certain file, because that takes more memory than there is.
const MIB = 2 ** 20;
/** What the service may take beyond what it has when it has started. */
const ROOM_MIB = 150;
const MOST_STARTS = 8;

/** Version 2 of cgroups where it manages memory, else version 1. */
const HIERARCHIES = [
  { folder: '/sys/fs/cgroup', mark: 'cgroup.controllers', limit: 'memory.max' },
  { folder: '/sys/fs/cgroup/memory', mark: 'memory.limit_in_bytes', limit: 'memory.limit_in_bytes' },
];

/** A group of processes that have only so much memory together. */
function makeGroup(name: string): { add(pid: number, mebibytes: number): void; remove(): void } {
  needRoot();
  for (const { folder, mark, limit } of HIERARCHIES) {
    const group = join(folder, name);
    if (!existsSync(join(folder, mark))) continue;
    mkdirSync(group);
    if (existsSync(join(group, limit))) {
      const add = (pid: number, mebibytes: number) => {
        writeFileSync(join(group, limit), String(mebibytes * MIB));
        writeFileSync(join(group, 'cgroup.procs'), String(pid));
      };
      return { add, remove: () => rmdirSync(group) };
    }
    rmdirSync(group);
  }
  throw new Skipped('needs a memory cgroup');
}

const greedyFile: FaultCase = async (scene) => {
  const group = makeGroup(`millrace-fault-${process.pid}`);
  const service = scene.service();
  let starts = 0;
  // The supervisor: starts it again as often as it dies.
  const start = async () => {
    assert.ok(++starts <= MOST_STARTS, `expected at most ${MOST_STARTS} starts, the run goes on to kill`);
    const client = await service.start();
    // What it has already is charged to where it came from.
    group.add(service.process!.pid, ROOM_MIB);
    return client;
  };
  try {
    writeFileSync(join(scene.data, 'good.csv'), 'id\n1\n');
    writeFileSync(join(scene.data, 'greedy.json'), `[{"id":2,"list":[${'[1,2],'.repeat(2.5 * MIB)}1]}]`);
    let client = await start();
    await client.upload('pipeline: rows\nmonitor: false\nsources: [{ type: local, path: . }]');
    const { body } = await client.post<RunDto>('/trigger-job', { pipeline: 'rows' });
    let run: RunDto | null = null;
    while (!run) {
      const died = service.process!.exited.then(() => null);
      run = await Promise.race([died, client.ended(body.id, 300).catch(() => died)]);
      if (run) break;
      assert.equal(await service.gone(), 'SIGKILL');
      client = await start();
    }
    const { most } = memoryOf(service.process!.pid);
    const [row] = await query<{ deaths: number }>(scene.database.url, 'SELECT deaths FROM millrace.runs');
    const skipped = run.streams[0]!.skipped.map(({ name, reason }) => `${name}: ${reason}`).join('; ');
    const why = run.error?.message ?? skipped;
    assert.ok(starts > 2 && why.includes('died'), `${run.state} after ${starts} starts: ${why}`);
    if (run.state === 'succeeded') assert.equal(await countRows(scene.database.url, 'rows'), 1);
    return `${row!.deaths} workers died, then ${run.state} (${why}); at most ${Math.round(most)} MiB`;
  } finally {
    await service.kill();
    group.remove();
  }
};

await runFaults({ 'A12 the kernel kills the worker, out of memory': greedyFile });

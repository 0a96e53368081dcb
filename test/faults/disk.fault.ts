import assert from 'node:assert/strict';
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { RunDto } from '../../src/jobs/run.dto.js';
import { countRows, query, until } from '../jobs-support.js';
import { expectOnce, writeRows } from './count-once.js';
import { type FaultCase, needProgram, needRoot, runFaults, Skipped } from './fault-script.js';

// D12, D13: what only root can make, and what only a disk that fails does.
const ROWS = 1_000_000;
const CONFIG = 'pipeline: rows\nmonitor: false\nsources: [{ type: local, path: rows }]\noutput: false';

/** Has the n-th such read of the file by one of the process's threads fail. */
async function failRead(pid: number, path: string, number: number): Promise<ChildProcess> {
  const inject = `inject=pread64:error=EIO:when=${number}`;
  const what = ['-e', 'trace=pread64', '-P', path, '-e', inject];
  const strace = spawn('strace', ['-f', '-p', String(pid), '-o', '/dev/null', ...what]);
  let said = '';
  strace.stderr.on('data', (chunk: Buffer) => (said += chunk.toString()));
  await until(() => said.includes('attached'));
  return strace;
}

/** @param isSeen the file is known, so that the run's first reads of it are those that land and stage it */
const diskFails =
  (isSeen: boolean, number: number): FaultCase =>
  async (scene) => {
    needProgram('strace');
    const path = join(scene.data, 'rows', 'rows.csv');
    execFileSync('mkdir', [join(scene.data, 'rows')]);
    await writeRows(path, 0, ROWS);
    // One thread for files, so that its n-th read is the file's.
    const service = scene.service({ UV_THREADPOOL_SIZE: '1' });
    const client = await service.start();
    await client.upload(CONFIG.replace('pipeline: rows', 'pipeline: first\ntable: first'));
    if (isSeen) await client.run({ pipeline: 'first' });
    await client.upload(CONFIG);
    const strace = await failRead(service.process!.pid, path, number);
    const { body } = await client.post<RunDto>('/trigger-job', { pipeline: 'rows' });
    const run = await client.ended(body.id, 300);
    strace.kill('SIGINT');
    assert.deepEqual({ state: run.state, error: run.error }, { state: 'succeeded', error: null });
    assert.ok(run.attempt > 1, 'expected an attempt that failed, the disk was not read so often');
    await expectOnce(scene, 'rows', { id: run.id, rows: ROWS });
    return `succeeded in attempt ${run.attempt}, each row once`;
  };

const device: FaultCase = async (scene) => {
  needRoot();
  writeFileSync(join(scene.data, 'good.csv'), 'id\n1\n');
  for (const [name, kind, major, minor] of [
    ['zero.csv', 'c', '1', '5'],
    ['disk.csv', 'b', '7', '0'],
  ] as const) {
    try {
      execFileSync('mknod', [join(scene.data, name), kind, major, minor], { stdio: 'pipe' });
    } catch (error) {
      throw new Skipped(`needs mknod: ${(error as Error).message.trim()}`);
    }
  }
  const client = await scene.service().start();
  await client.upload('pipeline: rows\nmonitor: false\nsources: [{ type: local, path: . }]');
  const run = await client.run({ pipeline: 'rows' });
  assert.equal(run.state, 'succeeded');
  const skipped = run.streams[0]!.skipped.map(({ name, reason }) => `${name}: ${reason}`);
  const reason = 'expected a regular file, got a device';
  assert.deepEqual(skipped, [`disk.csv: ${reason}`, `zero.csv: ${reason}`]);
  assert.equal(await countRows(scene.database.url, 'rows'), 1);
  assert.deepEqual(await query(scene.database.url, 'SELECT id::int FROM rows'), [{ id: 1 }]);
  return 'skipped with the reason, the file beside them is loaded';
};

await runFaults({
  'D12 devices named like files': device,
  'D13 EIO at chunk 5 of the first read': diskFails(false, 5),
  'D13 EIO while the file is landed and staged': diskFails(true, 2),
});

import assert from 'node:assert/strict';
import { join } from 'node:path';
import type { RunDto } from '../../src/jobs/run.dto.js';
import { query, until } from '../jobs-support.js';
import { expectOnce, expectPublished, runFolders, writeRows } from './count-once.js';
import { type FaultCase, runFaults, type Scene } from './fault-script.js';

// A5: a worker stands still (SIGSTOP) for longer than its lease, another one finishes its run, and it goes on.
const ROWS = 500_000;

const staging = `SELECT FROM millrace.runs WHERE streams->0->>'state' = 'staging'`;
const copying = `SELECT FROM pg_stat_progress_copy JOIN pg_stat_activity USING (pid)
                 WHERE query LIKE 'COPY "public"."rows"%' AND tuples_processed > 0`;

/** @param reached tells that the first worker is where it shall stand still */
const stopAt =
  (reached: string): FaultCase =>
  async (scene) => {
    await writeRows(join(scene.data, 'rows.csv'), 0, ROWS);
    const stopped = scene.service();
    const client = await stopped.start();
    await client.upload('pipeline: rows\nmonitor: false\nsources: [{ type: local, path: rows.csv }]');
    const { body } = await client.post<RunDto>('/trigger-job', { pipeline: 'rows' });
    await until(async () => (await query(scene.database.url, reached)).length === 1);
    stopped.process!.signal('SIGSTOP');
    const started = performance.now();
    const other = await scene.service().start();
    const { state, attempt, error } = await other.ended(body.id, 180);
    const seconds = Math.round((performance.now() - started) / 1000);
    assert.deepEqual({ state, attempt, error }, { state: 'succeeded', attempt: 2, error: null });
    stopped.process!.signal('SIGCONT');
    await until(() => stopped.output.includes('another worker took the run over'), 120);
    assert.equal((await other.get<RunDto>(`/runs/${body.id}`)).body.state, 'succeeded');
    await checkOnce(scene, body.id);
    return `another worker had finished the run after ${seconds} s; the first one wrote nothing more`;
  };

async function checkOnce(scene: Scene, id: string): Promise<void> {
  await expectOnce(scene, 'rows', { id, rows: ROWS });
  expectPublished(scene, 'rows', ROWS);
  await until(() => runFolders(scene).length === 0);
}

await runFaults({
  'A5 SIGSTOP past the lease while staging, SIGCONT': stopAt(staging),
  'A5 SIGSTOP past the lease in the middle of COPY, SIGCONT': stopAt(copying),
});

import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createWriteStream } from 'node:fs';
import { join } from 'node:path';
import type { RejectPageDto } from '../../src/jobs/rejects.dto.js';
import { countRows } from '../jobs-support.js';
import { type FaultCase, memoryOf, runFaults } from './fault-script.js';

// D14: a record of 1 GiB, or a quote that nothing closes before 1 GiB: memory must not grow with it.
const MIB = 2 ** 20;
const MOST_MIB = 200;

async function writeEndless(path: string, start: string): Promise<void> {
  const file = createWriteStream(path);
  file.write(start);
  const chunk = Buffer.alloc(MIB, 'x');
  for (let written = 0; written < 1024; written++) if (!file.write(chunk)) await once(file, 'drain');
  file.end();
  await once(file, 'finish');
}

const endless =
  (name: string, start: string): FaultCase =>
  async (scene) => {
    await writeEndless(join(scene.data, name), start);
    const good = createWriteStream(join(scene.data, 'good.csv'));
    good.end('id,note\n41,good\n');
    const service = scene.service();
    const client = await service.start();
    await client.upload('pipeline: rows\nmonitor: false\nsources: [{ type: local, path: . }]');
    const { now } = memoryOf(service.process!.pid);
    const run = await client.run({ pipeline: 'rows' });
    const { most } = memoryOf(service.process!.pid);
    assert.deepEqual({ state: run.state, error: run.error }, { state: 'succeeded', error: null });
    const { body } = await client.get<RejectPageDto>(`/runs/${run.id}/rejects`);
    const rejects = body.items.filter(({ file }) => file === name);
    assert.equal(rejects.length, 1);
    assert.equal(await countRows(scene.database.url, 'rows WHERE id = 41'), 1);
    const grown = Math.round(most - now);
    assert.ok(grown < MOST_MIB, `expected at most ${MOST_MIB} MiB more, got ${grown}`);
    return `${grown} MiB more than the ${Math.round(now)} MiB before; "${rejects[0]!.reason}"`;
  };

await runFaults({
  'D14 a CSV line of 1 GiB': endless('line.csv', 'id,note\n1,'),
  'D14 a quote that nothing closes in 1 GiB': endless('quote.csv', 'id,note\n1,"'),
  'D14 a JSON value of 1 GiB': endless('value.json', '[{"id":1,"note":"'),
  'D14 a line of JSON of 1 GiB': endless('value.ndjson', '{"id":1,"note":"'),
});

import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createWriteStream, existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { query } from '../jobs-support.js';
import type { Scene } from './fault-script.js';

/** Writes a CSV of `count` rows of some 40 bytes, ids from `first`. */
export async function writeRows(path: string, first: number, count: number): Promise<void> {
  const file = createWriteStream(path);
  file.write('id,note,amount\n');
  for (let row = first; row < first + count; row++) {
    if (!file.write(`${row},a note about row ${row},${row % 1000}.50\n`)) await once(file, 'drain');
  }
  file.end();
  await once(file, 'finish');
}

/** Throws unless the table holds each of `rows` ids once, and the run has one load in the ledger. */
export async function expectOnce(
  scene: Scene,
  table: string,
  run: { id: string; rows: number },
): Promise<void> {
  const { url } = scene.database;
  const sql = `SELECT count(*)::int AS rows, count(DISTINCT id)::int AS ids FROM ${table}`;
  assert.deepEqual(await query(url, sql), [{ rows: run.rows, ids: run.rows }]);
  const loads = await query(url, 'SELECT FROM millrace.loads WHERE run_id = $1', [run.id]);
  assert.equal(loads.length, 1, 'loads in the ledger');
}

/** Throws unless the pipeline's combined CSV is whole and nothing half is left beside it. */
export function expectPublished({ home }: Scene, pipeline: string, rows: number): void {
  const folder = join(home, 'output', pipeline);
  const lines = readFileSync(join(folder, `${pipeline}.csv`), 'utf8')
    .trimEnd()
    .split('\n');
  assert.equal(lines.length, rows + 1, 'lines of the combined CSV');
  const left = readdirSync(folder).filter((name) => name.endsWith('.tmp'));
  assert.deepEqual(left, [], 'temporary files');
}

/** Folders that runs have left. */
export function runFolders({ home }: Scene): string[] {
  const folder = join(home, 'runs');
  return existsSync(folder) ? readdirSync(folder) : [];
}

import { mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { RunDto } from '../src/jobs/run.dto.js';
import { query, Service } from './jobs-support.js';
import { expectBalance, replay } from './replay-support.js';
import { createApp, type TestApp } from './support.js';

let app: TestApp;
let service: Service;

beforeAll(async () => {
  app = await createApp();
  service = new Service(app.url);
});
afterAll(() => app.close());

const rowsOf = async (table: string, columns = 'id::text, name') => {
  const rows = await query<Record<string, unknown>>(app.database.url, `SELECT ${columns} FROM ${table}`);
  return rows.map((row) => Object.values(row).join(' ')).sort();
};

/** Uploads a config of one stream over a folder of its own. */
async function upload(name: string, keys: string): Promise<void> {
  await mkdir(join(app.dataRoot, name), { recursive: true });
  const source = `sources: [{ type: local, path: ${name} }]`;
  const schema = 'schema: { id: bigint, name: text, at: date }';
  await service.upload(`pipeline: ${name}\nmonitor: false\n${source}\n${schema}\n${keys}\n`);
}

const put = (name: string, file: string, text: string) => writeFile(join(app.dataRoot, name, file), text);
const remove = (name: string, file: string) => rm(join(app.dataRoot, name, file));

async function run(pipeline: string): Promise<RunDto> {
  const done = await service.run({ pipeline });
  if (done.state === 'succeeded') await expectBalance(app.database.url, done);
  return done;
}

const countsOf = ({ streams: [stream] }: RunDto) => {
  const { state, read, inserted, updated, duplicate, rejected, deleted } = stream!;
  return [state, read, inserted, updated, duplicate, rejected, deleted];
};

describe('write modes, through HTTP', () => {
  it('upsert: the newest row of each key, by order_by, and nothing of what did not change', async () => {
    await upload('upserted', 'write: upsert\nkey: [id]\norder_by: at');
    await put('upserted', 'a.csv', 'id,name,at\n1,Ada,2024-01-02\n2,Bob,2024-01-01\n,Nobody,2024-01-01\n');
    await put('upserted', 'b.csv', 'id,name,at\n1,Ada old,2024-01-01\n');
    expect(countsOf(await run('upserted'))).toEqual(['succeeded', 4, 2, 0, 1, 1, 0]);
    expect(await rowsOf('upserted')).toEqual(['1 Ada', '2 Bob']);
    const before = await rowsOf('upserted', 'ctid, id, xmin');
    await put('upserted', 'b.csv', 'id,name,at\n1,Ada new,2024-01-03\n3,Cy,\n');
    expect(countsOf(await run('upserted'))).toEqual(['succeeded', 5, 1, 1, 2, 1, 0]);
    expect(await rowsOf('upserted')).toEqual(['1 Ada new', '2 Bob', '3 Cy']);
    const after = await rowsOf('upserted', 'ctid, id, xmin');
    expect(after.filter((row) => before.includes(row))).toHaveLength(1);
    expect(countsOf(await run('upserted'))).toMatchObject({ 0: 'unchanged' });
  });

  it('upsert: a key that is refused is a reject with its line, and is brought by a replay', async () => {
    await upload('mended', 'write: upsert\nkey: [id]\norder_by: at');
    await put('mended', 'a.csv', 'id,name,at\nx1,Ada,2024-01-02\n2,Bob,2024-01-01\n');
    const refused = await run('mended');
    expect(countsOf(refused)).toEqual(['succeeded', 2, 1, 0, 0, 1, 0]);
    const schema = "schema: { id: { type: bigint, map: { x1: '1' } }, name: text, at: date }";
    const source = 'sources: [{ type: local, path: mended }]';
    await service.upload(
      `pipeline: mended\nmonitor: false\n${source}\n${schema}\nwrite: upsert\nkey: [id]\norder_by: at`,
    );
    expect(countsOf(await replay(service, refused.id))).toEqual(['succeeded', 1, 1, 0, 0, 0, 0]);
    expect(await rowsOf('mended')).toEqual(['1 Ada', '2 Bob']);
  });

  it('replace: exactly the new data, and never nothing by accident', async () => {
    await upload('replaced', 'write: replace\nmax_shrink: 50%');
    await put('replaced', 'a.csv', 'id,name,at\n1,Ada,\n2,Bob,\n2,Bob,\n3,Cy,\n4,Di,\n');
    expect(countsOf(await run('replaced'))).toEqual(['succeeded', 5, 4, 0, 1, 0, 0]);
    await put('replaced', 'a.csv', 'id,name,at\n1,Ada,\n2,Bea,\n');
    expect(countsOf(await run('replaced'))).toEqual(['succeeded', 2, 1, 0, 1, 0, 3]);
    expect(await rowsOf('replaced')).toEqual(['1 Ada', '2 Bea']);
    for (const [text, says] of [
      ['id,name,at\n', 'got none; nothing was changed, the table keeps its 2 rows'],
      ['id,name,at\nx,Ada,\ny,Bea,\n', 'got none of a.csv that passed, and 2 that were refused'],
    ] as const) {
      await put('replaced', 'a.csv', text);
      const failed = await run('replaced');
      expect(failed).toMatchObject({ state: 'failed', error: { code: 'REPLACE_REFUSED' } });
      expect(failed.error?.message).toContain(says);
      expect(await rowsOf('replaced')).toEqual(['1 Ada', '2 Bea']);
    }
    await put('replaced', 'a.csv', 'id,name,at\n');
    await remove('replaced', 'a.csv');
    expect(await run('replaced')).toMatchObject({ state: 'failed', error: { code: 'REPLACE_REFUSED' } });
    await upload('replaced', 'write: replace\nmin_rows: 0');
    expect(countsOf(await run('replaced'))).toEqual(['succeeded', 0, 0, 0, 0, 0, 2]);
    expect(await rowsOf('replaced')).toEqual([]);
  });

  it('insert: all rows of each file once, whatever its name', async () => {
    await upload('inserted', 'write: insert');
    await put('inserted', 'a.csv', 'id,name,at\n1,Ada,\n1,Ada,\n');
    expect(countsOf(await run('inserted'))).toEqual(['succeeded', 2, 2, 0, 0, 0, 0]);
    await put('inserted', 'b.csv', 'id,name,at\n1,Ada,\n2,Bob,\n');
    const second = await run('inserted');
    expect(countsOf(second)).toEqual(['succeeded', 4, 2, 0, 2, 0, 0]);
    expect(second.streams[0]!.files).toMatchObject([
      { name: 'a.csv', inserted: 0, duplicate: 2 },
      { name: 'b.csv', inserted: 2, duplicate: 0 },
    ]);
    expect(await rowsOf('inserted')).toEqual(['1 Ada', '1 Ada', '1 Ada', '2 Bob']);
    const reset = await service.post('/pipelines/inserted/streams/inserted/reset', { truncate: true });
    expect(reset.body).toMatchObject({ files: 2, truncated: true });
    expect(countsOf(await run('inserted'))).toEqual(['succeeded', 4, 4, 0, 0, 0, 0]);
  });

  it('scd2: the history of each key', async () => {
    await upload('versioned', 'write: scd2\nkey: [id]\norder_by: at\nvalid_to: until');
    await put('versioned', 'a.csv', 'id,name,at\n1,Ada,2024-01-01\n2,Bob,2024-01-01\n');
    expect(countsOf(await run('versioned'))).toEqual(['succeeded', 2, 2, 0, 0, 0, 0]);
    await put('versioned', 'a.csv', 'id,name,at\n1,Ada King,2024-03-01\n');
    const second = await run('versioned');
    expect(countsOf(second)).toEqual(['succeeded', 1, 0, 1, 0, 0, 0]);
    const versions = `name, (valid_from AT TIME ZONE 'UTC')::date::text, coalesce((until AT TIME ZONE 'UTC')::date::text, 'now')`;
    expect(await rowsOf('versioned', versions)).toEqual([
      'Ada 2024-01-01 2024-03-01',
      'Ada King 2024-03-01 now',
      'Bob 2024-01-01 now',
    ]);
  });

  it('refuses to take single rejects into a table that is replaced', async () => {
    await upload('whole', 'write: replace');
    await put('whole', 'a.csv', 'id,name,at\n1,Ada,\nx,Bob,\n');
    const { id } = await run('whole');
    const { status, body } = await service.post(`/runs/${id}/rejects/replay`, {});
    expect([status, body]).toMatchObject([409, { code: 'NOTHING_TO_REPLAY' }]);
    expect(JSON.stringify(body)).toContain('expected a write mode that takes single records, got replace');
  });

  it('takes over the rows of another mode', async () => {
    await upload('switched', 'write: append');
    await put('switched', 'a.csv', 'id,name,at\n1,Ada,\n2,Bob,\n');
    await run('switched');
    await upload('switched', 'write: upsert\nkey: [id]');
    await put('switched', 'b.csv', 'id,name,at\n2,Bea,\n');
    expect(countsOf(await run('switched'))).toEqual(['succeeded', 3, 0, 1, 2, 0, 0]);
    await upload('switched', 'write: append');
    await put('switched', 'a.csv', 'id,name,at\n1,Ada,\n3,Cy,\n');
    expect(countsOf(await run('switched'))).toEqual(['succeeded', 3, 1, 0, 2, 0, 0]);
    expect(await rowsOf('switched')).toEqual(['1 Ada', '2 Bea', '3 Cy']);
  });
});

import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { TransientError } from '../src/errors.js';
import type { RunDto } from '../src/jobs/run.dto.js';
import { SchemaService } from '../src/schema/schema.service.js';
import { query, Service } from './jobs-support.js';
import { createApp, type TestApp } from './support.js';

let app: TestApp;
let service: Service;

beforeAll(async () => {
  app = await createApp();
  service = new Service(app.url);
  mkdirSync(join(app.dataRoot, 'in'));
});
afterEach(() => void jest.restoreAllMocks());
afterAll(() => app.close());

const config = (id: string) =>
  `pipeline: pinned\nmonitor: false\nsources: [{ type: local, path: in }]\nschema: { columns: { id: ${id} } }`;

const idType = async (): Promise<string> => {
  const sql = `SELECT format_type(atttypid, atttypmod) AS type FROM pg_attribute
               WHERE attrelid = 'pinned'::regclass AND attname = 'id'`;
  return (await query<{ type: string }>(app.database.url, sql))[0]!.type;
};

describe('F6: a config that is changed while a run of it is under way', () => {
  it.each([
    ['replaced by a new version', () => service.upload(config('bigint')), 1, 2],
    ['restored to an earlier one', () => service.call('POST', '/configs/pinned/1/restore'), 2, 3],
  ])('%s: the run keeps its version, the next has the new one', async (_how, change, during, after) => {
    if (during === 1) await service.upload(config('integer'));
    await query(app.database.url, 'DROP TABLE IF EXISTS pinned');
    writeFileSync(join(app.dataRoot, 'in', 'a.csv'), `id\n${during}\n`);
    const schema = app.app.get(SchemaService, { strict: false });
    const changed = Promise.withResolvers<void>();
    const staging = Promise.withResolvers<void>();
    jest.spyOn(Math, 'random').mockReturnValue(0);
    // Its next attempt reads the config anew.
    jest.spyOn(schema, 'stage').mockImplementationOnce(async () => {
      staging.resolve();
      await changed.promise;
      throw new TransientError('INTERRUPTED', 'interrupted');
    });
    const { body } = await service.post<RunDto>('/trigger-job', { pipeline: 'pinned' });
    await staging.promise;
    await change();
    changed.resolve();
    expect(await service.ended(body.id)).toMatchObject({
      state: 'succeeded',
      attempt: 2,
      configVersion: during,
    });
    expect(await idType()).toBe(during === 1 ? 'integer' : 'bigint');
    await query(app.database.url, 'DROP TABLE pinned');
    expect(await service.run({ pipeline: 'pinned' })).toMatchObject({
      state: 'succeeded',
      configVersion: after,
    });
    expect(await idType()).toBe(during === 1 ? 'bigint' : 'integer');
  });
});

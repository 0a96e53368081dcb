import { cp, readFile, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { CrmApi } from '../src/demo/crm/crm-api.js';
import { type CrmTables, makeCrmTables } from '../src/demo/crm/crm-data.js';
import type { RunDto } from '../src/jobs/run.dto.js';
import { query, Service } from './jobs-support.js';
import { createApp, type TestApp } from './support.js';

const LOGIN = { apikey: 'anon', email: 'a@example.com', password: 'a password' };
const EXAMPLES = resolve('examples');

let tables: CrmTables;
let api: CrmApi;
let app: TestApp;
let service: Service;

beforeAll(async () => {
  tables = makeCrmTables();
  api = new CrmApi(tables, LOGIN);
  app = await createApp({
    env: {
      MILLRACE_API_HOSTS: '127.0.0.1',
      API_URL: await api.start(),
      API_ANON_KEY: LOGIN.apikey,
      API_EMAIL: LOGIN.email,
      API_PASSWORD: LOGIN.password,
    },
  });
  service = new Service(app.url);
  await cp(join(EXAMPLES, 'crm'), join(app.dataRoot, 'examples/crm'), { recursive: true });
  await service.upload(await readFile(join(EXAMPLES, 'crm/crm.yaml'), 'utf8'));
});

afterAll(async () => {
  await app.close();
  await api.stop();
});

const rows = async (sql: string) => (await query(app.database.url, sql)).map((row) => Object.values(row));
const countsOf = ({ streams }: RunDto) =>
  Object.fromEntries(
    streams.map(({ table, inserted, updated, deleted, rejected }) => [
      table,
      [inserted, updated, deleted ?? 0, rejected],
    ]),
  );

describe('the worked example', () => {
  it('loads a dozen tables, parents before children, into an empty database', async () => {
    const run = await service.run({ pipeline: 'crm', monitor: false });
    expect(run).toMatchObject({ state: 'succeeded', error: null });
    expect(countsOf(run)).toEqual({
      teams: [5, 0, 0, 0],
      users: [60, 0, 0, 0],
      tags: [6, 0, 0, 0],
      companies: [1200, 0, 0, 0],
      contacts: [2600, 0, 0, 0],
      contact_tags: [2600, 0, 0, 0],
      deals: [1800, 0, 0, 0],
      activities: [3400, 0, 0, 0],
      tasks: [499, 0, 0, 1],
      notes: [40, 0, 0, 0],
    });
    const lines = tables['deals']!.reduce((sum, { lines }) => sum + (lines as object[]).length, 0);
    expect(run.streams.find(({ table }) => table === 'deals')!.children).toMatchObject([
      { table: 'deals__lines', read: lines, inserted: lines },
    ]);
    expect(await rows('SELECT count(*) FROM crm.deals__lines')).toEqual([[String(lines)]]);
  });

  it('types and cleans every value, and refuses the task of somebody who is not there', async () => {
    expect(
      await rows(
        'SELECT full_name, is_active, joined::text, quota FROM crm.users WHERE user_id IN (1, 2) ORDER BY user_id',
      ),
    ).toEqual([
      ['Dana Kowalski', false, '2024-11-27', '56905.28'],
      ['Tomasz Tanaka', true, '2024-10-20', '155769.98'],
    ]);
    expect(await rows('SELECT DISTINCT status FROM crm.tasks ORDER BY 1')).toEqual([['closed'], ['open']]);
    expect(await rows('SELECT phone, is_active FROM crm.contacts WHERE id = 7')).toEqual([
      [tables['contacts']![6]!['phone'], tables['contacts']![6]!['activeflag'] === 'true'],
    ]);
    expect(await rows('SELECT max(length(body)) > 5000, count(*) FROM crm.notes')).toEqual([[true, '40']]);
    const { body } = await service.get<{ items: RunDto[] }>('/runs?pipeline=crm');
    const rejects = await service.get<{ items: object[] }>(`/runs/${body.items[0]!.id}/rejects`);
    expect(rejects.body.items).toEqual([
      expect.objectContaining({ table: 'tasks', file: 'tasks.csv', line: 78, column: 'assignee_id' }),
    ]);
  });

  it('changes nothing when nothing has changed', async () => {
    const before = await tableContents();
    const run = await service.run({ pipeline: 'crm', monitor: false });
    expect(run.streams.map(({ state }) => state)).toEqual(run.streams.map(() => 'unchanged'));
    expect(await tableContents()).toEqual(before);
  });

  it('takes what is new, changed and gone, and leaves the rest alone', async () => {
    const users = join(app.dataRoot, 'examples/crm/users.csv');
    await writeFile(
      users,
      (await readFile(users, 'utf8')).replace('2,Tomasz,Tanaka', '2,Tomasz,Tanaka-Nowak'),
    );
    const tags = join(app.dataRoot, 'examples/crm/tags.csv');
    await writeFile(tags, `${await readFile(tags, 'utf8')}lost,Lost for good\n`);
    tables['deals']!.push({
      id: 1801,
      companyId: 1,
      ownerId: 1,
      stage: 'lead',
      terms: { currency: 'EUR' },
      lines: [{ sku: 'X' }],
    });
    Object.assign(tables['deals']![0]!, { stage: 'won', lines: [] });
    const run = await service.run({ pipeline: 'crm', monitor: false });
    expect(run).toMatchObject({ state: 'succeeded', error: null });
    const changed = Object.entries(countsOf(run)).filter(([, counts]) => counts.some((count) => count > 0));
    expect(changed).toEqual([
      ['users', [0, 1, 0, 0]],
      ['tags', [1, 0, 0, 0]],
      ['deals', [1, 1, 0, 0]],
      // Its users are others now: the task that had none is looked at again.
      ['tasks', [0, 0, 0, 1]],
    ]);
    expect(await rows('SELECT full_name FROM crm.users WHERE user_id = 2')).toEqual([
      ['Tomasz Tanaka-Nowak'],
    ]);
    expect(await rows('SELECT deals__id, sku FROM crm.deals__lines WHERE deals__id IN (1, 1801)')).toEqual([
      ['1801', 'X'],
    ]);
  });
});

/** A digest of each table's rows with the transactions that wrote them. */
async function tableContents(): Promise<unknown[][]> {
  const found = await rows(`SELECT tablename FROM pg_tables WHERE schemaname = 'crm' ORDER BY 1`);
  const digests = found.map(
    ([table]) =>
      `SELECT '${String(table)}', md5(string_agg(t.xmin || t::text, ',' ORDER BY t.ctid)) FROM crm.${String(table)} t`,
  );
  return rows(digests.join(' UNION ALL '));
}

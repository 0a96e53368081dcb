import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { query, Service } from './jobs-support.js';
import { replay } from './replay-support.js';
import { planOf } from './plan-support.js';
import { createApp, type TestApp } from './support.js';

let app: TestApp;
let service: Service;

beforeAll(async () => {
  app = await createApp({ env: { LOG_LEVEL: 'error' } });
  service = new Service(app.url);
});

afterAll(() => app.close());

async function write(folder: string, files: Record<string, string>): Promise<void> {
  await mkdir(join(app.dataRoot, folder), { recursive: true });
  for (const [name, content] of Object.entries(files))
    await writeFile(join(app.dataRoot, folder, name), content);
}

describe('flatten', () => {
  const config = `
pipeline: people
monitor: false
sources:
  - { type: local, path: people }
  - { type: local, path: people/xml, records: $.people.person }
flatten: 1
rename: { address.zip: postcode }
schema: { columns: { id: bigint, postcode: { type: integer, nulls: [none] } } }
`;

  it('makes columns of the members of objects, in JSON and XML, with every digit', async () => {
    await write('people', {
      'a.json': JSON.stringify([
        { id: 1, address: { city: 'Ulm', zip: '89077', geo: { lat: 48.4 } } },
        { id: 2, address: { city: null, zip: 'unknown' } },
        { id: 3, address: 'Berlin' },
      ]),
      'b.ndjson':
        '{"id":4,"address":{"city":"Köln","zip":"none"},"size":{"exact":12345678901234567890.10}}\n',
    });
    await write('people/xml', {
      'c.xml': '<people><person id="5"><address><city>Graz</city><zip>801</zip></address></person></people>',
    });
    await service.upload(config);
    const run = await service.run({ pipeline: 'people' });
    expect(run).toMatchObject({ state: 'succeeded', streams: [{ read: 5, inserted: 4, rejected: 1 }] });
    expect(await people()).toEqual([
      ['1', null, 'Ulm', 89077, { lat: 48.4 }, null],
      ['3', 'Berlin', null, null, null, null],
      ['4', null, 'Köln', null, null, '12345678901234567890.10'],
      ['5', null, 'Graz', 801, null, null],
    ]);
  });

  it('keeps rejected records as they stood, and replays them in the same way', async () => {
    const { body } = await service.get<{ items: { id: string }[] }>('/runs?pipeline=people');
    const { id } = body.items[0]!;
    const { body: rejects } = await service.get<{ items: object[] }>(`/runs/${id}/rejects`);
    const raw = '{"id":2,"address":{"city":null,"zip":"unknown"}}';
    const reason = 'postcode: expected integer, got "unknown"';
    expect(rejects.items).toEqual([expect.objectContaining({ column: 'postcode', raw, reason })]);
    await service.upload(config.replace('[none]', '[none, unknown]'));
    const again = await replay(service, id);
    expect(again.streams[0]).toMatchObject({ read: 1, inserted: 1, rejected: 0 });
    expect(await people()).toContainEqual(['2', null, null, null, null, null]);
  });

  const people = async () => {
    const found = await query(
      app.database.url,
      'SELECT id, address, address__city, postcode, address__geo, size__exact FROM people ORDER BY id',
    );
    return found.map((row) => Object.values(row));
  };
});

describe('child_tables', () => {
  const config = (write: string) => `
pipeline: shop_${write}
monitor: false
table: orders_${write}
key: [id]
write: ${write}
child_tables: true
sources: [{ type: local, path: orders }]
schema: { columns: { id: varchar(5) } }
`;
  const order = (id: number, items: unknown, more = {}) => ({ id, customer: 'Ada', items, ...more });
  const first = [
    order(1, [{ sku: 'A', taxes: [{ rate: 7 }, { rate: 19 }] }, { sku: 'B' }]),
    order(2, [{ sku: 'C', taxes: [{ rate: 7 }] }], { tags: ['new', 'vip'] }),
    order(3, []),
  ];
  const second = [
    order(1, [{ sku: 'A', taxes: [{ rate: 19 }] }]),
    order(2, [], { tags: ['vip'] }),
    order(3, [{ sku: 'D' }]),
  ];
  const itemsOf = (write: string) =>
    rowsOf(`SELECT orders_${write}__id, _index, sku FROM orders_${write}__items ORDER BY 1, 2`);
  const taxesOf = (write: string) =>
    rowsOf(
      `SELECT orders_${write}__id, orders_${write}__items__index, _index, rate FROM orders_${write}__items__taxes ORDER BY 1, 2, 3`,
    );
  const rowsOf = async (sql: string) =>
    (await query(app.database.url, sql)).map((row) => Object.values(row).map(String));

  it('loads arrays of all levels into tables of their own, once, together with their rows', async () => {
    await write('orders', { 'a.json': JSON.stringify(first) });
    await service.upload(config('append'));
    const plan = await planOf(service, { pipeline: 'shop_append' });
    const run = await service.run({ pipeline: 'shop_append' });
    expect(run).toMatchObject({ state: 'succeeded', error: null });
    expect(plan.body.streams[0]).toMatchObject({
      children: run.streams[0]!.children!.map(({ output: _output, ...child }) => child),
      ddl: expect.arrayContaining([expect.stringContaining('orders_append__items__taxes')]),
    });
    expect(run.streams[0]).toMatchObject({ table: 'orders_append', read: 3, inserted: 3 });
    const counts = (more: object) => ({ updated: 0, duplicate: 0, rejected: 0, ...more });
    expect(run.streams[0]!.children).toEqual([
      expect.objectContaining(counts({ table: 'orders_append__items', read: 3, inserted: 3 })),
      expect.objectContaining(counts({ table: 'orders_append__items__taxes', read: 3, inserted: 3 })),
      expect.objectContaining(counts({ table: 'orders_append__tags', read: 2, inserted: 2 })),
    ]);
    expect(await itemsOf('append')).toEqual([
      ['1', '0', 'A'],
      ['1', '1', 'B'],
      ['2', '0', 'C'],
    ]);
    expect(await taxesOf('append')).toEqual([
      ['1', '0', '0', '7'],
      ['1', '0', '1', '19'],
      ['2', '0', '0', '7'],
    ]);
    const csv = await service.get<string>(`/runs/${run.id}/output/orders_append__tags`);
    expect(csv.body).toBe('orders_append__id,_index,value\n2,0,new\n2,1,vip\n');
    expect((await service.run({ pipeline: 'shop_append' })).streams[0]).toMatchObject({ state: 'unchanged' });
  });

  it.each(['upsert', 'replace'])('keeps them as the newest arrays are, with write: %s', async (mode) => {
    await write('orders', { 'a.json': JSON.stringify(first) });
    await service.upload(config(mode));
    await service.run({ pipeline: `shop_${mode}` });
    expect(await taxesOf(mode)).toHaveLength(3);
    await write('orders', { 'a.json': JSON.stringify(second) });
    const run = await service.run({ pipeline: `shop_${mode}` });
    expect(run).toMatchObject({ state: 'succeeded', error: null });
    expect(run.streams[0]!.children).toEqual([
      expect.objectContaining({ read: 2, inserted: 1, updated: 0, duplicate: 1, deleted: 2 }),
      // The tax of the second order's item went with it.
      expect.objectContaining({ read: 1, inserted: 0, updated: 1, duplicate: 0, deleted: 1 }),
      expect.objectContaining({ read: 1, inserted: 0, updated: 1, duplicate: 0, deleted: 1 }),
    ]);
    expect(await itemsOf(mode)).toEqual([
      ['1', '0', 'A'],
      ['3', '0', 'D'],
    ]);
    expect(await taxesOf(mode)).toEqual([['1', '0', '0', '19']]);
  });

  it('takes the arrays of the newest record of a key, and none of a record that is refused', async () => {
    const checked = config('upsert')
      .replaceAll('_upsert', '_newest')
      .replace('columns: {', "columns: { customer: { type: text, check: customer <> 'Eve' },");
    await write('orders', {
      'a.json': JSON.stringify([
        order(1, [{ sku: 'A' }, { sku: 'B' }, { sku: 'C' }]),
        order(2, [{ sku: 'D' }]),
      ]),
      'b.json': JSON.stringify([order(1, [{ sku: 'E' }])]),
    });
    await service.upload(checked);
    const first = await service.run({ pipeline: 'shop_newest' });
    expect(first.streams[0]).toMatchObject({
      inserted: 2,
      duplicate: 1,
      children: [{ read: 2, inserted: 2 }],
    });
    expect(await itemsOf('newest')).toEqual([
      ['1', '0', 'E'],
      ['2', '0', 'D'],
    ]);
    await write('orders', {
      'b.json': '[]',
      'a.json': JSON.stringify([
        order(1, [{ sku: 'F' }, { sku: 'G' }], { customer: 'Eve' }),
        order(2, [{ sku: 'H' }]),
      ]),
    });
    const second = await service.run({ pipeline: 'shop_newest' });
    expect(second.streams[0]).toMatchObject({ updated: 0, duplicate: 1, rejected: 1 });
    expect(second.streams[0]!.children).toMatchObject([{ read: 3, updated: 1, rejected: 2, deleted: 0 }]);
    expect(await itemsOf('newest')).toEqual([
      ['1', '0', 'E'],
      ['2', '0', 'H'],
    ]);
  });

  it('begin anew with their stream', async () => {
    const reset = await service.post<object>('/pipelines/shop_newest/streams/orders_newest/reset', {
      truncate: true,
    });
    expect(reset).toMatchObject({ status: 200, body: { truncated: true } });
    expect(await itemsOf('newest')).toEqual([]);
    const run = await service.run({ pipeline: 'shop_newest' });
    expect(run.streams[0]).toMatchObject({ inserted: 1, rejected: 1, children: [{ inserted: 1 }] });
  });

  it('refuses a row whose key is missing, with its elements', async () => {
    await write('orders', {
      'a.json': JSON.stringify([...first, { id: 'much too long', items: [{ sku: 'X' }] }]),
    });
    await service.upload(config('append').replaceAll('_append', '_refused'));
    const run = await service.run({ pipeline: 'shop_refused' });
    expect(run).toMatchObject({
      state: 'succeeded',
      streams: [{ rejected: 1, children: [{ rejected: 1 }, {}, {}] }],
    });
  });
});

import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { query, Service } from './jobs-support.js';
import { expectBalance, rejectsOf, replay, writeFiles } from './replay-support.js';
import { createApp, type TestApp } from './support.js';

let app: TestApp;
let service: Service;

beforeAll(async () => {
  app = await createApp();
  service = new Service(app.url);
});
afterAll(() => app.close());

const rows = (table: string) =>
  query<Record<string, unknown>>(app.database.url, `SELECT * FROM ${table} ORDER BY 1`);

const SHOP = `
pipeline: shop
monitor: false
streams:
  - table: orders
    sources: [{ type: local, path: shop/orders }]
    schema:
      order_id: { type: bigint, required: true, unique: true }
      customer_id: { type: bigint, references: customers(id) }
      amount: { type: 'numeric(12,2)', check: amount >= 0, default: 0 }
  - table: customers
    sources: [{ type: local, path: shop/customers }]
    schema:
      id: { type: bigint, required: true, unique: true }
`;

const outcome = (run: { streams: { table: string; state: string; inserted: number; rejected: number }[] }) =>
  run.streams.map(({ table, state, inserted, rejected }) => [table, state, inserted, rejected]);

describe('parents and children', () => {
  it('a child comes in when its parent has come, by the next run and by a replay', async () => {
    const files = {
      'shop/customers/a.csv': 'id,name\n1,Ada\n1,Again\n',
      'shop/orders/a.csv': 'order_id,customer_id,amount\n1,1,5\n2,2,5\n3,3,\n4,,-1\n4,,1\n',
      'shop/orders/b.json': '[\n{"order_id": 5, "customer_id": 2},\n{"order_id": 4, "customer_id": 1}]',
    };
    await writeFiles(app.dataRoot, files);
    await service.upload(SHOP);
    const first = await service.run({ pipeline: 'shop' });
    expect(outcome(first)).toEqual([
      ['orders', 'succeeded', 2, 5],
      ['customers', 'succeeded', 1, 1],
    ]);
    await expectBalance(app.database.url, first);
    const { items } = await rejectsOf(service, first.id);
    expect(
      items.map(({ table, file, line, column, reason, raw, configVersion }) => ({
        table,
        file,
        line,
        column,
        reason,
        raw,
        configVersion,
      })),
    ).toEqual([
      {
        table: 'customers',
        file: 'a.csv',
        line: 3,
        column: 'id',
        reason:
          'id: expected a value that no other row has (unique customers_id_key), got those of an earlier row',
        raw: '1,Again',
        configVersion: 1,
      },
      ...[
        [
          'a.csv',
          3,
          'customer_id',
          'customer_id: expected a row of customers with this id, got none',
          '2,2,5',
        ],
        [
          'a.csv',
          4,
          'customer_id',
          'customer_id: expected a row of customers with this id, got none',
          '3,3,',
        ],
        [
          'a.csv',
          5,
          'amount',
          'amount: expected amount >= (0)::numeric (check orders_amount_check), got a row of which it is false',
          '4,,-1',
        ],
        [
          'b.json',
          2,
          'customer_id',
          'customer_id: expected a row of customers with this id, got none',
          '{"order_id": 5, "customer_id": 2}',
        ],
        [
          'b.json',
          3,
          'order_id',
          'order_id: expected a value that no other row has (unique orders_order_id_key), got those of an earlier row',
          '{"order_id": 4, "customer_id": 1}',
        ],
      ].map(([file, line, column, reason, raw]) => ({
        table: 'orders',
        file,
        line,
        column,
        reason,
        raw,
        configVersion: 1,
      })),
    ]);

    // Nothing has changed, and no parent came.
    expect(outcome(await service.run({ pipeline: 'shop' })).map(([, state]) => state)).toEqual([
      'unchanged',
      'unchanged',
    ]);

    await writeFiles(app.dataRoot, { 'shop/customers/b.csv': 'id,name\n2,Bob\n' });
    const second = await service.run({ pipeline: 'shop' });
    expect(outcome(second)).toEqual([
      ['orders', 'succeeded', 2, 3],
      ['customers', 'succeeded', 1, 1],
    ]);
    await expectBalance(app.database.url, second);

    await query(app.database.url, `INSERT INTO customers VALUES (3, 'Eve')`);
    const replayed = await replay(service, second.id, { table: 'orders' });
    expect(outcome(replayed)).toEqual([['orders', 'succeeded', 1, 2]]);
    expect((await rejectsOf(service, second.id, '&table=orders')).items.map(({ raw }) => raw)).toEqual([
      '4,,-1',
      '{"order_id": 4, "customer_id": 1}',
    ]);
    expect((await rows('orders')).map(({ order_id: id }) => id)).toEqual(['1', '2', '3', '4', '5']);
  });

  it('a child waits for a parent whose stream has had no file yet', async () => {
    await writeFiles(app.dataRoot, { 'late/orders/a.csv': 'order_id,customer_id,amount\n1,1,5\n2,,5\n' });
    const late = SHOP.replaceAll('shop', 'late')
      .replaceAll('customers', 'late_customers')
      .replace('orders\n', 'late_orders\n');
    await writeFiles(app.dataRoot, { 'late/late_customers/keep.txt.tmp': '' });
    await service.upload(late);
    const first = await service.run({ pipeline: 'late' });
    expect(outcome(first)).toEqual([
      ['late_orders', 'succeeded', 1, 1],
      ['late_customers', 'empty', 0, 0],
    ]);
    await writeFiles(app.dataRoot, { 'late/late_customers/a.csv': 'id\n1\n' });
    expect(outcome(await service.run({ pipeline: 'late' }))).toEqual([
      ['late_orders', 'succeeded', 1, 0],
      ['late_customers', 'succeeded', 1, 0],
    ]);
    await rm(join(app.dataRoot, 'late'), { recursive: true });
  });

  it('fails beyond the rejects that are borne, loads nothing, and lists them all the same', async () => {
    await writeFiles(app.dataRoot, { 'strict/a.csv': 'id,n\n1,a\n1,b\nx,c\n1,d\n' });
    const strict = (contract: string) => `
pipeline: strict
monitor: false
sources: [{ type: local, path: strict }]
schema: { id: { type: bigint, unique: true } }
contract: ${contract}
`;
    for (const [contract, expected, count] of [
      ['{ max_rejects: 2 }', 'at most 2 rejects (max_rejects), got 3', 3],
      ['{ invalid_rows: fail }', 'no invalid rows (invalid_rows: fail), got 1', 1],
      ['{ max_rejects: 50% }', 'at most 50% rejects (max_rejects), got 3', 3],
    ] as const) {
      await service.upload(strict(contract));
      const run = await service.run({ pipeline: 'strict' });
      expect(run).toMatchObject({ state: 'failed', error: { code: 'TOO_MANY_REJECTS' } });
      expect(run.error!.message).toContain(`${expected} of 4 records refused`);
      expect((await rejectsOf(service, run.id)).items).toHaveLength(count);
      expect(await query(app.database.url, `SELECT to_regclass('strict') AS t`)).toEqual([{ t: null }]);
    }
    await service.upload(strict('{ max_rejects: 3 }'));
    expect(outcome(await service.run({ pipeline: 'strict' }))).toEqual([['strict', 'succeeded', 1, 3]]);
  });
});

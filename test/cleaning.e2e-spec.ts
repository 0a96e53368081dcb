import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { RunDto } from '../src/jobs/run.dto.js';
import { query, Service } from './jobs-support.js';
import { config, expectBalance, rejectsOf, replay, writeFiles } from './replay-support.js';
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

async function run(name: string, files: Record<string, string>, yaml: string): Promise<RunDto> {
  await writeFiles(join(app.dataRoot, name), files);
  await service.upload(yaml);
  return service.run({ pipeline: name });
}

/** Users as a company has them: exported by two tools, in two languages, with every habit that people have. */
const USERS = {
  'export.csv':
    'userId;Active-Flag;Full Name;Credit Limit;Role\r\n' +
    '1;Y; Ada Lovelace ;1.234,50;A\r\n' +
    '2;N;Grace Hopper;-;I\r\n' +
    '3;;Edsger Dijkstra;12;A\r\n' +
    '4;maybe;Alan Turing;1,5;A\r\n' +
    '5;Y;Barbara Liskov;1.5;\r\n',
  'export.json': JSON.stringify([
    { user_id: 6, ACTIVE_FLAG: 'y', 'full-name': 'n/a', CreditLimit: '2 000', role: 'X' },
    { user_id: 7, ACTIVE_FLAG: 'n', 'full-name': 'John\u00a0McCarthy\t' },
  ]),
  'alt.csv': 'Nr,Name des Nutzers,activeflag,Rolle\n8,Konrad Zuse,y,A\n11,Tony Hoare,maybe,A\n',
  'meeting.csv': 'Nr,User ID,activeflag\n9,10,y\n',
};

const RENAME =
  'rename: { Nr: user_id, Name des Nutzers: full_name, activeflag: active_flag, Rolle: role, Gone: x }';

const COLUMNS = {
  user_id: '{ type: bigint, required: true }',
  active_flag: '{ type: boolean, true_values: [Y], false_values: [N], default: false, required: true }',
  full_name: "{ type: text, trim: true, nulls: ['', n/a] }",
  credit_limit: "{ type: 'numeric(12,2)', decimal: ',', nulls: ['-'] }",
  role: '{ type: text, map: { A: admin, I: inactive }, default: guest }',
};

describe('a table from texts as people write them', () => {
  it('has one name and one type for each column, and rejects what is not sure', async () => {
    const first = await run('users', USERS, config('users', COLUMNS, RENAME));
    expect(first).toMatchObject({ state: 'succeeded', error: null });
    await expectBalance(app.database.url, first);
    const user = (id: number, active: boolean, name: string | null, limit: string | null, role: string) => ({
      user_id: String(id),
      active_flag: active,
      full_name: name,
      credit_limit: limit,
      role,
    });
    expect(await rows('users')).toEqual([
      user(1, true, 'Ada Lovelace', '1234.50', 'admin'),
      user(2, false, 'Grace Hopper', null, 'inactive'),
      user(3, false, 'Edsger Dijkstra', '12.00', 'admin'),
      user(6, true, null, '2000.00', 'X'),
      user(7, false, 'John\u00a0McCarthy', null, 'guest'),
      user(8, true, 'Konrad Zuse', null, 'admin'),
    ]);
    const { items } = await rejectsOf(service, first.id);
    const meeting = 'expected different column names, got "Nr" and "User ID", which both become user_id';
    expect(items.filter(({ file }) => file === 'meeting.csv')).toMatchObject([
      { line: null, reason: `${meeting} (meeting.csv); give one another name by rename` },
    ]);
    const ofRecords = items.filter(({ line }) => line !== null);
    expect(ofRecords.map(({ line, column, reason, raw }) => [line, column, reason, raw])).toEqual([
      [
        3,
        'active_flag',
        'active_flag: expected boolean written as Y or N, got "maybe"',
        '11,Tony Hoare,maybe,A',
      ],
      [
        5,
        'active_flag',
        'active_flag: expected boolean written as Y or N, got "maybe"',
        '4;maybe;Alan Turing;1,5;A',
      ],
      [
        6,
        'credit_limit',
        'credit_limit: expected numeric(12,2) written as 1.234,56, got "1.5"',
        '5;Y;Barbara Liskov;1.5;',
      ],
    ]);
  });

  it('has nothing to do when nothing has changed', async () => {
    const again = await service.run({ pipeline: 'users' });
    expect(again).toMatchObject({ state: 'succeeded', streams: [{ inserted: 0, rejected: 0 }] });
  });

  it('takes what it refused by a config that knows better, cleaned like the others', async () => {
    const [{ id }] = (await query<{ id: string }>(
      app.database.url,
      'SELECT id FROM millrace.runs ORDER BY id LIMIT 1',
    )) as [{ id: string }];
    const map = '{ type: boolean, true_values: [Y], false_values: [N], map: { maybe: N }, default: false }';
    await service.upload(config('users', { ...COLUMNS, active_flag: map }, RENAME));
    const again = await replay(service, id);
    expect(again.streams).toMatchObject([{ read: 3, inserted: 2, rejected: 1 }]);
    const mended = { active_flag: false, role: 'admin' };
    expect(await rows('users')).toEqual(
      expect.arrayContaining([
        { user_id: '4', full_name: 'Alan Turing', credit_limit: '1.50', ...mended },
        { user_id: '11', full_name: 'Tony Hoare', credit_limit: null, ...mended },
      ]),
    );
    expect((await rejectsOf(service, id, '&column=credit_limit')).items).toHaveLength(1);
  });

  it('knows a row again that another file writes in another way', async () => {
    const files = {
      'again.csv':
        'user_id,full_name,credit_limit,role\n1,Ada Lovelace,"1234,5",admin\n7,John\u00a0McCarthy,,\n',
    };
    const active = "{ type: boolean, map: { '1': N }, default: true }";
    const columns = { ...COLUMNS, active_flag: active, role: '{ type: text, default: guest }' };
    await writeFiles(join(app.dataRoot, 'users'), files);
    await service.upload(config('users', columns).replace('path: users', 'path: users/again.csv'));
    const { streams } = await service.run({ pipeline: 'users' });
    // Row 7 was not active: with another default it is another row.
    expect(streams).toMatchObject([{ read: 2, inserted: 1, duplicate: 1, rejected: 0 }]);
  });

  it('takes a number of JSON as it stands where texts have a decimal comma', async () => {
    const files = {
      'flat.json': '[{"id":1,"price":1.234,"o":{"tax":0.5}},{"id":2,"price":-7,"o":{"tax":1.234}}]',
      'lines.ndjson': '{"id":3,"price":12.75}\n{"id":4,"price":1.234}\n{"id":5,"price":null}\n',
      'texts.json': '[{"id":6,"price":"1.234"},{"id":7,"price":"2,5","o":{"tax":"1.234"}}]',
      'both.json':
        '[{"id":8,"price":"2,5"},{"id":9,"price":3.5},{"id":10,"price":1.234},{"id":11,"price":7}]',
    };
    const number = "{ type: 'numeric(12,3)', decimal: ',' }";
    const columns = { id: 'bigint', price: number, o__tax: number };
    const first = await run('prices', files, config('prices', columns, 'flatten: 1'));
    expect(first.streams).toMatchObject([{ read: 11, inserted: 9, rejected: 2 }]);
    expect((await rows('prices')).map(({ id, price, o__tax }) => [id, price, o__tax])).toEqual([
      ['1', '1.234', '0.500'],
      ['2', '-7.000', '1.234'],
      ['3', '12.750', null],
      ['4', '1.234', null],
      ['5', null, null],
      ['6', '1234.000', null],
      ['7', '2.500', '1234.000'],
      ['8', '2.500', null],
      ['11', '7.000', null],
    ]);
    const reason = 'price: expected numeric(12,3) written as 1.234,56, got';
    expect((await rejectsOf(service, first.id)).items.map((reject) => reject.reason).toSorted()).toEqual([
      `${reason} "1.234 (number or text)"`,
      `${reason} "3.5"`,
    ]);
  });

  it('computes columns from others, and says which rows that fails on', async () => {
    const yaml = config(
      'people',
      {
        full_name: `{ type: text, required: true, expression: "first || ' ' || last" }`,
        total: `{ type: 'numeric(12,2)', expression: "round(price * quantity::INTEGER, 2)" }`,
        price: "{ type: 'numeric(12,2)', decimal: ',' }",
      },
      'strict_mode: true',
    );
    const text = 'First,Last,Price,quantity\nAda,Lovelace,"1.000,50",2\nAlan,Turing,"2,5",many\nGrace,,1,1\n';
    const first = await run('people', { 'a.csv': text }, yaml);
    expect(first.streams).toMatchObject([{ read: 3, inserted: 1, rejected: 2 }]);
    expect(await rows('people')).toEqual([{ full_name: 'Ada Lovelace', total: '2001.00', price: '1000.50' }]);
    expect((await rejectsOf(service, first.id)).items.map(({ reason }) => reason).toSorted()).toEqual([
      'full_name: expected a value (required), got NULL',
      'total: expected its expression to have a result, it failed with {"price":"2.50","quantity":"many"}',
    ]);

    await service.upload(
      yaml.replace('quantity::', "replace(quantity, 'many', '9')::").replace('last"', `coalesce(last, '?')"`),
    );
    const again = await replay(service, first.id);
    expect(again.streams).toMatchObject([{ read: 2, inserted: 2, rejected: 0 }]);
    expect((await rows('people')).map(({ full_name, total }) => [full_name, total])).toEqual([
      ['Ada Lovelace', '2001.00'],
      ['Alan Turing', '22.50'],
      ['Grace ?', '1.00'],
    ]);
  });

  it('refuses an expression that looks beyond the row, at upload or before anything is loaded', async () => {
    const yaml = (expression: string) =>
      config('beyond', { v: `{ type: text, expression: "${expression}" }` });
    await expect(service.upload(yaml('(SELECT 1)'))).rejects.toThrow('got a query');
    const read = await run('beyond', { 'a.csv': 'v,x\n1,2\n' }, yaml('read_xlsx(v)'));
    expect(read).toMatchObject({
      state: 'failed',
      attempt: 1,
      error: {
        code: 'COLUMN_EXPRESSION',
        message: expect.stringMatching(/^beyond\.v: .* got read_xlsx\(\)$/),
      },
    });
    expect(read.streams).toMatchObject([{ inserted: 0 }]);
  });

  it('is not touched by a default that is no value', async () => {
    const wrong = await run(
      'wrong',
      { 'a.csv': 'id\n1\n' },
      config('wrong', { id: "{ type: 'numeric(3,2)', default: 12.5 }" }),
    );
    expect(wrong).toMatchObject({
      state: 'failed',
      error: { code: 'COLUMN_DEFAULT', message: 'wrong.id: expected a default of numeric(3,2), got "12.5"' },
    });
  });
});

import { describe, expect, it } from '@jest/globals';
import { InvalidConfig } from './invalid-config.js';
import { parseConfig } from './parse-config.js';
import { parseReference } from './parse-reference.js';

const SOURCES = 'sources: [{ type: local, path: inbox }]';
const parse = (text: string) => parseConfig(text, { isVariableAllowed: () => true });

function faultsOf(text: string): string[] {
  try {
    parse(text);
    return [];
  } catch (error) {
    if (!(error instanceof InvalidConfig)) throw error;
    return error.details.map(({ path, message }) => `${path} ${message}`);
  }
}

/** Two streams, the second with more keys. */
const withParent = (keys: string, parent = '') => `
streams:
  - { table: customers, ${SOURCES}${parent} }
  - table: orders
    ${SOURCES}
    ${keys}`;

describe('constraints of a stream', () => {
  it('are those of its columns and its own, each once', () => {
    const [, stream] = parse(
      withParent(`schema:
      id: { type: bigint, unique: true }
      customer_id: { type: bigint, references: customers(id) }
      amount: { type: real, check: amount >= 0 }
    unique: [[id], [customer_id, number], [number, customer_id]]
    foreign_keys:
      - { columns: [customer_id], references: customers(id), on_delete: cascade }
      - { columns: [a, b], references: ' sales.lines ( c , d ) ' }
    checks: [ends_on >= begins_on]`),
    ).streams;
    expect(stream).toMatchObject({
      unique: [['id'], ['number', 'customer_id']],
      foreignKeys: [
        {
          columns: ['customer_id'],
          references: { table: 'customers', columns: ['id'], isStream: true },
          onDelete: 'cascade',
        },
        {
          columns: ['a', 'b'],
          references: { schema: 'sales', table: 'lines', columns: ['c', 'd'], isStream: false },
          onDelete: 'no action',
        },
      ],
      checks: [
        { expression: 'amount >= 0', column: 'amount' },
        { expression: 'ends_on >= begins_on', column: null },
      ],
    });
  });

  it('leave no trace in a config that has none', () => {
    const [stream] = parse(SOURCES).streams;
    for (const key of ['unique', 'foreignKeys', 'checks']) expect(stream).not.toHaveProperty(key);
  });

  it.each<[string, string]>([
    ['unique: [a]', 'streams[1].unique[0] expected a list of 1 to 32 columns, got "a"'],
    ['unique: [[]]', 'streams[1].unique[0] expected a list of 1 to 32 columns, got an empty list'],
    ['unique: [[a, a]]', 'streams[1].unique[0][1] expected each name once, got "a" a second time'],
    [
      'schema: { strict_mode: true, columns: { amount: real } }\n    unique: [[amout]]',
      'streams[1].unique[0] expected a column of orders, which keeps only those of its schema, got "amout"; did you mean amount?',
    ],
    [
      'unique: [[orderId]]',
      'streams[1].unique[0] expected a column of orders, whose naming is snake_case, got "orderId"; did you mean order_id?',
    ],
    [
      'foreign_keys: [{ columns: [a], references: customers }]',
      'streams[1].foreign_keys[0].references expected a table and its columns such as customers(id) or sales.customers(id), got "customers"',
    ],
    [
      'foreign_keys: [{ columns: [a, b], references: customers(id) }]',
      'streams[1].foreign_keys[0].references expected a reference to as many columns as refer to it, 2, got 1',
    ],
    [
      'foreign_keys: [{ columns: [a], references: customers(id), on_delete: casade }]',
      'streams[1].foreign_keys[0].on_delete expected one of no action, restrict, cascade, set null, got "casade"; did you mean cascade?',
    ],
    [
      "schema: { a: { type: text, references: 'lines(a, b)' } }",
      'streams[1].schema.a.references expected a reference to as many columns as refer to it, 1, got 2',
    ],
    [
      'schema: { a: { type: text, check: "a > (1" } }',
      'streams[1].schema.a.check expected one SQL expression over the columns of the row, got ( without an end',
    ],
    [
      'checks: ["true) ; DROP TABLE x; --"]',
      'streams[1].checks[0] expected one SQL expression over the columns of the row, got ) without a beginning',
    ],
    [
      'checks: ["a$$b"]',
      'streams[1].checks[0] expected one SQL expression over the columns of the row, got a $; put texts in single quotes',
    ],
    [
      'checks: ["a > (select 1)"]',
      'streams[1].checks[0] expected one SQL expression over the columns of the row, got a query',
    ],
    [
      'checks: ["random() < 1"]',
      'streams[1].checks[0] expected one SQL expression over the columns of the row, got random()',
    ],
  ])('refuses %s', (keys, fault) => {
    expect(faultsOf(withParent(keys))).toEqual([fault]);
  });

  it('refuses a reference to a column that its stream cannot have', () => {
    const text = withParent(
      'foreign_keys: [{ columns: [a], references: customers(idd) }]',
      ', strict_mode: true, schema: { ident: bigint, id: bigint }',
    );
    expect(faultsOf(text)).toEqual([
      'streams[1].foreign_keys[0].references expected a column of customers, which keeps only those of its schema, got "idd"; did you mean id?',
    ]);
  });

  it('leaves tables of no stream, and of other schemas, to the run', () => {
    const parent = ', strict_mode: true, schema: { id: bigint }';
    const keys =
      'foreign_keys: [{ columns: [a], references: x.customers(b) }, { columns: [a], references: regions(b) }]';
    expect(faultsOf(withParent(keys, parent))).toEqual([]);
  });
});

describe('parseReference', () => {
  it.each(['a', 'a()', 'a(b', 'a(b)c', 'a(b,)', 'a(b, b)', '.a(b)', 'a.b.c(d)', '1a(b)', 'a(1b)', 'a"(b)'])(
    'takes no %s',
    (text) => expect(parseReference(text)).toBeNull(),
  );
});
